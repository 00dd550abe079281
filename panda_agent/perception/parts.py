"""Parts of a picture: cut out, and placed back into the whole."""

from __future__ import annotations

import numpy as np

from panda_agent.perception.picture_quality import Picture
from panda_agent.types import Region

SMALLEST = 2
"""Pixels: no part is narrower or lower."""


def part_of(image: Picture, region: Region) -> Picture:
    """A copy of what lies in a region of a picture (h, w, 3)."""
    height, width = image.shape[:2]
    x0, x1 = _ends(region.x0, region.x1, width)
    y0, y1 = _ends(region.y0, region.y1, height)
    return np.array(image[y0:y1, x0:x1])


def in_whole(region: Region, part: Region) -> Region:
    """A region of a part as a region of the whole picture."""
    w, h = part.x1 - part.x0, part.y1 - part.y0
    box = (part.x0 + region.x0 * w, part.y0 + region.y0 * h, part.x0 + region.x1 * w, part.y0 + region.y1 * h)
    return Region.of_pixels(box, 1, 1)


def _ends(first: float, last: float, length: int) -> tuple[int, int]:
    start = max(0, min(int(first * length), length - SMALLEST))
    return start, min(length, max(round(last * length), start + SMALLEST))
