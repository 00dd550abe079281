"""Two-rate background: what changed just now, and what changed and stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Mask = NDArray[np.uint8]

FAST_SECONDS = 120.0
"""Time in which the fast background swallows something that stands still."""
SLOW_SECONDS = 1200.0
"""The same for the slow background; an object left behind is seen by it long after the fast one forgot it."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """Masks (h, w) of 0 and 255."""

    moving: Mask
    """Differs from the fast background."""
    static: Mask
    """Differs from the slow background but no longer from the fast one."""
    share: float
    """Part of the picture that `moving` covers, 0..1."""


class Background:
    """Background subtraction against a fast and a slow running mean, both seeded by a median picture.

    Args:
        first: Gray frames (h, w) spread over the start of the video (or all of a short one).
        rate: Frames per second that `update` will be called with.
    """

    def __init__(self, first: Sequence[Gray], rate: float) -> None:
        stack = np.stack(first)
        median = np.median(stack, axis=0).astype(np.float32)
        self._fast = median.copy()
        self._slow = median
        self._fast_rate = 1.0 / max(1.0, FAST_SECONDS * rate)
        self._slow_rate = 1.0 / max(1.0, SLOW_SECONDS * rate)
        self.threshold = _noise_threshold(stack)

    def update(self, gray: Gray) -> Foreground:
        """Compare a frame with both backgrounds, then let them learn from it."""
        moving = _differs(gray, self._fast, self.threshold)
        lasting = _differs(gray, self._slow, self.threshold)
        cv2.accumulateWeighted(gray, self._fast, self._fast_rate)
        # What moves now must not be painted into the slow background, or a queue would wear a hole into it.
        cv2.accumulateWeighted(gray, self._slow, self._slow_rate, mask=cv2.bitwise_not(moving))
        static = np.asarray(cv2.bitwise_and(lasting, cv2.bitwise_not(moving)), np.uint8)
        return Foreground(moving=moving, static=static, share=cv2.countNonZero(moving) / moving.size)


def _differs(gray: Gray, background: NDArray[np.float32], threshold: float) -> Mask:
    difference = cv2.absdiff(gray, cv2.convertScaleAbs(background))
    _, mask = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
    return np.asarray(cv2.medianBlur(mask, 5), dtype=np.uint8)


def _noise_threshold(stack: NDArray[np.uint8]) -> float:
    """Four standard deviations of the sensor noise (from frame-to-frame differences), at least 14 grey levels."""
    if len(stack) < 2:
        return 20.0
    steps = np.abs(np.diff(stack.astype(np.int16), axis=0))
    noise = float(np.median(steps)) / 0.954  # median |difference| of two normal samples = 0.954 sigma
    return float(np.clip(4.0 * noise, 14.0, 60.0))
