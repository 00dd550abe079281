"""Text in pictures, by RapidOCR, which carries its networks: no download, no key."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import cv2
import numpy as np

from panda_agent.errors import ToolError
from panda_agent.perception.picture_quality import Picture
from panda_agent.types import Region

CERTAIN = 0.9
"""Confidence from which nobody asks whether a line is mirrored."""
MIRRORED, BETTER = 0.8, 0.1
"""A line is mirrored where it is read from right to left with this confidence, and so much better than as it is."""
SLIMMEST = 3.0
"""Longer by shorter side of what the networks see: they enlarge the shorter one to 736 pixels, whatever the other."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text. Untrusted: whoever holds a sign into the camera wrote it."""

    text: str
    confidence: float
    """0..1, by the network that read it."""
    region: Region
    mirrored: bool = False


class Ocr:
    """Finds and reads lines of text, upright, upside down or mirrored: PP-OCRv4 (Latin and Chinese).

    Raises:
        ToolError: The package is not installed.
    """

    def __init__(self) -> None:
        try:
            rapidocr = import_module("rapidocr_onnxruntime")
        except ImportError as error:
            raise ToolError(
                "Text can't be read: rapidocr-onnxruntime is missing.", hint="pip install rapidocr-onnxruntime"
            ) from error
        self._engine: Any = rapidocr.RapidOCR(text_score=0.0)

    def read(self, image: Picture) -> list[Line]:
        """All lines of a picture (h, w, 3), from top to bottom."""
        bgr = filled_up(np.ascontiguousarray(image[..., ::-1]))
        found, _ = self._engine(bgr)
        size = image.shape[1], image.shape[0]
        return [self._line(bgr, size, corners, text, confidence) for corners, text, confidence in found or ()]

    def _line(
        self, bgr: Picture, size: tuple[int, int], corners: list[list[float]], text: str, confidence: float
    ) -> Line:
        xs, ys = zip(*corners, strict=True)
        region = Region.of_pixels((min(xs), min(ys), max(xs), max(ys)), *size)
        if confidence < CERTAIN:
            other, sure = self._backwards(bgr[int(min(ys)) : int(max(ys)) + 1, int(min(xs)) : int(max(xs)) + 1])
            if sure >= max(MIRRORED, confidence + BETTER):
                return Line(other, round(sure, 4), region, mirrored=True)
        return Line(text, round(float(confidence), 4), region)

    def _backwards(self, cut: Picture) -> tuple[str, float]:
        found, _ = self._engine(np.asarray(cv2.flip(cut, 1), np.uint8), use_det=False, use_cls=False)
        text, confidence = found[0] if found else ("", 0.0)
        return str(text), float(confidence)


def filled_up(image: Picture) -> Picture:
    """Add black below or to the right of a slim picture (h, w, 3): a strip two pixels high would fill the memory."""
    height, width = image.shape[:2]
    below, right = (max(0, round(longer / SLIMMEST) - own) for longer, own in ((width, height), (height, width)))
    return np.asarray(cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT), np.uint8)
