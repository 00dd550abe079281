"""Slower looks for what changes slowly: a clock that lets some frames pass, and the picture at half size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


class Pace:
    """Says which frames are due, so that a filter looks about `hz` times a second whatever the rate of the video.

    Args:
        hz: Looks a second that are wanted.
        rate: Frames a second that are offered.
    """

    def __init__(self, hz: float, rate: float) -> None:
        # Half a frame of slack: timestamps jitter, and a look that comes a hair too early would cost a whole frame.
        self._step = max(0.0, 1.0 / hz - 0.5 / rate)
        self._last: float | None = None

    def due(self, time: float) -> bool:
        """Whether the frame at this second is to be looked at."""
        if self._last is not None and time - self._last < self._step:
            return False
        self._last = time
        return True


def half(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Halve the sides by averaging, which halves the noise too."""
    height, width = picture.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
