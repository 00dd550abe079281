"""Dense optical flow between frames, in pixels per second."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Flow = NDArray[np.float32]
"""(h, w, 2): x to the right and y down, pixels per second."""


class _Steps:
    """DIS optical flow (Kroeger et al., ECCV 2016) from one frame to the next; the same bits from any thread."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._gray: NDArray[np.uint8] | None = None
        self._time = 0.0

    def _step(self, gray: NDArray[np.uint8], time: float) -> tuple[Flow, float]:
        """Flow in pixels since the frame before, and the seconds between; zeros, and a second, for the first frame."""
        before, seconds = self._gray, time - self._time
        self._gray, self._time = gray, time
        if before is None or seconds <= 0:
            return np.zeros((*gray.shape, 2), np.float32), 1.0
        return np.asarray(self._dis.calc(before, gray, None), np.float32), seconds  # type: ignore[call-overload]


class DenseFlow(_Steps):
    """Flow for finding what moves: worked out down to a quarter of the picture's size."""

    def update(self, gray: NDArray[np.uint8], time: float) -> Flow:
        """Flow from the previous frame to this one; zeros for the first frame.

        Args:
            gray: (h, w).
            time: Seconds of this frame.
        """
        pixels, seconds = self._step(gray, time)
        return pixels / np.float32(seconds)


class FineFlow(_Steps):
    """Flow for measuring by it: worked out down to half the picture's size.

    At a quarter a walker is a few pixels wide, and one who stands beside a rider gets part of the rider's velocity.
    """

    HALVED = 2

    def __init__(self) -> None:
        super().__init__()
        self._dis.setFinestScale(0)
        self._dis.setPatchStride(5)  # as good as every 4th pixel here, and a third cheaper
        self._dis.setGradientDescentIterations(8)

    def update(self, gray: NDArray[np.uint8], time: float) -> Flow:
        """Flow from the previous frame to this one; zeros for the first frame.

        Args:
            gray: (h, w).
            time: Seconds of this frame.

        Returns:
            (h / 2, w / 2, 2), pixels of the whole picture per second.
        """
        size = max(1, gray.shape[1] // self.HALVED), max(1, gray.shape[0] // self.HALVED)
        pixels, seconds = self._step(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), time)
        return pixels * np.float32(self.HALVED / seconds)
