"""Strides: motion between two pictures that really differ, on a coarse grid, in picture heights.

Cameras and codecs repeat pictures: a 7 fps camera in a 15 fps file shows no motion, then twice as much. Whoever looks
at how motion *changes* must measure from one fresh picture to the next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.medians import median

Cells = NDArray[np.float32]

CELLS = 96
"""Cells along the long side of the picture (4 pixels each at 384)."""
MIN_STEP = 10.0
"""Smallest change of a pixel that is motion, grey levels, where the sensor is quiet."""
FRESH = 0.3
"""A picture is fresh if it changed at least this part of what pictures of the last moments changed."""
MEMORY_SECONDS = 0.7
MAX_SECONDS = 0.4
"""After this long a picture counts as fresh whatever it shows: the scene came to rest."""
SMALLEST_BODY, LARGEST_BODY = 0.12, 0.42
"""Limits of the size of a body, picture heights: below, flow sees no limbs; above, several people are one blob."""


@dataclass(frozen=True, slots=True)
class Stride:
    """What moved since the last fresh picture."""

    time: float
    """Seconds, of the newer picture."""
    seconds: float
    """How long ago the older one was."""
    velocity: Cells
    """(rows, columns, 2): picture heights per second, x right and y down, the camera's own motion taken off."""
    moving: Cells
    """(rows, columns): share of the cell that changed, 0..1."""


class Strides:
    """Adds up flow until the picture is fresh."""

    def __init__(self) -> None:
        self._gray: NDArray[np.uint8] | None = None
        self._time = 0.0
        self._before = 0.0
        self._way: Cells = np.zeros((1, 1, 2), np.float32)
        self._usual = 0.0
        self._seen: float | None = None
        self._newest: Stride | None = None

    def update(self, time: float, gray: NDArray[np.uint8], flow: NDArray[np.float32]) -> Stride | None:
        """Take a frame; None when it repeats the one before, or is the first. The same moment gives the same answer.

        Args:
            time: Seconds.
            gray: (h, w).
            flow: (h, w, 2) from the frame before, pixels per second.
        """
        if time != self._seen:
            self._seen, self._newest = time, self._measure(time, gray, flow)
        return self._newest

    def _measure(self, time: float, gray: NDArray[np.uint8], flow: NDArray[np.float32]) -> Stride | None:
        height, width = gray.shape
        grid = _grid(width, height)
        if self._gray is None or self._gray.shape != gray.shape:
            self._restart(time, gray, grid)
            return None
        step = time - self._before
        if step <= 0:
            return None
        self._before = time
        # Linear, not area: DIS measures flow at a quarter of the size anyway and stretches it.
        self._way += cv2.resize(flow, grid, interpolation=cv2.INTER_LINEAR) * np.float32(step / height)
        changed = _changed(gray, self._gray)
        share = cv2.countNonZero(changed) / changed.size
        self._usual = max(self._usual * math.exp(-step / MEMORY_SECONDS), share)
        seconds = time - self._time
        if share <= FRESH * self._usual and seconds < MAX_SECONDS:
            return None
        # Flow at the rim of a changed patch belongs to it too.
        grown = cv2.dilate(changed, np.ones((5, 5), np.uint8))
        moving = cv2.resize(grown, grid, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
        velocity = self._way / np.float32(max(seconds, 1e-3))
        camera = np.array([median(velocity[::2, ::2, axis]) for axis in (0, 1)], np.float32)
        self._restart(time, gray, grid)
        return Stride(time, seconds, velocity - camera, moving)

    def _restart(self, time: float, gray: NDArray[np.uint8], grid: tuple[int, int]) -> None:
        self._gray, self._time, self._before = gray, time, time
        self._way = np.zeros((grid[1], grid[0], 2), np.float32)


def _grid(width: int, height: int) -> tuple[int, int]:
    """(columns, rows)."""
    scale = CELLS / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _changed(gray: NDArray[np.uint8], before: NDArray[np.uint8]) -> NDArray[np.uint8]:
    difference = cv2.absdiff(gray, before)
    noise = median(difference[::8, ::8]) / 0.954  # median |difference| of two normal samples = 0.954 sigma
    _, mask = cv2.threshold(cv2.medianBlur(difference, 3), max(MIN_STEP, 4.0 * noise), 255, cv2.THRESH_BINARY)
    return np.asarray(mask, np.uint8)


class BodySize:
    """How large people and things are here: the median long side of motion boxes, each weighed by its area and time.

    Weighing by area makes the shards that a body breaks into count for little; forgetting takes a minute.
    """

    EDGES = np.geomspace(0.04, 1.3, 24)
    FORGET_SECONDS = 60.0

    def __init__(self) -> None:
        self._weights = np.zeros(len(self.EDGES) + 1)
        self._time: float | None = None

    def update(self, time: float, boxes: NDArray[np.float32], height: int) -> None:
        """Count the motion boxes (n, 4) of a frame, in pixels of a picture so many pixels high."""
        step = 0.0 if self._time is None else time - self._time
        self._time = time
        self._weights *= math.exp(-step / self.FORGET_SECONDS)
        if len(boxes) and step > 0:
            sides = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64) / height
            np.add.at(self._weights, np.searchsorted(self.EDGES, sides.max(axis=1)), sides.prod(axis=1) * step)

    @property
    def heights(self) -> float:
        """Length of a body in picture heights, within the limits; the upper one while nothing is known."""
        total = float(self._weights.sum())
        if total <= 0.0:
            return LARGEST_BODY
        middle = int(np.searchsorted(np.cumsum(self._weights), total / 2))
        return float(np.clip(self.EDGES[min(middle, len(self.EDGES) - 1)], SMALLEST_BODY, LARGEST_BODY))
