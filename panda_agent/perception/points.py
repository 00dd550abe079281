"""Points followed from frame to frame: they stay on one body where boxes merge, split and drag shadows along."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.pace import half

Array = NDArray[np.float64]

MOST = 160
"""About so many points are followed at a time."""
WINDOW = (9, 9)
"""Pixels of the half-size picture compared around a point; of the size of a far body's trunk."""
LEVELS = 2
"""Further halvings; together with the window this follows a sixth of the picture's width a frame."""
MISMATCH = 40.0
"""Mean difference of the two windows, grey levels, above which the point is lost."""
CLOSEST = 3
"""Least pixels of the half-size picture between points when they start."""
HALF_SECONDS = 0.07
"""Half the time over which velocity is measured; points on somebody who runs are lost soon."""
LONG_SECONDS = 0.5
"""Over this time it shows whether a point gets anywhere: a step takes as long."""
CHANGE = 0.5
"""Largest change between both halves, share of the speed: a trunk glides, limbs swing."""


class Moving(NamedTuple):
    """The points that moved steadily, in order of their ids."""

    ids: NDArray[np.int64]
    place: Array
    """(n, 2) pixels."""
    velocity: Array
    """(n, 2) pixels per second."""


class Points:
    """Follows points of the moving foreground by pyramidal Lucas-Kanade (Bouguet, 2000)."""

    def __init__(self) -> None:
        self._gray: NDArray[np.uint8] | None = None
        self._place = np.zeros((0, 2), np.float32)
        self._ids = np.zeros(0, np.int64)
        self._next = 0
        self._time = -np.inf
        self._past: deque[tuple[float, NDArray[np.int64], NDArray[np.float32]]] = deque()

    def update(self, time: float, gray: NDArray[np.uint8], moving: NDArray[np.uint8]) -> None:
        """Take a frame and its foreground mask, both (h, w); the same moment again changes nothing."""
        if time == self._time:
            return
        self._time, gray = time, half(gray)
        # A point at the outline must not be lost because the mask flickers there.
        moving = np.asarray(cv2.dilate(moving, np.ones((3, 3), np.uint8)), np.uint8)[::2, ::2]
        if self._gray is not None and len(self._ids):
            self._follow(self._gray, gray, moving)
        self._gray = gray
        self._seed(moving)
        self._past.append((time, self._ids, self._place))
        while self._past[0][0] < time - LONG_SECONDS - 2 * HALF_SECONDS:
            self._past.popleft()

    def steady(self) -> Moving:
        """The points that have been followed long enough, and moved on one line at one pace."""
        now, middle, first = (self._at(back) for back in (0.0, HALF_SECONDS, 2 * HALF_SECONDS))
        # Ids rise, so a search tells where each is; who was there first was there in the middle too.
        place = np.searchsorted(first[1], self._ids).clip(max=max(0, len(first[1]) - 1))
        ids = self._ids[first[1][place] == self._ids] if len(first[1]) else self._ids[:0]
        places = [place[np.searchsorted(known, ids)].astype(np.float64) for _, known, place in (first, middle, now)]
        spans = max(middle[0] - first[0], 1e-3), max(now[0] - middle[0], 1e-3)
        early, late = (places[1] - places[0]) / spans[0], (places[2] - places[1]) / spans[1]
        change = np.linalg.norm(late - early, axis=1)
        pace = np.maximum(np.linalg.norm(early, axis=1), np.linalg.norm(late, axis=1))
        kept = change <= CHANGE * pace
        velocity = (places[2] - places[0]) / (spans[0] + spans[1])
        return Moving(ids[kept], 2.0 * places[2][kept], 2.0 * velocity[kept])

    def straightness(self, spot: tuple[float, float], reach: float, least: float) -> tuple[float, int]:
        """How straight on the points near a spot went of late: distance made over length of way, 0..1.

        Who walks or rides goes straight on, whoever else does so beside him; who struggles is thrown to and fro.

        Args:
            spot: (x, y), pixels.
            reach: Half the side of the square around it, pixels.
            least: Points whose way is shorter than this stand, pixels.

        Returns:
            The mean over the points that moved, and their number (0, 0 without any).
        """
        now = self._past[-1]
        moments = [moment for moment in self._past if moment[0] >= now[0] - LONG_SECONDS - 1e-3]
        first = self._past[max(0, len(self._past) - len(moments) - 1)]
        near = (np.abs(2.0 * now[2] - np.array(spot)) <= reach).all(axis=1)
        ids = np.intersect1d(now[1][near], first[1], assume_unique=True)
        if now[0] - first[0] < LONG_SECONDS - 1e-3 or not len(ids):
            return 0.0, 0
        way = np.stack([2.0 * places[np.searchsorted(known, ids)] for _, known, places in (first, *moments)])
        length = np.linalg.norm(np.diff(way, axis=0), axis=2).sum(axis=0)
        moved = length >= least
        made = np.linalg.norm(way[-1] - way[0], axis=1)[moved]
        return (float((made / length[moved]).mean()), int(moved.sum())) if moved.any() else (0.0, 0)

    def _at(self, back: float) -> tuple[float, NDArray[np.int64], NDArray[np.float32]]:
        """What was known so many seconds ago; nothing where that is not covered."""
        then = self._past[-1][0] - back
        known = [moment for moment in self._past if moment[0] <= then + 1e-3]
        return known[-1] if known else (then, self._ids[:0], self._place[:0])

    def _follow(self, before: NDArray[np.uint8], gray: NDArray[np.uint8], moving: NDArray[np.uint8]) -> None:
        height, width = moving.shape
        there, found, mismatch = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
            before, gray, self._place, None, winSize=WINDOW, maxLevel=LEVELS, criteria=(3, 8, 0.05)
        )
        x, y = np.rint(there).astype(int).T
        inside = (x >= 2) & (y >= 2) & (x < width - 2) & (y < height - 2)
        kept = inside & (found[:, 0] > 0) & (mismatch[:, 0] < MISMATCH)
        kept[kept] = moving[y[kept], x[kept]] > 0
        self._place, self._ids = there[kept], self._ids[kept]

    def _seed(self, moving: NDArray[np.uint8]) -> None:
        """Spread points evenly over the foreground, so that a crowd does not use up those for who comes next.

        Those on bare skin or wall get lost at once.
        """
        spacing = max(CLOSEST, math.ceil(math.sqrt(cv2.countNonZero(moving) / MOST)))
        half = spacing // 2
        grid = moving[half::spacing, half::spacing] > 0
        rows, columns = grid.shape
        cells = (self._place / spacing).astype(int)
        flat = cells[:, 1].clip(0, rows - 1) * columns + cells[:, 0].clip(0, columns - 1)
        _, oldest = np.unique(flat, return_index=True)
        oldest.sort()
        grid.ravel()[flat] = False
        y, x = np.nonzero(grid)
        new = np.stack([x, y], axis=1).astype(np.float32) * spacing + half
        self._place = np.concatenate([self._place[oldest], new])
        self._ids = np.concatenate([self._ids[oldest], self._next + np.arange(len(new))])
        self._next += len(new)
