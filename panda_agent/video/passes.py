"""Passes over one source: from its start, or from near a moment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from av import VideoFrame

from panda_agent.video.container import AV_ERRORS, opened
from panda_agent.video.decode import Decoder
from panda_agent.video.probe import Facts
from panda_agent.video.seek import BACK, NEAR, from_key, steady
from panda_agent.video.source import Source
from panda_agent.video.tally import Tally
from panda_agent.video.timeline import Timeline

Placed = Iterator[tuple[float, VideoFrame]]
"""Pictures with their seconds."""


class Passes:
    """Decodes a source any number of times, also at once.

    Args:
        source: The bytes.
        facts: What `examine` found.
        max_pixels: Limit of width × height.
        threads: As `Decoder`.
    """

    def __init__(self, source: Source, facts: Facts, *, max_pixels: int, threads: int) -> None:
        self._source = source
        self._facts = facts
        self._max_pixels = max_pixels
        self._threads = threads

    def pictures(self, tally: Tally, *, start: float = 0.0) -> Iterator[VideoFrame]:
        """Decode from the key frame before `start` (seconds) to the end."""
        with opened(self._source, max_pixels=self._max_pixels) as (container, stream):
            if start > 0:
                try:
                    container.seek(self._facts.base + int(start / self._facts.tick), stream=stream)
                except AV_ERRORS:
                    return  # this container can't seek: `near` reads from the start instead
            yield from Decoder(container, stream, tally, threads=self._threads)

    def near(self, moment: float) -> Placed:
        """Decode from a key frame at or before `moment` (seconds), as near to it as the container can seek."""
        for back in BACK if moment > NEAR and self._steady else ():
            start = max(0.0, moment - back)
            placed = from_key(self._placed(start), moment)
            first = next(placed, None)
            if first is not None:
                yield first
                yield from placed
                return
        yield from self._placed(0.0)

    @cached_property
    def _steady(self) -> bool:
        return steady(self._source, max_pixels=self._max_pixels)

    def _placed(self, start: float) -> Placed:
        timeline = self._facts.timeline()
        tally = Tally(timeline)
        return place(self.pictures(tally, start=start), timeline, tally)


def place(pictures: Iterator[VideoFrame], timeline: Timeline[VideoFrame], tally: Tally) -> Placed:
    """Give each picture its seconds, and tell the tally."""
    for picture in pictures:
        for time, placed in timeline.place(picture.pts, picture):
            tally.frame(time, placed.pts, key=placed.key_frame and not placed.is_corrupt)
            yield time, placed
    timeline.finish()
