"""How bright the picture is and how much of it changes, a few times a second: a pass that costs little but decoding."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.video import Frame

CHANGED = 15.0
"""Grey levels from one picture to the next by which a place has changed."""
SMOOTH = 1.0
"""Pixels (sigma) of smoothing before pictures are compared, against noise."""


def brightness_curve(frames: Iterable[Frame]) -> NDArray[np.float64]:
    """Measure small frames, one after the other.

    Returns:
        (n, 3): seconds, mean grey level, share of the picture that changed since the frame before (0 for the first).
    """
    table, last = array("d"), None
    for frame in frames:
        gray = cv2.GaussianBlur(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), SMOOTH)
        moved = 0.0 if last is None else float((cv2.absdiff(gray, last) > CHANGED).mean())
        table.extend((frame.time, float(gray.mean()), moved))
        last = gray
    return np.array(table, np.float64).reshape(-1, 3)
