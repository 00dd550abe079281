"""Blobs: the connected parts of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, SupportsIndex

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Blobs:
    """The 8-connected parts of a mask (h, w), in reading order."""

    labels: NDArray[np.integer]
    """(h, w): 0 is the background, blob i has i + 1."""
    boxes: NDArray[np.int32]
    """(n, 4): x, y, width, height in pixels."""
    areas: NDArray[np.int32]
    """(n,) pixels."""

    def __len__(self) -> int:
        return len(self.areas)

    def mask(self, i: SupportsIndex) -> NDArray[np.bool_]:
        """Where blob i is, (h, w)."""
        return np.asarray(self.labels == int(i) + 1, np.bool_)


def blobs_of(mask: NDArray[Any]) -> Blobs:
    """Find the connected parts of what is not 0 in a mask (h, w) of 8 bits."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=_least_type(mask))
    boxes, areas = stats[1:, : cv2.CC_STAT_AREA], stats[1:, cv2.CC_STAT_AREA]
    return Blobs(np.asarray(labels, labels.dtype), np.asarray(boxes, np.int32), np.asarray(areas, np.int32))


def labels_of(mask: NDArray[Any]) -> NDArray[np.integer]:
    """Only the labels of `blobs_of`, which cost less."""
    _, labels = cv2.connectedComponents(mask, connectivity=8, ltype=_least_type(mask))
    return np.asarray(labels, labels.dtype)


def _least_type(mask: NDArray[Any]) -> int:
    """Type of labels: blobs of 16-bit labels are measured in a third of the time of those of 32.

    Of every 2 × 2 pixels only one can begin a blob, which bounds how many there can be.
    """
    height, width = mask.shape
    return cv2.CV_16U if (height + 1) // 2 * ((width + 1) // 2) <= np.iinfo(np.uint16).max else cv2.CV_32S
