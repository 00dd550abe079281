"""Motion cell by cell: how fast, how much, how textured, on a grid over the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

NAMES = ("speed", "cover", "cover_around", "upright_edges", "level_edges")
"""The features of a cell, in this order."""
VERSION = 5
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


def cells_of(
    time: float, gray: NDArray[np.uint8], velocity: NDArray[np.float32], moving: NDArray[np.uint8]
) -> CellLook:
    """Measure the active cells of a frame.

    The features are those of simple crowd models (speed and occupancy of spatial cells, e.g. Adam et al., PAMI 2008)
    with the strength of upright and level edges on what moves, which tells wheels and boxes from walking people.

    Args:
        time: Seconds.
        gray: (h, w).
        velocity: (h / n, w / n, 2) of a picture drawn n times smaller, pixels of the whole one per second.
        moving: (h, w), what differs from the background, 0 or 255.
    """
    side = max(gray.shape)
    step, near, wide = max(2, side // STEP), max(3, side // NEAR), max(6, side // WIDE)
    around, far = (_windows(moving.shape[0], moving.shape[1], step, size) for size in (near, wide))
    covered = cv2.integral(moving, sdepth=cv2.CV_32S)
    cover = around.means(covered) / 255.0
    active = cover >= ACTIVE
    upright, level = (_edges(gray, moving, axis) for axis in ((1, 0), (0, 1)))
    maps = (
        _speeds(velocity, gray.shape, step, near) / side,
        cover,
        far.means(covered) / 255.0,
        around.means(upright) * (EDGE / 100.0),
        around.means(level) * (EDGE / 100.0),
    )
    features = np.stack([one[active] for one in maps], axis=1).astype(np.float32)
    where = np.argwhere(active).astype(np.int16)
    return CellLook(time, features, where, cover.shape)


class _Windows:
    """Square windows around grid points, cut off at the border, over which integral images give means in no time."""

    def __init__(self, height: int, width: int, step: int, size: int, shrunk: int) -> None:
        self._top, self._bottom = _ends(height, step, size, shrunk)
        self._left, self._right = _ends(width, step, size, shrunk)
        self._area = np.outer(self._bottom - self._top, self._right - self._left)

    def means(self, integral: NDArray[Any]) -> NDArray[np.float64]:
        """Means (rows, columns) of the picture (h, w) whose integral (h + 1, w + 1) is given."""
        upper, lower = integral[self._top], integral[self._bottom]
        bands = lower - upper
        return np.asarray((bands.take(self._right, axis=1) - bands.take(self._left, axis=1)) / self._area, np.float64)


@cache
def _windows(height: int, width: int, step: int, size: int, shrunk: int = 1) -> _Windows:
    """Windows of a picture of that size, drawn so many times smaller; every frame of a video needs the same."""
    return _Windows(height, width, step, size, shrunk)


def _ends(length: int, step: int, size: int, shrunk: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    start = np.arange(step // 2, length, step) // shrunk - size // 2
    return np.maximum(start, 0), np.minimum(start + size, round(length / shrunk))


def _speeds(velocity: NDArray[np.float32], shape: tuple[int, ...], step: int, size: int) -> NDArray[np.float64]:
    """Mean speed around each grid point of a picture of `shape`."""
    shrunk = max(1, round(shape[0] / velocity.shape[0]))
    windows = _windows(shape[0], shape[1], step, max(1, size // shrunk), shrunk)
    return windows.means(cv2.integral(cv2.magnitude(*cv2.split(velocity))))


def _edges(gray: NDArray[np.uint8], moving: NDArray[np.uint8], order: tuple[int, int]) -> NDArray[np.int32]:
    """Integral of the strength of edges on what moves, in units of `EDGE`."""
    edges = cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_16S, *order), alpha=1.0 / EDGE)
    return np.asarray(cv2.integral(cv2.bitwise_and(edges, moving), sdepth=cv2.CV_32S), np.int32)
