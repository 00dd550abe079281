"""Falls: a body that sinks fast from above while its feet stay, and then lies still.

Who falls is often seen standing still first, so the background model knows him as furniture. Falls are therefore read
from motion itself: a region sinks, its upper part faster than its lower part (who walks towards the camera sinks
evenly); what moved before was tall, what moves afterwards is low. Sitting down, bending and lying down have the same
shape but are slower or are undone: the numbers tell them apart and the rules decide. A body that topples moves its
upper half at 1 to 2 body heights a second, one that sits down at less than half of that (the velocity criterion of
Noury et al., IEEE EMBC 2007).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.senses import Senses
from panda_agent.perception.sinking import MOVES, Box, Sink, quantiles, sinking
from panda_agent.perception.strides import Stride
from panda_agent.types import Region, TimeSpan

BEFORE_SECONDS = 0.45
"""Motion of this long shows a whole body."""
SQUASHED = 0.1
"""Least squash that starts a drop, body heights/s; near its end all of the body sinks alike."""
FASTEST = 4.0
"""Nothing falls faster, body heights/s: free fall from the height of a man ends at 3.4."""
PAUSE_SECONDS = 0.6
"""A drop with a shorter pause (to the knees, then to the floor) is one; what moves in it shows the body at rest."""
KEEP_SECONDS = 1.5
"""Strides are kept this long: a pause and the longest time between two of them."""
WATCH_SECONDS = 4.0
"""How long one is watched afterwards: does he lie still, does he get up?"""
STILL = 0.03
"""Less motion than this is still: body heights/s × squared body heights."""
RISES = 0.05
"""Part of a body that must move, squared body heights, to show where its top is."""
REST_RIM = 0.1
"""Part of the motion after a drop that is left out at each end: others, and curtains, move there too."""
MOST = 8
"""Drops that are followed at a time."""
NOTABLE_SPEED, NOTABLE_SQUASH, NOTABLE_LOSS = 0.4, 0.2, 0.15
"""Weaker drops are not reported."""
MAKES: dict[str, tuple[str, ...]] = {
    "fall": (
        "drop", "height_loss", "speed", "squash", "seconds", "aspect_before", "aspect_after", "body", "still",
        "watched", "risen", "at_edge",
    )
}  # fmt: skip


@dataclass(slots=True)
class Drop:
    """Something that sinks, or sank and is being watched. Rows and columns are cells."""

    before: Box
    start: float
    end: float
    speed: float = 0.0
    squash: float = 0.0
    after: Box | None = None
    watched: float = 0.0
    still: float = 0.0
    calm_since: float = 0.0
    settled: bool = False
    top: int = 10**6
    """Highest row that moved since it settled."""

    @property
    def height(self) -> int:
        """Rows of the upright body."""
        return self.before[3] - self.before[1]

    @property
    def surroundings(self) -> Box:
        """Where the body may lie afterwards: a body height to each side of where it stood, and a third below."""
        x0, y0, x1, y1 = self.before
        return max(0, x0 - self.height), y0, x1 + self.height, y1 + self.height // 3

    def sink(self, sink: Sink, time: float) -> None:
        """Go on sinking; what sinks evenly only prolongs the drop, since it may be someone who walks."""
        self.end = time
        if sink.squash >= SQUASHED:
            self.speed, self.squash = max(self.speed, sink.speed), max(self.squash, sink.squash)
            if sink.body[3] - sink.body[1] > 1.15 * self.height:  # at first only the head had moved
                self.before = sink.body

    def settle(self, motion: NDArray[np.float32]) -> bool:
        """Find the body at rest from the motion (rows, columns) after the drop; False if that is too little."""
        x0, y0, x1, y1 = self.surroundings
        part = np.where(motion > MOVES, motion, 0)[y0:y1, x0:x1]
        if part.sum() < RISES * self.height**2:
            return False
        top, bottom = quantiles(part.sum(axis=1), REST_RIM)
        left, right = quantiles(part.sum(axis=0), REST_RIM)
        self.after = (x0 + left, y0 + top, x0 + right, y0 + bottom)
        return True

    def watch(self, stride: Stride) -> None:
        """See whether it stays down and still."""
        x0, y0, x1, y1 = self.surroundings
        moving = stride.moving[y0:y1, x0:x1]
        speed = np.linalg.norm(stride.velocity[y0:y1, x0:x1], axis=2)
        rows = stride.moving.shape[0]
        busy = float((speed * moving).sum()) * rows / self.height**3 >= STILL
        if busy:
            self.calm_since = stride.time
        self.still = max(self.still, stride.time - max(self.calm_since, self.end))
        self.watched = stride.time - self.end
        strong = np.where(moving > MOVES, moving, 0)
        if self.settled and strong.sum() >= RISES * self.height**2:
            self.top = min(self.top, y0 + quantiles(strong.sum(axis=1), REST_RIM)[0])


class Posture:
    """Filter of kind `fall`: a body that dropped, with how fast, how far, how flat and how still afterwards.

    Args:
        rate: Perceived frames per second; unused, strides carry their own time.
        senses: Shared with other filters.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = MAKES

    def __init__(self, rate: float, senses: Senses | None = None) -> None:
        self._strides = (Senses() if senses is None else senses).strides
        self._stride: Stride | None = None
        self._recent: deque[Stride] = deque()
        self._drops: list[Drop] = []
        self._shape = (1, 1)

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a drop is returned once it has been watched long enough."""
        stride = self._strides.update(look.time, look.gray, look.flow)
        if stride is None or stride is self._stride:  # the closing look repeats the last frame
            return []
        self._stride = stride
        self._shape = stride.moving.shape
        self._recent.append(stride)
        while self._recent[0].time < stride.time - KEEP_SECONDS:
            self._recent.popleft()
        for sink in sinking(stride, self._motion_since(stride.time - BEFORE_SECONDS)):
            self._join(sink, stride.time)
        for drop in self._drops:
            self._follow(drop, stride)
        done = [drop for drop in self._drops if stride.time - drop.end > WATCH_SECONDS]
        self._drops = [drop for drop in self._drops if drop not in done]
        return self._observe(done)

    def finish(self) -> list[Observation]:
        """Return the drops that were still being followed."""
        drops, self._drops = self._drops, []
        for drop in drops:
            self._settle(drop)
        return self._observe(drops)

    def _motion_since(self, time: float) -> list[NDArray[np.float32]]:
        return [stride.moving for stride in self._recent if stride.time > time]

    def _join(self, sink: Sink, time: float) -> None:
        """Go on with the drop in the same columns, or start one."""
        if sink.speed > FASTEST:
            return
        for drop in self._drops:
            shared = min(sink.body[2], drop.before[2]) - max(sink.body[0], drop.before[0])
            if not drop.settled and shared > 0:
                drop.sink(sink, time)
                return
        if sink.squash >= SQUASHED and len(self._drops) < MOST:
            self._drops.append(Drop(sink.body, time, time, sink.speed, sink.squash))

    def _follow(self, drop: Drop, stride: Stride) -> None:
        if stride.time - drop.end >= PAUSE_SECONDS - 1e-3:
            self._settle(drop)
        if stride.time > drop.end:
            drop.watch(stride)

    def _settle(self, drop: Drop) -> None:
        if not drop.settled:
            # Who lies dead still shows no motion any more: then the last of the drop has to do.
            for since in (drop.end + 1e-3, drop.end - 1e-3, drop.end - PAUSE_SECONDS):
                motion = self._motion_since(since)
                if motion and drop.settle(np.add.reduce(motion).astype(np.float32)):
                    break
            drop.settled = True

    def _observe(self, drops: list[Drop]) -> list[Observation]:
        found = [_observation(drop, self._shape) for drop in drops]
        return [row for row in found if row is not None]


def _observation(drop: Drop, shape: tuple[int, int]) -> Observation | None:
    if drop.after is None or drop.speed < NOTABLE_SPEED or drop.squash < NOTABLE_SQUASH:
        return None
    rows, columns = shape
    x0, y0, x1, y1 = drop.before
    left, top, right, bottom = drop.after
    height_loss = 1.0 - (bottom - top) / drop.height
    if height_loss < NOTABLE_LOSS:
        return None
    data: dict[str, JsonValue] = {
        "drop": round((top - y0) / drop.height, 3),
        "height_loss": round(height_loss, 3),
        "speed": round(drop.speed, 3),
        "squash": round(drop.squash, 3),
        "seconds": round(drop.end - drop.start, 3),
        "aspect_before": round((y1 - y0) / (x1 - x0), 3),
        "aspect_after": round((bottom - top) / (right - left), 3),
        "body": round(drop.height / rows, 3),
        "still": round(drop.still, 3),
        "watched": round(drop.watched, 3),
        "risen": round(max(0.0, (top - drop.top) / drop.height), 3),
        "at_edge": int(x0 == 0 or y0 == 0 or x1 >= columns or y1 >= rows),
    }
    return Observation(
        kind="fall",
        span=TimeSpan(start=round(drop.start, 3), end=round(drop.end + drop.watched, 3)),
        statement=(
            f"a body sinks by {data['drop']:.2f} of its height within {data['seconds']:.1f} s, "
            f"at up to {drop.speed:.1f} body heights/s; height to width goes from {data['aspect_before']:.1f} to "
            f"{data['aspect_after']:.1f}; then still for {drop.still:.1f} of {drop.watched:.1f} s"
        ),
        data=data,
        region=Region.of_pixels((min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)), columns, rows),
        score=round(_grade(drop.speed, 1.0) * _grade(drop.squash, 0.5) * _grade(height_loss, 0.5), 4),
    )


def _grade(value: float, full: float) -> float:
    return min(1.0, max(0.0, value / full))
