"""Shapes with soft edges: solids in metres become outlines in pixels, outlines a sprite, that goes into a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from examples.scenes.camera import Array, Box, Camera

Colour = tuple[float, float, float]
Image = NDArray[np.uint8]
Outline = NDArray[np.floating]

Band = tuple[Sequence[Sequence[float]], Sequence[float]]
"""A solid stretched around balls: middles (x, y, z) and radii in metres."""

_CIRCLE = np.stack([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)], -1)
_FINE = 3  # sprites are drawn this many times larger and shrunk, which is what makes their edges soft
_SHIFT = 4  # fractional bits of cv2's polygon corners


class Shape(NamedTuple):
    """A filled convex polygon, or a closed line where `stroke` is its width in pixels."""

    points: Outline
    colour: Colour
    stroke: float = 0.0


@dataclass(frozen=True)
class Sprite:
    """A small picture with premultiplied alpha (h, w, 4), and where its upper left corner lies."""

    rgba: Image
    x: int
    y: int


def shade(colour: Colour, gain: float) -> Colour:
    """The colour under more or less light."""
    return colour[0] * gain, colour[1] * gain, colour[2] * gain


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The colour `share` of the way from the first to the second."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))  # type: ignore[return-value]


def hull(uv: Array, radii: Array | Sequence[float]) -> Outline:
    """Outline of a band stretched around circles at `uv` (n, 2) with these radii, all in pixels."""
    rim = uv[:, None, :] + _CIRCLE * np.asarray(radii)[:, None, None]
    return np.asarray(cv2.convexHull(rim.reshape(-1, 2).astype(np.float32))[:, 0], np.float32)


def limb(uv: Array, radii: Array, colour: Colour, sun: float) -> list[Shape]:
    """A rounded solid: its dark outline, and the lit side, shifted towards the light (`sun` < 0: from the left)."""
    lit = uv + radii[:, None] * np.array([0.30 * sun, -0.16])
    return [Shape(hull(uv, radii), shade(colour, 0.74)), Shape(hull(lit, radii * 0.70), shade(colour, 1.06))]


def box(
    camera: Camera, centre: Sequence[float], size: Sequence[float], colour: Colour, turn: float = 0.0
) -> list[Shape]:
    """A box standing on z = centre[2], `turn` radians about its upright axis: its visible faces, the far ones first."""
    w, d, h = size
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array([w, d]) / 2
    turned = corner @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + np.asarray(centre[:2])
    low = np.column_stack([turned, np.full(4, centre[2])])
    uv, depth = camera.project(np.concatenate([low, low + np.array([0, 0, h])]))
    sides = sorted(range(4), key=lambda k: -(depth[k] + depth[(k + 1) % 4]))
    tones = (0.72, 0.86, 0.60, 0.94)
    faces = [Shape(uv[[k, (k + 1) % 4, (k + 1) % 4 + 4, k + 4]], shade(colour, tones[k])) for k in sides]
    return [*faces[2:], Shape(uv[4:], shade(colour, 1.08))]


def pole(camera: Camera, foot: Sequence[float], top: Sequence[float], radius: float, colour: Colour) -> list[Shape]:
    """A round post between two points."""
    uv, depth = camera.project(np.array([foot, top], dtype=np.float64))
    return limb(uv, radius * camera.focal / depth, colour, -0.6)


def cast(camera: Camera, band: Band, sun: tuple[float, float] | None) -> Outline:
    """Outline of a solid's shadow on the ground: `sun` metres aside for each metre of height, or straight below it."""
    points = np.asarray(band[0], dtype=np.float64)
    lean = np.array([*(sun or (0.0, 0.0)), 0.0])
    uv, depth = camera.project(points * np.array([1, 1, 0]) + points[:, 2:] * lean)
    return hull(uv, np.asarray(band[1]) * camera.focal / depth * 0.85)


def bounds(shapes: Iterable[Shape]) -> Box:
    """The box around all shapes, pixels."""
    points = np.concatenate([s.points for s in shapes])
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def sprite(shapes: Sequence[Shape], width: int, height: int, margin: int = 2) -> Sprite | None:
    """Draw shapes in order into a sprite clipped to a picture of this size; None where nothing of it lies inside."""
    x0, y0, x1, y1 = bounds(shapes)
    left, top = max(0, int(x0) - margin), max(0, int(y0) - margin)
    right, bottom = min(width, int(x1) + margin + 1), min(height, int(y1) + margin + 1)
    if right <= left or bottom <= top:
        return None
    fine = np.zeros(((bottom - top) * _FINE, (right - left) * _FINE, 4), np.uint8)
    corners = np.concatenate([s.points for s in shapes]) - np.array([left, top])
    fixed = np.round(corners * (_FINE << _SHIFT)).astype(np.int32)
    colours = np.clip([(*s.colour, 255.0) for s in shapes], 0, 255).tolist()
    start = 0
    for shape, colour in zip(shapes, colours, strict=True):
        outline, start = fixed[start : start + len(shape.points)], start + len(shape.points)
        if shape.stroke:
            cv2.polylines(fine, [outline], True, colour, max(1, round(shape.stroke * _FINE)), cv2.LINE_8, _SHIFT)
        else:
            cv2.fillConvexPoly(fine, outline, colour, cv2.LINE_8, _SHIFT)
    return Sprite(
        cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA).astype(np.uint8), left, top
    )


def blit(picture: Image, item: Sprite, light: Colour = (1.0, 1.0, 1.0)) -> None:
    """Lay a sprite over the picture, in place, under this light."""
    h, w = item.rgba.shape[:2]
    under = picture[item.y : item.y + h, item.x : item.x + w]
    rgba = item.rgba.astype(np.float32)
    mixed = rgba[..., :3] * np.asarray(light, np.float32) + under * (1 - rgba[..., 3:] * np.float32(1 / 255))
    np.clip(mixed, 0, 255, out=mixed)
    under[...] = mixed.astype(np.uint8)


def restore(picture: Image, source: Image, item: Sprite) -> None:
    """Put back, in place, what a sprite covers in another picture of the same size."""
    h, w = item.rgba.shape[:2]
    part = np.s_[item.y : item.y + h, item.x : item.x + w]
    share = item.rgba[..., 3:].astype(np.float32) * np.float32(1 / 255)
    picture[part] = (picture[part] * (1 - share) + source[part] * share).astype(np.uint8)
