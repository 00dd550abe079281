"""Velocity carried along with what moves: what goes on at one pace stands out, and legs that swing don't."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.flow import Flow

SHRUNK = 4
"""The picture is so many times larger: what goes somewhere is not smaller."""
SECONDS = 0.4
"""Time in which a past velocity counts for 1/e: half a step, in which a swinging leg goes twice the pace of its body
and stands still. Over a second, flow that is a little wrong has carried it off to somewhere else."""


class CarriedFlow:
    """An exponential average of flow along the paths of what moves (semi-Lagrangian: Staniforth and Côté, 1991)."""

    def __init__(self) -> None:
        self._velocity: Flow | None = None
        self._time: float | None = None

    def update(self, flow: Flow, time: float, shape: tuple[int, ...]) -> Flow:
        """The average velocity of what is at each place now.

        Args:
            flow: (h / n, w / n, 2) from the frame before, pixels of the whole picture per second; that of the first
                frame says nothing.
            time: Seconds.
            shape: (h, w) of the whole picture.

        Returns:
            (h / `SHRUNK`, w / `SHRUNK`, 2), pixels of the picture per second.
        """
        height, width = shape[:2]
        size = max(1, round(width / SHRUNK)), max(1, round(height / SHRUNK))
        small = np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR), np.float32)
        before, self._time = self._time, time
        if before is None:
            return small
        step = max(0.0, time - before)
        if self._velocity is not None:
            small = _mixed(small, self._velocity, step)
        self._velocity = small
        return small


def _mixed(flow: Flow, past: Flow, step: float) -> Flow:
    """New flow, and past velocity fetched from where what is here now came from."""
    x, y = _grid(flow.shape[1], flow.shape[0])
    way = flow * np.float32(step / SHRUNK)
    there = cv2.remap(past, x - way[..., 0], y - way[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    keep = math.exp(-step / SECONDS)
    return np.asarray(cv2.addWeighted(flow, 1.0 - keep, there, keep, 0.0), np.float32)


@cache
def _grid(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y
