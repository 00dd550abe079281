"""Drawing into pictures: boxes with tags, text, JPEG. All pictures are RGB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.types import Label, Region

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

ACCENT: dict[Label, Colour] = {"anomalous": (236, 72, 62), "normal": (52, 178, 118), "inconclusive": (232, 166, 44)}
"""One colour a label, bright enough for night pictures; the page has its own for text."""
WHITE: Colour = (240, 242, 244)
BLACK: Colour = (16, 18, 21)


@dataclass(frozen=True)
class Mark:
    """A box to draw."""

    region: Region
    tag: str = ""
    colour: Colour = WHITE


def pixels(region: Region, width: int, height: int) -> tuple[int, int, int, int]:
    """Turn a region into pixels (x0, y0, x1, y1) of a picture."""
    return (
        round(region.x0 * (width - 1)),
        round(region.y0 * (height - 1)),
        round(region.x1 * (width - 1)),
        round(region.y1 * (height - 1)),
    )


def draw_marks(image: Image, marks: Sequence[Mark], *, letters: float = 1 / 16) -> Image:
    """Draw boxes into a copy of a picture, each with a dark rim so that it stands out from anything.

    Args:
        image: (height, width, 3).
        marks: The boxes.
        letters: Height of tags, as a share of the picture's.
    """
    canvas = image.copy()
    height, width = canvas.shape[:2]
    thick = max(2, round(min(width, height) / 160))
    for mark in marks:
        x0, y0, x1, y1 = pixels(mark.region, width, height)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), BLACK, thick + 2)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), mark.colour, thick)
    taken: list[tuple[int, int, int, int]] = []
    for mark in marks:
        if mark.tag:
            taken.append(_tag(canvas, mark, max(12, round(height * letters)), taken))
    return canvas


def _tag(canvas: Image, mark: Mark, size: int, taken: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """Write a tag at a corner of its box where no other tag lies, and return where."""
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = pixels(mark.region, width, height)
    w, h = text_width(mark.tag, size, 600) + size // 2, round(1.4 * size)
    corners = [(x0, y0 - h), (x1 - w, y0 - h), (x0, y1), (x1 - w, y1)]
    places = [(max(0, min(x, width - w)), max(0, min(y, height - h))) for x, y in corners]
    x, y = next((p for p in places if not any(_overlap((*p, w, h), other) for other in taken)), places[0])
    cv2.rectangle(canvas, (x, y), (x + w, y + h), mark.colour, cv2.FILLED)
    write(canvas, mark.tag, (x + size // 4, y + round(1.05 * size)), BLACK, size, 600)
    return x, y, w, h


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@cache
def _face() -> cv2.FontFace:
    """OpenCV's built-in outline font; it knows Latin, Cyrillic, Greek and Chinese, unlike the Hershey strokes."""
    return cv2.FontFace("sans")


def write(image: Image, text: str, at: tuple[int, int], colour: Colour, size: int, weight: int = 400) -> None:
    """Write a line of text with its base line at pixel `at`, in place."""
    cv2.putText(image, text, at, colour, _face(), size, weight)


def text_width(text: str, size: int, weight: int = 400) -> int:
    """Pixels that a line of text takes."""
    return int(cv2.getTextSize((1, 1), text, (0, 0), _face(), size, weight)[2])


def wrap(text: str, width: int, size: int, lines: int) -> list[str]:
    """Break text into at most `lines` lines of `width` pixels; what does not fit is cut with an ellipsis."""
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if text_width(longer, size) <= width or not rows[-1]:
            rows[-1] = longer
        elif len(rows) < lines:
            rows.append(word)
        else:
            rows[-1] += " …"
            break
    return rows


def to_jpeg(image: Image, quality: int = 82) -> bytes:
    """Encode an RGB picture."""
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def fit(image: Image, side: int, *, enlarge: bool = False) -> Image:
    """Shrink a picture so that its longer side is at most `side` pixels; with `enlarge`, exactly that."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    if factor == 1 or (factor > 1 and not enlarge):
        return image
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=way), dtype=np.uint8)
