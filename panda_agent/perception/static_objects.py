"""Things left behind and things taken away: compact parts of the picture that changed and stayed changed."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.attendance import Whereabouts
from panda_agent.perception.blobs import blobs_of
from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.pace import Pace, half
from panda_agent.perception.settled import SETTLE_SECONDS, Settled, distance
from panda_agent.perception.stature import Stature
from panda_agent.perception.thing import SMALLEST, Thing

HZ = 4.0
"""Looks a second."""
LARGEST = 0.06
"""Area of the largest thing, share of the picture: a bag near the camera has 0.05."""
GATHER_SECONDS = 1.5
"""The parts of a thing settle one after another; it is judged when none has joined for so long."""
PATIENCE_SECONDS = 4.0
"""But no longer than this: where many come and go, something joins all the time."""
GAP = 5
"""Pixels of the half-size picture across which parts belong together; a dark bag on a dark road has holes."""
UPHEAVAL = 0.3
"""So much of the picture settling anew is a moved camera or other light: what was followed means nothing any more."""
MOST = 30
"""So many things are followed at once; beyond, the oldest belong to the place."""


class StaticObjects:
    """Finds compact regions that settled to something new, and tells what was left from what was taken.

    Whether a thing came or went shows on its rim: the picture without the thing goes on there, the one with it
    breaks off (in the spirit of Spagnolo et al., "Moving object segmentation by background subtraction and
    temporal analysis", Image and Vision Computing 2006, section 5). Who was there when it happened is asked of
    the tracks.

    Args:
        rate: Frames per second that `update` is called with.
    """

    _fields: ClassVar[tuple[str, ...]] = (
        "track", "came", "area", "size_ratio", "placed", "seconds", "alone_from", "alone_seconds", "alone_share",
        "novelty", "stir", "stood_seconds", "taken",
        "height", "bulk", "person_sized", "caption",
    )  # fmt: skip
    makes: ClassVar[dict[str, tuple[str, ...]]] = {"left_object": _fields, "removed_object": _fields}

    def __init__(self, rate: float) -> None:
        self._pace = Pace(HZ, rate)
        self._whereabouts, self._stature = Whereabouts(), Stature()
        self._view: _View | None = None
        self._things: list[Thing] = []

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a thing is reported when it is gone, and once after a minute."""
        if not self._pace.due(look.time):
            return []
        self._whereabouts.note(look)
        self._stature.update(look.boxes, look.size)
        picture = half(look.rgb)
        if self._view is None:
            self._view = _View(picture, look.time)
            return []
        steps = self._view.update(picture, look.time)
        for thing in self._things:
            thing.update(look.time, picture, steps, self._view.settled)
        found = [seen for thing in self._things if thing.due(look.time) for seen in thing.report(self._stature)]
        if self._view.upheaval():
            found += self.finish()
        self._things = [thing for thing in self._things if not thing.over(look.time)]
        self._things += [
            Thing(mask, corner, self._view.settled, self._whereabouts, look)
            for mask, corner in self._view.gathered(look.time)
        ]
        del self._things[:-MOST]
        return found

    def finish(self) -> list[Observation]:
        """Return the things that are still there."""
        things, self._things = self._things, []
        return [seen for thing in things for seen in thing.report(self._stature)]


class _View:
    """The settled picture, and the pixels that settled anew and wait for their neighbours."""

    def __init__(self, picture: NDArray[np.uint8], time: float) -> None:
        self.settled = Settled(picture, time)
        self._picture = picture
        self._joined = np.full(picture.shape[:2], -np.inf, np.float32)

    def update(self, picture: NDArray[np.uint8], time: float) -> NDArray[np.uint8]:
        """Take a half-size picture; returns the absolute difference to the last one, (h, w)."""
        self.settled.update(picture, time)
        self._joined[self.settled.fresh] = time
        steps = distance(picture, self._picture)
        self._picture = picture
        return steps

    def upheaval(self) -> bool:
        """Whether too much settled anew at once; then all of that is taken as it is."""
        if np.isfinite(self._joined).mean() <= UPHEAVAL:
            return False
        self._joined[:] = -np.inf
        return True

    def gathered(self, time: float) -> list[tuple[NDArray[np.bool_], tuple[int, int]]]:
        """Regions of the right size that no pixel has joined lately: mask and upper left corner (row, column)."""
        waiting = np.isfinite(self._joined)
        if not waiting.any():
            return []
        mask = cv2.morphologyEx(waiting.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((GAP, GAP), np.uint8))
        blobs = blobs_of(mask)
        found = []
        for i, (x, y, w, h) in enumerate(blobs.boxes.tolist()):
            crop = slice(y, y + h), slice(x, x + w)
            part = waiting[crop] & (blobs.labels[crop] == i + 1)
            joined = self._joined[crop][part]
            if time - float(joined.max()) < GATHER_SECONDS and time - float(joined.min()) < PATIENCE_SECONDS:
                continue
            self._joined[crop][part] = -np.inf
            # What has stood for no longer than it takes to settle was a ghost of the first frame or a passer-by.
            stood = self.settled.since[crop][part] - self.settled.before_since[crop][part]
            if (
                part.sum() / mask.size >= SMALLEST
                and blobs.areas[i] / mask.size <= LARGEST
                and float(np.median(stood)) >= SETTLE_SECONDS
            ):
                found.append((part, (y, x)))
        return found
