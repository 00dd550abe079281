"""Something as large as a person that came to rest low on the ground: seen by its shape, not by how it got there.

In a crowd a fall itself is hidden and over within a second; that somebody lies there afterwards is not. A body at rest
differs from the empty place, keeps its look, and is flat: who stands is taller, who kneels or sits is no wider than
high, a bag is smaller, and a shadow lets the ground show through.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.blobs import blobs_of
from panda_agent.perception.look import Look
from panda_agent.perception.lump import SLACK, Lump, Mask, box_of, describe
from panda_agent.perception.observation import Observation
from panda_agent.perception.pace import Pace, half
from panda_agent.perception.resting import Resting
from panda_agent.perception.stature import Stature
from panda_agent.types import Region, TimeSpan

HZ = 4.0
"""Looks a second."""
ALIKE_SECONDS = (2.0, 4.0)
"""Pixels that rest for so long, and touch, came to rest together."""
RIPE_SECONDS = 3.0
"""A lump is judged at this age: walkers pause for shorter."""
LEAST_SECONDS, REPORT_SECONDS = 4.0, 30.0
"""Shorter rests are not reported; longer ones are reported at this age."""
KEPT = 0.4
"""A lump is gone when less than this part of it still rests."""
HISTORY_SECONDS = 10.0
"""How far back it is looked how a lump came about."""
UNKNOWN_BODY = 0.3
"""Body height taken where nobody upright was seen yet, picture heights."""
SMALLEST = 0.04
"""Least area, squared body heights; one who stands has 0.2 to 0.25."""
LEAST_PIXELS = 20
"""Smaller patches of the half-size picture are noise."""
SHARED = 0.3
"""A patch that has this part of its pixels, or of the lump's, in common with a lump is that lump."""
GAP = 2
"""Pixels of the half-size picture across which parts belong together."""
MOST = 20
"""Lumps that are followed at a time."""
MAKES: dict[str, tuple[str, ...]] = {
    "lying": (
        "seconds", "height", "width", "flat", "bulk", "clear", "novelty", "drop_seconds", "body", "gone", "at_edge",
    )
}  # fmt: skip


