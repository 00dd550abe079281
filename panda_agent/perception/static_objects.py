"""Things left behind and things taken away: compact parts of the picture that changed and stayed changed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.attendance import Whereabouts
from panda_agent.perception.look import Look, Observation
from panda_agent.perception.pace import Pace, half
from panda_agent.perception.settled import SETTLE_SECONDS, Settled
from panda_agent.perception.thing import Thing

HZ = 4.0
"""Looks a second."""
SMALLEST, LARGEST = 0.0005, 0.06
"""Area of a thing, share of the picture: a bag in a yard 15 m wide has 0.001, one near the camera 0.05."""
GATHER_SECONDS = 1.5
"""The parts of a thing settle one after another; it is judged when none has joined for so long."""
GAP = 5
"""Pixels of the half-size picture across which the parts of a thing belong together; a dark bag on a dark road has holes."""
UPHEAVAL = 0.3
"""So much of the picture settling anew is a moved camera or other light: what was followed means nothing any more."""
MOST = 30
"""So many things are followed at once; beyond, the oldest belong to the place."""


class StaticObjects:
    """Finds compact regions that settled to something new, and tells what was left from what was taken.

    Whether a thing came or went shows on its outline: the picture that holds the thing has edges along it
    (after Spagnolo et al., "Moving object segmentation by background subtraction and temporal analysis",
    Image and Vision Computing 2006, section 5). Who left it is asked of the tracks, see `attendance`.

    Args:
        rate: Frames per second that `update` is called with.
    """

    _fields = (
        "track", "area", "size_ratio", "seconds", "placed", "owner_left", "away_seconds", "alone_seconds",
        "outline", "stir", "stood_seconds", "taken",
    )  # fmt: skip
    makes: dict[str, tuple[str, ...]] = {"left_object": _fields, "removed_object": _fields}

    def __init__(self, rate: float) -> None:
        self._pace = Pace(HZ, rate)
        self._whereabouts = Whereabouts()
        self._settled: Settled | None = None
        self._gray: NDArray[np.uint8] | None = None
        self._joined: NDArray[np.float32] | None = None
        self._things: list[Thing] = []

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a thing is reported when it is gone, and once after a minute."""
        if not self._pace.due(look.time):
            return []
        gray, boxes = half(look.gray), self._whereabouts.note(look)
        if self._settled is None or self._gray is None or self._joined is None:
            self._settled, self._joined = Settled(gray, look.time), np.full(gray.shape, -np.inf, np.float32)
            self._gray = gray
            return []
        self._settled.update(gray, look.time)
        self._joined[self._settled.fresh] = look.time
        stirring = cv2.absdiff(gray, self._gray)
        self._gray = gray
        for thing in self._things:
            thing.update(look.time, boxes, self._settled, stirring)
        return self._reports(look.time) + self._claim(look, self._settled, self._joined)

    def finish(self) -> list[Observation]:
        """Return the things that are still there."""
        things, self._things = self._things, []
        return [thing.report() for thing in things]

    def _reports(self, time: float) -> list[Observation]:
        found = [thing.report() for thing in self._things if thing.due(time)]
        self._things = [thing for thing in self._things if not thing.over(time)][-MOST:]
        return found

    def _claim(self, look: Look, settled: Settled, joined: NDArray[np.float32]) -> list[Observation]:
        """Make things of the regions that have gathered."""
        waiting = np.isfinite(joined)
        if waiting.mean() > UPHEAVAL:
            joined[:] = -np.inf
            return self.finish()
        mask = cv2.morphologyEx(waiting.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((GAP, GAP), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        for label in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[label])
            crop = slice(y, y + h), slice(x, x + w)
            part = waiting[crop] & (labels[crop] == label)
            if look.time - float(joined[crop][part].max()) < GATHER_SECONDS:
                continue
            joined[crop][part] = -np.inf
            if SMALLEST <= area / mask.size <= LARGEST:
                thing = Thing(part, (y, x), settled, self._whereabouts, look)
                self._things += [thing] if thing.stood >= SETTLE_SECONDS else []
        return []
