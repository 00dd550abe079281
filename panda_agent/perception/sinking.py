"""Where a body sinks: downward motion, faster above than below, of a person-sized region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.blobs import Blobs, blobs_of
from panda_agent.perception.strides import Stride

Box = tuple[int, int, int, int]
"""Cells: first column, first row, column and row after the last."""

MOVES = 0.3
"""Share of a cell that must have changed."""
SMALLEST = 0.1
"""Least height of a body, picture heights."""
SLOWEST = 0.08
"""Least downward speed of a cell, picture heights/s."""
SINKS = 0.3
"""Least speed worth following, body heights/s: slower than sitting down."""
LEAST_CELLS = 12
"""Fewer cells that go down together are noise."""
LEAST_PART = 0.04
"""Least part of a body that must sink, squared body heights."""
RIM = 0.03
"""Part of the moving cells left out at each end of a body, so that stray cells don't stretch it."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A body whose upper part moves down, at one moment."""

    body: Box
    speed: float
    """Of the fastest fifth of what sinks, body heights/s."""
    squash: float
    """Downward speed of the upper half less that of the lower half, body heights/s."""


def sinking(stride: Stride, recent: Sequence[NDArray[np.float32]]) -> list[Sink]:
    """Find the bodies that sink during a stride.

    Args:
        stride: The newest motion.
        recent: `moving` of the strides just before, with the newest: together they show whole bodies, since of one who
            stands only parts move at a time.
    """
    rows = stride.moving.shape[0]
    u, v = stride.velocity[..., 0], stride.velocity[..., 1]
    down = (stride.moving > MOVES) & (v > SLOWEST) & (v > 0.7 * np.abs(u))
    trace = np.maximum.reduce(recent) > MOVES
    bodies: NDArray[np.integer] | None = None
    found: list[Sink] = []
    parts = _joined(down)
    for i in np.flatnonzero(parts.areas >= LEAST_CELLS):
        bodies = _joined(trace).labels if bodies is None else bodies
        part, area, (x, _, width, _) = parts.mask(i) & down, parts.areas[i], parts.boxes[i].tolist()
        body = _body_under(part, bodies, trace, (x - 1, x + width + 1))
        if body is None:
            continue
        height = body[3] - body[1]
        if area >= LEAST_PART * height**2:
            speed = float(np.percentile(v[part], 80)) * rows / height
            if speed >= SINKS:
                found.append(Sink(body, speed, _squash(stride, body) * rows / height))
    return found


def quantiles(weights: NDArray[np.floating], rim: float) -> tuple[int, int]:
    """First index, and index after the last, of what remains when `rim` of the weight is cut off at each end."""
    total = np.cumsum(weights)
    first, last = np.searchsorted(total, [rim * total[-1], (1 - rim) * total[-1]])
    return int(first), int(last) + 1


def _joined(mask: NDArray[np.bool_]) -> Blobs:
    """Connected cells; closed upwards, since a body breaks into head, trunk and legs."""
    return blobs_of(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8)))


def _body_under(
    part: NDArray[np.bool_], bodies: NDArray[np.integer], trace: NDArray[np.bool_], columns: tuple[int, int]
) -> Box | None:
    """The body that a sinking part belongs to, cut to the part's neighbourhood: people side by side are one blob."""
    owners = np.bincount(bodies[part], minlength=2)
    owners[0] = 0
    x0, x1 = max(0, columns[0]), columns[1]
    mine = ((bodies == owners.argmax()) & trace)[:, x0:x1]
    if mine.sum() < 10:
        return None
    top, bottom = quantiles(mine.sum(axis=1), RIM)
    left, right = quantiles(mine.sum(axis=0), RIM)
    if bottom - top < SMALLEST * len(trace):
        return None
    return x0 + left, top, x0 + right, bottom


def _squash(stride: Stride, body: Box) -> float:
    x0, top, x1, bottom = body
    middle = (top + bottom) // 2
    upper, lower = (_mean_down(stride, slice(*rows), slice(x0, x1)) for rows in ((top, middle), (middle, bottom)))
    return upper - lower


def _mean_down(stride: Stride, rows: slice, columns: slice) -> float:
    moving = stride.moving[rows, columns]
    return float((stride.velocity[rows, columns, 1] * moving).sum() / max(float(moving.sum()), 1e-3))
