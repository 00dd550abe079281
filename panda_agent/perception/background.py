"""The background and what differs from it: a running mean, seeded by a first look at the video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.medians import median_picture, median_step

Gray = NDArray[np.uint8]
Mask = NDArray[np.uint8]

SWALLOW_SECONDS = 120.0
"""Time in which the background swallows something that stands still; `settled` remembers what was there before."""
LEAST_FOR_HALVES = 8
"""Pictures from which on each half has a median worth the name."""
CLEARLY = 1.25
"""So many times stronger edges along an outline show that a thing lies there."""
_CROSS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Foreground:
    """What differs from the background."""

    moving: Mask
    """(h, w) of 0 and 255."""
    share: float
    """Part of the picture that `moving` covers, 0..1."""


class Background:
    """Background subtraction against a running mean, seeded by a median picture.

    Args:
        first: Gray frames (h, w) spread over the start of the video (or all of a short one).
        rate: Frames per second that `update` will be called with.
    """

    def __init__(self, first: Sequence[Gray], rate: float) -> None:
        stack = np.stack(first)
        self.threshold = _noise_threshold(stack)
        self._mean = _empty(stack, self.threshold).astype(np.float32)
        self._rate = 1.0 / max(1.0, SWALLOW_SECONDS * rate)

    def update(self, gray: Gray) -> Foreground:
        """Compare a frame (h, w) with the background, then let that learn from it."""
        moving = _differs(gray, self._mean, self.threshold)
        cv2.accumulateWeighted(gray, self._mean, self._rate)
        return Foreground(moving=moving, share=cv2.countNonZero(moving) / moving.size)


def _differs(gray: Gray, background: NDArray[np.float32], threshold: float) -> Mask:
    difference = cv2.absdiff(gray, cv2.convertScaleAbs(background))
    _, mask = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
    # Most of 5 × 5: what cv2.medianBlur gives for a mask, in a quarter of its time.
    _, mask = cv2.threshold(cv2.blur(mask, (5, 5), borderType=cv2.BORDER_REPLICATE), 127, 255, cv2.THRESH_BINARY)
    return np.asarray(mask, np.uint8)


def _empty(stack: NDArray[np.uint8], threshold: float) -> Gray:
    """The picture without what moves or came and went: the median, and where both halves differ, the emptier half.

    Who falls and lies still for the longer part would else be the background of the time before, and who stands there
    first and then leaves would leave a ghost. A thing shows its outline, the ground behind it has none there.
    """
    median = median_picture(stack)
    if len(stack) < LEAST_FOR_HALVES:
        return median
    halves = median_picture(stack[: len(stack) // 2]), median_picture(stack[len(stack) // 2 :])
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


def _noise_threshold(stack: NDArray[np.uint8]) -> float:
    """Four standard deviations of the sensor noise (from frame-to-frame differences), at least 14 grey levels."""
    if len(stack) < 2:
        return 20.0
    noise = median_step(stack) / 0.954  # median |difference| of two normal samples = 0.954 sigma
    return float(np.clip(4.0 * noise, 14.0, 60.0))
