"""Dense optical flow between frames, in pixels per second."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Flow = NDArray[np.float32]
"""(h, w, 2): x to the right and y down, pixels per second."""


class DenseFlow:
    """DIS optical flow (Kroeger et al., ECCV 2016) from one frame to the next; the same bits from any thread."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._gray: NDArray[np.uint8] | None = None
        self._time = 0.0

    def update(self, gray: NDArray[np.uint8], time: float) -> Flow:
        """Flow from the previous frame to this one; zeros for the first frame.

        Args:
            gray: (h, w).
            time: Seconds of this frame.
        """
        if self._gray is None or time <= self._time:
            flow = np.zeros((*gray.shape, 2), np.float32)
        else:
            pixels = self._dis.calc(self._gray, gray, None)  # type: ignore[call-overload]
            flow = np.asarray(pixels, np.float32) / np.float32(time - self._time)
        self._gray, self._time = gray, time
        return flow


class FineFlow:
    """DIS optical flow worked out down to half the picture's size, for what is measured by it rather than only found.

    `DenseFlow` ends at a quarter of the size: there a walker is a few pixels wide, and one who stands beside a rider
    gets part of the rider's velocity.
    """

    HALVED = 2

    def __init__(self) -> None:
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        dis.setFinestScale(0)
        dis.setPatchStride(5)  # as good as every 4th pixel here, and a third cheaper
        dis.setGradientDescentIterations(8)
        self._dis = dis
        self._gray: NDArray[np.uint8] | None = None
        self._time = 0.0

    def update(self, gray: NDArray[np.uint8], time: float) -> Flow:
        """Flow from the previous frame to this one; zeros for the first frame.

        Args:
            gray: (h, w).
            time: Seconds of this frame.

        Returns:
            (h / 2, w / 2, 2), pixels of the whole picture per second.
        """
        size = max(1, gray.shape[1] // self.HALVED), max(1, gray.shape[0] // self.HALVED)
        half = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
        if self._gray is None or time <= self._time:
            flow = np.zeros((*half.shape, 2), np.float32)
        else:
            pixels = self._dis.calc(self._gray, half, None)  # type: ignore[call-overload]
            flow = np.asarray(pixels, np.float32) * np.float32(self.HALVED / (time - self._time))
        self._gray, self._time = half, time
        return flow
