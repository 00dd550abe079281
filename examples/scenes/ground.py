"""What lies underfoot: grass, asphalt, slabs and tiles, painted in metres so that perspective comes out by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from examples.scenes.camera import Array

Floats = NDArray[np.float32]


class Spots(NamedTuple):
    """Street x, y of a grid of spots and the metres one of them covers, all of one shape."""

    x: Array
    y: Array
    size: Array


class Grain:
    """Endless noise in street metres, fading where it is finer than a pixel."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._tile = rng.normal(0, 1, (512, 512)).astype(np.float32)

    def __call__(self, spots: Spots, cell: float, stretch: float = 1.0) -> Floats:
        """Noise of deviation about 0.6 with bumps `cell` metres wide, `stretch` times as long across the street."""
        near = np.where(np.isfinite(spots.y), spots.y, 0.0)  # there is no ground above the horizon
        across, away = (
            ((spots.x / cell) % 512).astype(np.float32),
            ((near / cell / stretch) % 512).astype(np.float32),
        )
        seen = np.clip(cell / np.maximum(spots.size, 1e-6) / 1.5, 0, 1).astype(np.float32)
        return np.asarray(
            cv2.remap(self._tile, across, away, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP) * seen, np.float32
        )


def joints(value: Array, every: float, width: float, size: Array) -> Floats:
    """How much of a pixel the straight gaps at every `every` metres cover, 0..1."""
    away = np.abs((value / every + 0.5) % 1 - 0.5) * every
    soft = np.maximum(width, size * 1.2)
    return (np.clip(1 - away / soft, 0, 1) * np.minimum(1, width / soft * 1.3)).astype(np.float32)


def _per_piece(grain: Grain, spots: Spots, across: float, away: float) -> Floats:
    """One value for each slab."""
    whole = Spots(np.floor(spots.x / across) * 7.31, np.floor(spots.y / away) * 5.17, np.full_like(spots.size, 1e-6))
    return grain(whole, 0.77)


def _coloured(colour: tuple[float, float, float], tone: Floats) -> Floats:
    return np.asarray(np.asarray(colour, np.float32) * (1 + tone[..., None]), np.float32)


def grass(spots: Spots, grain: Grain) -> Floats:
    """A mown lawn with worn patches."""
    blades = (
        0.13 * grain(spots, 0.05, 2.0) + 0.10 * grain(spots, 0.22) + 0.07 * grain(spots, 1.1) + 0.06 * grain(spots, 4.0)
    )
    worn = np.clip(grain(spots, 2.3) * 0.4 + grain(spots, 0.6) * 0.15 - 0.45, 0, 0.6)[..., None]
    green = _coloured((86, 104, 56), blades)
    return np.asarray(green * (1 - worn) + _coloured((128, 116, 84), blades) * worn, np.float32)


def asphalt(spots: Spots, grain: Grain) -> Floats:
    """Worn tarmac with stains and a few cracks."""
    tone = 0.07 * grain(spots, 0.04) + 0.04 * grain(spots, 0.3) + 0.05 * grain(spots, 1.7) + 0.05 * grain(spots, 6.0)
    crack = np.clip(1 - np.abs(grain(spots, 1.6) + 0.25 * grain(spots, 0.35)) / 0.03, 0, 1) * (grain(spots, 5.0) > 0.35)
    stain = np.clip(grain(spots, 0.8) - 1.0, 0, 1)
    return _coloured((112, 112, 114), tone - 0.22 * crack - 0.18 * stain)


def slabs(spots: Spots, grain: Grain) -> Floats:
    """Large concrete slabs with dark joints."""
    tone = (
        0.05 * grain(spots, 0.05)
        + 0.04 * grain(spots, 0.5)
        + 0.05 * grain(spots, 3.0)
        + 0.05 * _per_piece(grain, spots, 1.8, 1.8)
    )
    gap = np.maximum(joints(spots.x, 1.8, 0.02, spots.size), joints(spots.y, 1.8, 0.02, spots.size * 1.5))
    stain = np.clip(grain(spots, 0.7) + 0.4 * grain(spots, 0.2) - 1.1, 0, 1)
    return _coloured((158, 154, 146), tone - 0.38 * gap - 0.15 * stain)


def paving(spots: Spots, grain: Grain) -> Floats:
    """Small two-coloured pavement stones."""
    each = _per_piece(grain, spots, 0.6, 0.4)
    gap = np.maximum(joints(spots.x, 0.6, 0.015, spots.size), joints(spots.y, 0.4, 0.015, spots.size * 1.5))
    tone = 0.05 * grain(spots, 0.04) + 0.05 * grain(spots, 1.2) + 0.05 * grain(spots, 5.0) + 0.06 * each
    red = np.clip(each * 0.8 - 0.3, 0, 0.55)[..., None]
    base = _coloured((142, 136, 128), tone - 0.3 * gap)
    return np.asarray(base * (1 - red) + _coloured((150, 118, 104), tone - 0.3 * gap) * red, np.float32)


def tiles(spots: Spots, grain: Grain) -> Floats:
    """Polished floor tiles of a hall, with dark bands and a soft shine."""
    gap = np.maximum(joints(spots.x, 0.9, 0.012, spots.size), joints(spots.y, 0.9, 0.012, spots.size * 1.5))
    band = ((spots.x % 7.2) < 0.9) | ((spots.y % 5.4) < 0.9)
    tone = 0.025 * grain(spots, 0.06) + 0.03 * grain(spots, 1.0) + 0.04 * _per_piece(grain, spots, 0.9, 0.9)
    shine = 0.10 * np.cos(spots.x * 2 * np.pi / 5.0) + 0.06 * np.cos(spots.y * 2 * np.pi / 6.0)
    return _coloured((170, 166, 158), tone + shine.astype(np.float32) - 0.25 * gap - 0.28 * band)


MATERIALS: dict[str, Callable[[Spots, Grain], Floats]] = {
    "grass": grass,
    "asphalt": asphalt,
    "slabs": slabs,
    "paving": paving,
    "tiles": tiles,
}


def paint(canvas: Floats, where: NDArray[np.bool_], material: str, spots: Spots, grain: Grain) -> None:
    """Paint a material into the marked pixels of a picture, in place."""
    if where.any():
        rows, cols = np.any(where, axis=1).nonzero()[0], np.any(where, axis=0).nonzero()[0]
        part = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        painted = MATERIALS[material](Spots(spots.x[part], spots.y[part], spots.size[part]), grain)
        canvas[part][where[part]] = painted[where[part]]


def tint(canvas: Floats, share: Floats, colour: tuple[float, float, float]) -> None:
    """Mix a colour into a picture where `share` is above 0, in place: lines, kerbs, covers."""
    canvas += share[..., None] * (np.asarray(colour, np.float32) - canvas)
