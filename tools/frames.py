"""Frames as tools take them: the first ones are kept back, to learn from before any is looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from itertools import islice

from panda_agent.errors import EmptyVideo
from panda_agent.perception.look import Pixels
from panda_agent.perception.perceiver import Perceiver
from panda_agent.video import Frame
from panda_agent.video.ahead import ahead

AHEAD = 8
"""Frames whose pixels are worked on ahead of the tracks and filters."""


def beginning(frames: Iterator[Frame], count: int) -> deque[Frame]:
    """Take the first frames of a video, at most `count`.

    Raises:
        EmptyVideo: There is not a single one.
    """
    head = deque(islice(frames, count))
    if not head:
        raise EmptyVideo("Not one frame of the video could be decoded.", hint="Check the file with another player.")
    return head


def drained(head: deque[Frame], rest: Iterator[Frame]) -> Iterator[Frame]:
    """First what was buffered, letting go of each frame, then the rest."""
    while head:
        yield head.popleft()
    yield from rest


def rate_of(head: Sequence[Frame], at_most: float) -> float:
    """Frames per second of the first frames, by their timestamps."""
    if len(head) < 2 or head[-1].time <= head[0].time:
        return at_most
    return min(at_most, (len(head) - 1) / (head[-1].time - head[0].time))


def pixels_ahead(
    perceiver: Perceiver, frames: Iterator[Frame], *, online: bool = False
) -> Generator[Pixels, None, None]:
    """What frames show, worked out in a thread of its own; to be closed.

    OpenCV lets go of the interpreter while it works, so pixels and filters share two cores. Online no frame is taken
    before what the one before showed was said, so there is no thread.
    """
    pixels = (perceiver.pixels(frame.time, frame.image) for frame in frames)
    return pixels if online else ahead(pixels, AHEAD)
