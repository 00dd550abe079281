"""Motion cell by cell: how fast, how much, how textured, on a grid over the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

NAMES = ("speed", "cover", "cover_around", "upright_edges", "level_edges")
"""The features of a cell, in this order."""
VERSION = 3
"""Changes whenever the features do: memories of another version are learnt anew."""
STEP, NEAR, WIDE = 48, 16, 8
"""The longer side of the picture holds 48 cells; features are means over a sixteenth and an eighth of it."""
ACTIVE = 0.1
"""Least foreground cover of a cell that is compared: below it there is nothing to look at."""
EDGE = 4.0
"""Grey levels a step: a Sobel answer is up to 4 × 255, and eight bits hold 255."""

Features = NDArray[np.float32]
"""(n, 5): one row a cell, see `NAMES`. Speed in picture sides a second, covers in shares, edges in grey levels/100."""


@dataclass(frozen=True, slots=True)
class CellLook:
    """The active cells of one frame."""

    time: float
    features: Features
    """(n, 5)."""
    where: NDArray[np.int16]
    """(n, 2): row and column of each cell."""
    shape: tuple[int, int]
    """Rows and columns of the grid."""

    @classmethod
    def empty(cls) -> CellLook:
        """Nothing measured."""
        return cls(0.0, np.zeros((0, len(NAMES)), np.float32), np.zeros((0, 2), np.int16), (0, 0))


def cells_of(time: float, gray: NDArray[np.uint8], flow: NDArray[np.float32], moving: NDArray[np.uint8]) -> CellLook:
    """Measure the active cells of a frame.

    The features are those of simple crowd models (speed and occupancy of spatial cells, e.g. Adam et al., PAMI 2008)
    with the strength of upright and level edges on what moves, which tells wheels and boxes from walking people.

    Args:
        time: Seconds.
        gray: (h, w).
        flow: (h, w, 2), pixels per second.
        moving: (h, w), what differs from the background, 0 or 255.
    """
    side = max(gray.shape)
    step, near, wide = max(2, side // STEP), max(3, side // NEAR), max(6, side // WIDE)
    rows, columns = (np.arange(step // 2, length, step) for length in moving.shape)
    around, far = _Windows(rows, columns, near, moving.shape), _Windows(rows, columns, wide, moving.shape)
    covered = cv2.integral(moving, sdepth=cv2.CV_64F)
    cover = around.means(covered) / 255.0
    active = cover >= ACTIVE
    upright, level = (_edges(gray, moving, axis) for axis in ((1, 0), (0, 1)))
    maps = (
        _speeds(flow, rows, columns, near) / side,
        cover,
        far.means(covered) / 255.0,
        around.means(upright) * (EDGE / 100.0),
        around.means(level) * (EDGE / 100.0),
    )
    features = np.stack([one[active] for one in maps], axis=1).astype(np.float32)
    where = np.argwhere(active).astype(np.int16)
    return CellLook(time, features, where, (len(rows), len(columns)))


class _Windows:
    """Square windows around grid points, cut off at the border, over which integral images give means in no time."""

    def __init__(self, rows: NDArray[np.int64], columns: NDArray[np.int64], size: int, shape: tuple[int, ...]) -> None:
        self._top, self._bottom = _ends(rows, size, shape[0])
        self._left, self._right = _ends(columns, size, shape[1])
        self._area = np.outer(self._bottom - self._top, self._right - self._left)

    def means(self, integral: NDArray[Any]) -> NDArray[np.float64]:
        """Means (rows, columns) of the picture (h, w) whose integral (h + 1, w + 1) is given."""
        upper, lower = integral[self._top], integral[self._bottom]
        bands = lower - upper
        return np.asarray((bands[:, self._right] - bands[:, self._left]) / self._area, np.float64)


def _ends(centers: NDArray[np.int64], size: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    start = centers - size // 2
    return np.maximum(start, 0), np.minimum(start + size, length)


def _speeds(
    flow: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64], size: int
) -> NDArray[np.float64]:
    """Mean speed around each grid point, from every second pixel of every second row: flow is smooth."""
    some = cv2.resize(flow, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    windows = _Windows(rows // 2, columns // 2, size // 2, some.shape)
    return windows.means(cv2.integral(cv2.magnitude(*cv2.split(some))))


def _edges(gray: NDArray[np.uint8], moving: NDArray[np.uint8], order: tuple[int, int]) -> NDArray[np.float64]:
    """Integral of the strength of edges on what moves, in units of `EDGE`."""
    edges = cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_16S, *order), alpha=1.0 / EDGE)
    return np.asarray(cv2.integral(cv2.bitwise_and(edges, moving), sdepth=cv2.CV_64F), np.float64)
