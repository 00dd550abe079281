"""How tall people are at each height of the picture: who stands lower in it is nearer to the camera."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

BANDS = 12
"""Rows of the picture are taken together in so many bands."""
KEPT = 200
"""Boxes a band remembers."""
ENOUGH = 5
"""Fewer boxes say nothing about a band."""
SLENDER = (1.6, 4.5)
"""Height over width of the box around one who stands or walks."""
SMALLEST = 0.06
"""Lower boxes are shards, picture heights."""
WHOLE = 0.5
"""People are at least this part of what the median of all boxes, by area, is long: else the upright ones are shards."""
LIMITS = (0.6, 1.6)
"""The line through the bands is trusted within these parts of the overall height."""


class Stature:
    """Learns the height of upright boxes as a line over where they stand.

    On flat ground the height of a picture of a body grows linearly with the row of its feet (Hoiem et al., "Putting
    objects in perspective", IJCV 2008, section 3). Boxes are weighed by their height: bodies break into shards,
    but also merge, and grow by their shadows.
    """

    def __init__(self) -> None:
        self._bands: list[deque[tuple[float, float]]] = [deque(maxlen=KEPT) for _ in range(BANDS)]
        self._all: deque[tuple[float, float]] = deque(maxlen=KEPT)

    def update(self, boxes: NDArray[np.float32], size: tuple[int, int]) -> None:
        """Count the motion boxes (n, 4), in pixels of a picture of `size` (width, height)."""
        width, height = size
        for x0, y0, x1, y1 in boxes.tolist():
            self._all.append((max(x1 - x0, y1 - y0) / height, (x1 - x0) * (y1 - y0)))
            slender = SLENDER[0] * (x1 - x0) <= y1 - y0 <= SLENDER[1] * (x1 - x0)
            whole = x0 > 1 and y0 > 1 and x1 < width - 1 and y1 < height - 1
            if slender and whole and y1 - y0 >= SMALLEST * height:
                tall = (y1 - y0) / height
                self._bands[min(BANDS - 1, int(y1 / height * BANDS))].append((tall, tall))

    def at(self, row: float) -> float | None:
        """Height of somebody whose feet stand at a row (0..1), picture heights; None while nobody is known."""
        known = [(i, np.array(band)) for i, band in enumerate(self._bands) if len(band) >= ENOUGH]
        if not known:
            return None
        overall = _weighted_median(np.concatenate([band for _, band in known]))
        least = WHOLE * _weighted_median(np.array(self._all))
        if overall < least:
            return least
        if len(known) < 3:
            return overall
        rows = np.array([(i + 0.5) / BANDS for i, _ in known])
        heights = np.array([_weighted_median(band) for _, band in known])
        slope, offset = np.polyfit(rows, heights, 1, w=np.sqrt([len(band) for _, band in known]))
        return float(np.clip(slope * row + offset, LIMITS[0] * overall, LIMITS[1] * overall))


def _weighted_median(rows: NDArray[np.float64]) -> float:
    """Median of rows (value, weight)."""
    rows = rows[np.argsort(rows[:, 0])]
    total = np.cumsum(rows[:, 1])
    return float(rows[int(np.searchsorted(total, total[-1] / 2)), 0])
