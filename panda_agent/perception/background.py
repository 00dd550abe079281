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

LEAST_FOR_HALVES = 8
"""Pictures from which on each half has a median worth the name."""
CLEARLY = 1.25
"""So many times stronger edges along an outline show that a thing lies there."""
_CROSS = np.ones((3, 3), np.uint8)


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
        self.threshold = _noise_threshold(stack)
        median = _empty(stack, self.threshold).astype(np.float32)
        self._fast = median.copy()
        self._slow = median
        self._fast_rate = 1.0 / max(1.0, FAST_SECONDS * rate)
        self._slow_rate = 1.0 / max(1.0, SLOW_SECONDS * rate)

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


def _empty(stack: NDArray[np.uint8], threshold: float) -> Gray:
    """The picture without what moves or came and went: the median, and where both halves differ, the emptier half.

    Who falls and lies still for the longer part would else be the background of the time before, and who stands there
    first and then leaves would leave a ghost. A thing shows its outline, the ground behind it has none there.
    """
    median = _median(stack)
    if len(stack) < LEAST_FOR_HALVES:
        return median
    halves = _median(stack[: len(stack) // 2]), _median(stack[len(stack) // 2 :])
    differs = cv2.medianBlur(cv2.threshold(cv2.absdiff(*halves), threshold, 255, cv2.THRESH_BINARY)[1], 5)
    edges = [cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, _CROSS) for picture in (median, *halves)]
    count, labels = cv2.connectedComponents(np.asarray(differs, np.uint8))
    for label in range(1, count):
        patch = np.asarray(labels == label, np.uint8)
        outline = cv2.morphologyEx(patch, cv2.MORPH_GRADIENT, _CROSS) > 0
        whole, first, last = (float(edge[outline].mean()) for edge in edges)
        if CLEARLY * min(first, last) < whole:
            # The rim too: there the difference fades out below the threshold.
            around = cv2.dilate(patch, _CROSS, iterations=2) > 0
            median[around] = halves[0 if first < last else 1][around]
    return median


def _median(stack: NDArray[np.uint8]) -> Gray:
    return np.asarray(np.median(stack, axis=0), np.uint8)


def _noise_threshold(stack: NDArray[np.uint8]) -> float:
    """Four standard deviations of the sensor noise (from frame-to-frame differences), at least 14 grey levels."""
    if len(stack) < 2:
        return 20.0
    steps = np.abs(np.diff(stack.astype(np.int16), axis=0))
    noise = float(np.median(steps)) / 0.954  # median |difference| of two normal samples = 0.954 sigma
    return float(np.clip(4.0 * noise, 14.0, 60.0))