class Lying:
    """Filter of kind `lying`: a lump at rest, with its size in bodies and how long it has been there.

    Args:
        rate: Perceived frames per second.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = MAKES

    def __init__(self, rate: float) -> None:
        self._pace, self._stature = Pace(HZ, rate), Stature()
        self._resting: Resting | None = None
        self._history: deque[tuple[float, NDArray[np.uint8]]] = deque()
        self._lumps: list[Lump] = []
        self._size = (1, 1)
        self._time = 0.0

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a lump is returned when it is gone, or has been there for long."""
        if not self._pace.due(look.time):
            return []
        self._time, self._size = look.time, look.size
        self._stature.update(look.boxes, look.size)
        picture = half(look.gray)
        moving = look.foreground.moving[: 2 * picture.shape[0] : 2, : 2 * picture.shape[1] : 2] > 0
        if self._resting is None:
            self._resting = Resting(picture, look.time)
        self._resting.update(picture, moving, look.time)
        self._history.append((look.time, np.packbits(moving)))
        while self._history[0][0] < look.time - HISTORY_SECONDS:
            self._history.popleft()
        found = self._follow(self._resting)
        self._find(self._resting)
        return found

    def finish(self) -> list[Observation]:
        """Return the lumps that are still there."""
        lumps, self._lumps = self._lumps, []
        return self._observe([lump for lump in lumps if not self._told(lump)], gone=False)

    def _follow(self, resting: Resting) -> list[Observation]:
        """Report what is gone, and once what stays."""
        kept = [float(lump.rests(resting).sum() / lump.mask.sum()) for lump in self._lumps]
        gone = [lump for lump, part in zip(self._lumps, kept, strict=True) if part < KEPT]
        self._lumps = [lump for lump, part in zip(self._lumps, kept, strict=True) if part >= KEPT]
        old = [lump for lump in self._lumps if 0 <= self._time - lump.since - REPORT_SECONDS < 1 / HZ]
        return self._observe([lump for lump in gone if not self._told(lump)], gone=True) + self._observe(
            old, gone=False
        )

    def _told(self, lump: Lump) -> bool:
        return self._time - lump.since >= REPORT_SECONDS + 1 / HZ

    def _find(self, resting: Resting) -> None:
        age = self._time - resting.since
        fresh = ((age >= ALIKE_SECONDS[0]) & (age <= ALIKE_SECONDS[1])).astype(np.uint8)
        if not fresh.any():
            return
        closed = cv2.morphologyEx(fresh, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        blobs = blobs_of(closed)
        for i in np.flatnonzero(blobs.areas >= LEAST_PIXELS):
            mask = blobs.mask(i) & (fresh > 0)
            since = float(np.median(resting.since[mask]))
            if self._time - since >= RIPE_SECONDS and not self._known(mask):
                self._add(mask, since, resting)

    def _known(self, mask: Mask) -> bool:
        return any((lump.mask & mask).sum() > SHARED * min(mask.sum(), lump.mask.sum()) for lump in self._lumps)

    def _add(self, mask: Mask, since: float, resting: Resting) -> None:
        """A new lump, or a further part of one: limbs and what a passer-by hid come to rest later."""
        near = cv2.dilate(mask.astype(np.uint8), np.ones((2 * GAP + 1, 2 * GAP + 1), np.uint8)) > 0
        for i, lump in enumerate(self._lumps):
            if abs(lump.since - since) <= SLACK and (lump.mask & near).any():
                whole = self._described(lump.mask | mask, lump.since, resting)
                self._lumps[i] = replace(whole, start=min(whole.start, lump.start), clear=min(whole.clear, lump.clear))
                return
        if len(self._lumps) < MOST:
            self._lumps.append(self._described(mask, since, resting))

    def _described(self, mask: Mask, since: float, resting: Resting) -> Lump:
        looks = [(time, np.unpackbits(bits, count=mask.size).reshape(mask.shape) > 0) for time, bits in self._history]
        return describe(mask, since, resting, looks, self._body(mask), 1 / HZ)

    def _body(self, mask: Mask) -> float:
        """Height of one who stands at a lump, pixels of the half-size picture."""
        return (self._stature.at((box_of(mask)[3] + 0.5) / len(mask)) or UNKNOWN_BODY) * len(mask)

    def _observe(self, lumps: list[Lump], *, gone: bool) -> list[Observation]:
        found = []
        for lump in lumps:
            body = self._body(lump.mask)
            if self._time - lump.since >= LEAST_SECONDS and float(lump.mask.sum()) >= SMALLEST * body**2:
                found.append(_observation(lump, body, self._time, self._size, gone))
        return found


def _observation(lump: Lump, body: float, end: float, size: tuple[int, int], gone: bool) -> Observation:
    """What is told of a lump, given the height of a body there (pixels of the half-size picture)."""
    left, top, right, bottom = box_of(lump.mask)
    height, width, bulk = (bottom - top) / body, (right - left) / body, float(lump.mask.sum()) / body**2
    rows, columns = lump.mask.shape
    data: dict[str, JsonValue] = {
        "seconds": round(end - lump.since, 2),
        "height": round(height, 3),
        "width": round(width, 3),
        "flat": round(width / max(height, 1e-3), 3),
        "bulk": round(bulk, 3),
        "clear": round(lump.clear, 3),
        "novelty": round(lump.novelty, 3),
        "body": round(body / rows, 3),
        "gone": int(gone),
        "at_edge": int(left <= 1 or top <= 1 or right >= columns - 1 or bottom >= rows - 1),
    }
    if lump.drop is not None:
        data["drop_seconds"] = round(lump.drop, 2)
    return Observation(
        kind="lying",
        span=TimeSpan(start=round(lump.start, 3), end=round(end, 3)),
        statement=(
            f"something {width:.1f} body heights wide and {height:.1f} high lies still for {end - lump.since:.0f} s"
            + ("" if lump.drop is None else "; somebody stood there just before")
        ),
        data=data,
        region=Region.of_pixels((2 * left, 2 * top, 2 * right, 2 * bottom), *size),
        score=round(min(1.0, bulk / 0.2), 3),
    )
