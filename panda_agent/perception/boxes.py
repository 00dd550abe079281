"""Motion boxes: connected parts of the foreground mask that are big enough to be something."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.blobs import blobs_of

Boxes = NDArray[np.float32]
"""(n, 4): x0, y0, x1, y1 in pixels of the reduced picture."""

MIN_AREA = 0.0006
"""Smallest blob, share of the picture."""
MAX_SHARE = 0.5
"""More foreground than this is a moving camera or a change of light: no boxes."""


def motion_boxes(moving: NDArray[np.uint8]) -> Boxes:
    """Boxes around the blobs of a foreground mask (h, w), in reading order; none when most of the picture changed."""
    if cv2.countNonZero(moving) > MAX_SHARE * moving.size:
        return np.zeros((0, 4), np.float32)
    side = max(moving.shape)
    # Taller than wide: a person often falls apart into head, trunk and legs.
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (max(3, side // 96), max(3, side // 48)))
    closed = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, kernel)
    blobs = blobs_of(closed)
    big = blobs.areas >= MIN_AREA * moving.size
    x, y, w, h = blobs.boxes[big].astype(np.float32).T
    return np.stack([x, y, x + w, y + h], axis=1)
