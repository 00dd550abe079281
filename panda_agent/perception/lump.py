"""A lump: something that came to rest, with how it came about and what it is like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.resting import Resting

Mask = NDArray[np.bool_]

SLACK = 3.0
"""Seconds by which the parts of one lump may differ in when they came to rest."""
COVERED = 0.5
"""Part of a lump that is covered once it is there; part of a trunk that shows that somebody stands."""
STOOD_SECONDS = 2.0
"""Whoever stood there so shortly before it was there is the one who lies there now."""
UPPER = (0.6, 0.95)
"""Where the trunk of one who stands is, body heights above the foot of the lump."""
TRUNK_WIDTH, ASIDE = 0.25, 0.3
"""How wide a trunk is, and how far to the side of a lump it may have stood, body heights."""
PATCH = 0.5
"""Part of what shows a trunk that one look at least has to show, where all together show it."""
DARKEST = 4.0
"""Grey levels below which a ratio of brightness says nothing."""
RIM = 9
"""Side of the window, pixels of the half-size picture, in which a rim is compared with what surrounds it."""
STRAY = 0.03
"""Part of the pixels left out at each side of a box."""


@dataclass(frozen=True, slots=True)
class Lump:
    """Something that came to rest; the mask is of the half-size picture."""

    mask: Mask
    since: float
    """Seconds when it came to rest."""
    start: float
    """Seconds when whoever lies there stood there last; else when it was there."""
    drop: float | None
    """Seconds from standing to lying; None where nobody was seen to stand there."""
    clear: float
    """How little the ground shows through: spread of the lump's brightness as a multiple of the ground's. A shadow, or
    a place that a shadow has left, has nearly none."""
    novelty: float
    """How badly it fits what surrounds it, against the ground: 1 something came, 0 something left a hole behind."""

    def rests(self, resting: Resting) -> Mask:
        """Which of its pixels have rested since it came."""
        return np.asarray(self.mask & (np.abs(resting.since - self.since) <= SLACK), np.bool_)


def describe(
    mask: Mask, since: float, resting: Resting, looks: Sequence[tuple[float, Mask]], body: float, step: float
) -> Lump:
    """Tell how a lump came about and what it is like.

    Args:
        mask: (h, w) of the half-size picture.
        since: Seconds when it came to rest.
        resting: What rests now.
        looks: Seconds and foreground (h, w) of the last looks, in order of time.
        body: Height of one who stands there, pixels of the half-size picture.
        step: Seconds between looks.
    """
    there = since
    for time, moving in reversed([look for look in looks if look[0] <= since]):
        if moving[mask].mean() < COVERED:
            break
        there = time
    zone, least = _trunk(mask, body)
    just = [(time, moving[zone]) for time, moving in looks if there - STOOD_SECONDS <= time <= there + step]
    stood = _stood(just, least)
    start, drop = (min(there, stood[-1]), max(0.0, there - stood[-1])) if stood else (there, None)
    rests = mask & (np.abs(resting.since - since) <= SLACK)
    return Lump(mask, since, start, drop, _clear(resting, rests), _novelty(resting, rests))


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of all but stray pixels of a mask."""
    rows, columns = (np.sort(axis) for axis in np.nonzero(mask))
    out = int(STRAY * len(rows))
    last = len(rows) - 1 - out
    return int(columns[out]), int(rows[out]), int(columns[last]) + 1, int(rows[last]) + 1


def _trunk(mask: Mask, body: float) -> tuple[tuple[slice, slice], float]:
    """Where the trunk of one who stands at a lump would be, and how many pixels of it show that he does."""
    left, _, right, bottom = box_of(mask)
    rows = slice(max(0, int(bottom - UPPER[1] * body)), max(1, int(bottom - UPPER[0] * body)))
    columns = slice(max(0, int(left - ASIDE * body)), int(right + ASIDE * body) + 1)
    return (rows, columns), COVERED * (UPPER[1] - UPPER[0]) * body * TRUNK_WIDTH * body


def _stood(trunks: Sequence[tuple[float, Mask]], least: float) -> list[float]:
    """Seconds of the looks in which somebody stands.

    Clothes of the ground's shade show in patches, others in each look: then the looks are taken together, and those
    that show a good part of a trunk count.
    """
    seen = [(time, int(trunk.sum())) for time, trunk in trunks]
    whole = [time for time, pixels in seen if pixels >= least]
    if whole or not trunks:
        return whole
    together = np.logical_or.reduce([trunk for _, trunk in trunks]).sum()
    return [time for time, pixels in seen if together >= least and pixels >= PATCH * least]


def _clear(resting: Resting, mask: Mask) -> float:
    if not mask.any():
        return 0.0
    ratio = resting.shows[mask] / np.maximum(resting.ground[mask], DARKEST)
    return float(np.std(ratio) / max(float(np.mean(ratio)), 1e-3))


def _novelty(resting: Resting, mask: Mask) -> float:
    """Compare the rim of a lump, and of the ground in its place, with the ground around.

    As in Spagnolo et al., "Moving object segmentation by background subtraction and temporal analysis" (Image and
    Vision Computing 2006, section 5): whoever stood there from the first frame on is background, and a lump once gone.
    """
    outside = (cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0).astype(np.float32)
    weight = cv2.boxFilter(outside, -1, (RIM, RIM))
    around = cv2.boxFilter(resting.ground * outside, -1, (RIM, RIM)) / np.maximum(weight, 1e-6)
    rim = mask & (weight > 0.2)
    new = float(np.abs(resting.shows - around)[rim].sum())
    old = float(np.abs(resting.ground - around)[rim].sum())
    return new / max(1e-6, new + old)
