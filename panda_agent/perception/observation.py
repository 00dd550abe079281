"""What perception noticed: one plain sentence, with its numbers, and where and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.types import Region, TimeSpan


@dataclass(frozen=True, slots=True)
class Observation:
    """What a filter noticed; the tool that runs the filter files it as Evidence."""

    kind: str
    span: TimeSpan
    statement: str
    """One plain sentence with numbers and units."""
    data: dict[str, JsonValue] = field(default_factory=dict)
    """Plain floats, ints, strings, lists; never numpy scalars. `profile` = [[seconds, value], ...] where it varies."""
    region: Region | None = None
    score: float | None = None
    """0..1, how strong by the filter's own scale."""
    family: str | None = None
    """The sense it comes from, where it is not the tool's own (`tracks` for what is seen by following an object)."""
    call_id: str | None = None
    """The ledger's row of the paid call that told it."""
    media: str | None = None
    """A picture kept with the case, relative to the case folder."""
    known_at: float | None = None
    """Second from which it was known, where a recording tells it; else it shows by how far its tool has read."""


def profile_of(times: Iterable[float], values: Iterable[float]) -> list[JsonValue]:
    """`data["profile"]` of an observation that varies: [[seconds, value], ...]."""
    return [[round(float(t), 3), round(float(v), 3)] for t, v in zip(times, values, strict=True)]


def path_of(
    time: NDArray[np.floating], boxes: NDArray[np.floating], size: tuple[int, int], most: int = 60
) -> list[JsonValue]:
    """`data["path"]` of an observation that moves: [[seconds, x0, y0, x1, y1], ...] in shares of the picture.

    Args:
        time: (n,) seconds.
        boxes: (n, 4) pixels.
        size: (width, height) of the picture.
        most: Rows that are kept, evenly.
    """
    picks = np.unique(np.linspace(0, len(time) - 1, min(len(time), most)).astype(int))
    places = ((float(time[i]), Region.of_pixels(boxes[i].tolist(), *size)) for i in picks)
    return [[round(at, 2), place.x0, place.y0, place.x1, place.y1] for at, place in places]
