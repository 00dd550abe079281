"""Motion cell by cell: how fast, how much, how textured, on a grid over the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.look import Look
from panda_agent.perception.perceiver import Pixels

NAMES = ("speed", "cover", "cover_around", "upright_edges", "level_edges")
"""The features of a cell, in this order."""
VERSION = 1
"""Changes whenever the features do: memories of another version are learnt anew."""
STEP, NEAR, WIDE = 48, 16, 8
"""The longer side of the picture holds 48 cells; features are means over a sixteenth and an eighth of it."""
ACTIVE = 0.1
"""Least foreground cover of a cell that is compared: below it there is nothing to look at."""

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


def cells_of(look: Look | Pixels) -> CellLook:
    """Measure the active cells of a look.

    The features are those of simple crowd models (speed and occupancy of spatial cells, e.g. Adam et al., PAMI 2008)
    with the strength of upright and level edges on what moves, which tells wheels and boxes from walking people.
    """
    side = max(look.gray.shape)
    step, near, wide = max(2, side // STEP), max(3, side // NEAR), max(6, side // WIDE)
    moving = look.foreground.moving.astype(np.float32) / 255.0
    rows = np.arange(step // 2, look.gray.shape[0], step)
    columns = np.arange(step // 2, look.gray.shape[1], step)
    at = np.ix_(rows, columns)
    cover = _mean(moving, near)[at]
    active = cover >= ACTIVE
    speed = np.hypot(look.flow[..., 0], look.flow[..., 1]) / np.float32(side)
    upright = np.abs(cv2.Sobel(look.gray, cv2.CV_32F, 1, 0)) * moving / np.float32(100.0)
    level = np.abs(cv2.Sobel(look.gray, cv2.CV_32F, 0, 1)) * moving / np.float32(100.0)
    maps = (_mean(speed, near), _mean(moving, near), _mean(moving, wide), _mean(upright, near), _mean(level, near))
    features = np.stack([one[at][active] for one in maps], axis=1).astype(np.float32)
    where = np.argwhere(active).astype(np.int16)
    return CellLook(look.time, features, where, (len(rows), len(columns)))


def _mean(picture: NDArray[np.floating], size: int) -> NDArray[np.float32]:
    return np.asarray(cv2.blur(np.asarray(picture, np.float32), (size, size)), np.float32)
