"""The long wall behind the street, drawn flat and hung in perspective: bricks, shops, glass, a hall or a hedge."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from examples.scenes.camera import Camera
from examples.scenes.drawing import Colour, Image, mix
from examples.scenes.ground import Floats

_FINE = 36  # pixels a metre
SPAN = 30.0  # metres to the left and right of the camera
DOOR = (0.95, 2.3)  # half width and height, metres


class Front(NamedTuple):
    """A wall's picture, the light of its windows, and where people can go through (255), all flat and of one size."""

    paint: Floats
    glow: Floats
    gap: Image


class _Sheet:
    """A flat drawing of the wall in metres: x along it, z up from the ground."""

    def __init__(self, height: float, colour: Colour) -> None:
        self.height = height
        size = (int(height * _FINE), int(2 * SPAN * _FINE))
        self.paint = np.empty((*size, 3), np.float32)
        self.paint[:] = colour
        self.glow, self.gap = np.zeros_like(self.paint), np.zeros(size, np.uint8)

    def area(self, x: float, z: float, w: float, h: float) -> tuple[slice, slice]:
        top, bottom = (int(max(0.0, self.height - value) * _FINE) for value in (z + h, z))
        left, right = (int(max(0.0, SPAN + value) * _FINE) for value in (x, x + w))
        return slice(top, bottom), slice(left, right)

    def fill(self, x: float, z: float, w: float, h: float, colour: Colour) -> None:
        self.paint[self.area(x, z, w, h)] = colour

    def window(
        self, rng: np.random.Generator, x: float, z: float, w: float, h: float, frame: Colour, lit: bool
    ) -> None:
        """Glass with a frame, a bar and the reflection of a bright sky in its upper part."""
        self.fill(x - 0.07, z - 0.07, w + 0.14, h + 0.14, frame)
        part = self.area(x, z, w, h)
        rows = np.linspace(1, 0, max(1, part[0].stop - part[0].start), dtype=np.float32)[:, None, None]
        sky = np.array([96, 110, 122], np.float32) * rng.uniform(0.5, 1.1)
        self.paint[part] = np.array([38, 42, 48], np.float32) + rows * sky * 0.6
        if lit:
            self.glow[part] = np.array([150, 128, 84], np.float32) * rng.uniform(0.35, 0.9)
        self.fill(x + w / 2 - 0.025, z, 0.05, h, frame)
        self.fill(x, z - 0.14, w, 0.08, mix(frame, (200, 200, 200), 0.4))

    def door(self, x: float, colour: Colour) -> None:
        """A dark doorway people come out of."""
        half, height = DOOR
        self.fill(x - half - 0.14, 0, 2 * half + 0.28, height + 0.16, colour)
        part = self.area(x - half, 0, 2 * half, height)
        self.paint[part] = (26, 25, 26)
        self.gap[part] = 255


def _grainy(sheet: _Sheet, rng: np.random.Generator, amount: float) -> None:
    h, w = sheet.paint.shape[:2]
    for cell, share in ((2, 0.5), (24, 0.6), (160, 0.7)):
        noise = rng.normal(0, amount * share, (h // cell + 2, w // cell + 2)).astype(np.float32)
        sheet.paint *= 1 + cv2.resize(noise, (w, h), interpolation=cv2.INTER_CUBIC)[..., None]


def _brick(rng: np.random.Generator, sheet: _Sheet, door: float) -> None:
    tone = rng.uniform(0.8, 1.1)
    h, w = sheet.paint.shape[:2]
    course, brick = max(1, int(0.09 * _FINE)), int(0.26 * _FINE)
    each = rng.normal(1, 0.09, (h // course + 1, w // brick + 2)).astype(np.float32)
    rows, cols = (
        np.arange(h)[:, None] // course,
        (np.arange(w)[None] + (np.arange(h)[:, None] // course % 2) * brick // 2) // brick,
    )
    sheet.paint[:] = np.array([142, 98, 76], np.float32) * tone * each[rows, cols][..., None]
    sheet.fill(-SPAN, 0, 2 * SPAN, 0.35, (104, 98, 92))
    every, size = rng.uniform(2.6, 3.6), rng.uniform(1.2, 1.7)
    _windows(rng, sheet, door, every, size, 1.5, 1.15, (206, 202, 194))


def _panels(rng: np.random.Generator, sheet: _Sheet, door: float) -> None:
    sheet.paint[:] = np.array([150, 148, 142], np.float32) * rng.uniform(0.8, 1.1)
    for x in np.arange(-SPAN, SPAN, 3.0):
        sheet.fill(x, 0, 0.04, sheet.height, (96, 94, 92))
    for z in np.arange(0.0, sheet.height, 3.2):
        sheet.fill(-SPAN, z, 2 * SPAN, 0.05, (96, 94, 92))
    _windows(rng, sheet, door, 3.0, 2.3, 1.3, 1.1, (74, 78, 84))


def _windows(
    rng: np.random.Generator, sheet: _Sheet, door: float, every: float, w: float, h: float, low: float, frame: Colour
) -> None:
    for z in np.arange(low, sheet.height - h, 3.2):
        for x in np.arange(-SPAN + 0.5, SPAN - w, every):
            if z > 2.6 or abs(x + w / 2 - door) > w / 2 + 1.4:
                sheet.window(rng, float(x), float(z), w, h, frame, bool(rng.random() < 0.4))


def _shops(rng: np.random.Generator, sheet: _Sheet, door: float) -> None:
    x = -SPAN
    while x < SPAN:
        width = float(rng.uniform(4.5, 8.0))
        body = rng.uniform(70, 190) + rng.normal(0, 12, 3)
        sheet.fill(x, 0, width - 0.1, sheet.height, (float(body[0]), float(body[1]), float(body[2])))
        sign = rng.uniform(30, 190, 3)
        sheet.fill(x, 2.75, width - 0.1, 0.7, (float(sign[0]), float(sign[1]), float(sign[2])))
        for letter in np.arange(x + 0.6, x + width - 1.2, 0.42):
            if rng.random() < 0.8:
                sheet.fill(
                    float(letter),
                    2.93,
                    0.26,
                    0.32,
                    mix((float(sign[0]), float(sign[1]), float(sign[2])), (250, 250, 245), 0.75),
                )
        if abs(x + width / 2 - door) > width / 2 + 1.2:
            sheet.window(rng, x + 0.35, 0.5, width - 0.9, 1.95, (60, 58, 56), True)
        for up in np.arange(4.2, sheet.height - 1.6, 3.0):
            for at in np.arange(x + 0.6, x + width - 1.6, 2.1):
                sheet.window(rng, float(at), float(up), 1.1, 1.5, (200, 198, 190), bool(rng.random() < 0.4))
        x += width


def _glass(rng: np.random.Generator, sheet: _Sheet, door: float) -> None:
    sheet.paint[:] = (88, 92, 98)
    for z in np.arange(0.15, sheet.height - 1.4, 1.6):
        for x in np.arange(-SPAN, SPAN - 1.5, 1.6):
            if z > 2.6 or abs(x + 0.75 - door) > 1.9:
                sheet.window(rng, float(x) + 0.05, float(z), 1.48, 1.48, (92, 96, 100), bool(rng.random() < 0.4))


def _station(rng: np.random.Generator, sheet: _Sheet, door: float) -> None:
    sheet.paint[:] = np.array([186, 184, 174], np.float32) * rng.uniform(0.85, 1.05)
    sheet.fill(-SPAN, 0, 2 * SPAN, 1.1, (128, 134, 132))
    sheet.fill(-SPAN, 1.1, 2 * SPAN, 0.12, (70, 84, 110))
    for x in np.arange(-SPAN + 1, SPAN - 2, 4.2):
        if abs(x + 0.6 - door) < 2.4:
            continue
        if rng.random() < 0.6:
            sheet.fill(float(x) - 0.06, 0.94, 1.32, 1.82, (60, 60, 62))
            rows, cols = sheet.area(float(x), 1.0, 1.2, 1.7)
            poster = rng.uniform(60, 200, 3) + rng.normal(0, 42, (5, 3, 1)) + rng.normal(0, 14, (5, 3, 3))
            size = (cols.stop - cols.start, rows.stop - rows.start)
            sheet.paint[rows, cols] = np.clip(
                cv2.resize(poster.astype(np.float32), size, interpolation=cv2.INTER_CUBIC), 20, 235
            )
        elif rng.random() < 0.6:
            sheet.fill(float(x), 0.1, 0.9, 1.75, (66, 88, 120))
            sheet.fill(float(x) + 0.15, 1.15, 0.6, 0.45, (168, 206, 214))


def _hedge(rng: np.random.Generator, sheet: _Sheet, door: float) -> None:
    h, w = sheet.paint.shape[:2]
    leaves = np.zeros((h, w), np.float32)
    for cell, share in ((3, 0.16), (9, 0.18), (40, 0.16), (130, 0.2)):
        noise = rng.normal(0, share, (h // cell + 2, w // cell + 2)).astype(np.float32)
        leaves += cv2.resize(noise, (w, h), interpolation=cv2.INTER_LINEAR)
    light = np.linspace(1.05, 0.55, h, dtype=np.float32)[:, None]
    sheet.paint[:] = np.array([66, 84, 44], np.float32) * ((1 + leaves) * light)[..., None]


_STYLES = {"brick": _brick, "panels": _panels, "shops": _shops, "glass": _glass, "station": _station, "hedge": _hedge}


def front(rng: np.random.Generator, style: str, height: float, door: float | None) -> Front:
    """Draw a wall of this style; `door` is where its doorway stands, None for a wall without one."""
    sheet = _Sheet(height, (140, 140, 140))
    _STYLES[style](rng, sheet, 99.0 if door is None else door)
    if style != "hedge":
        _grainy(sheet, rng, 0.05)
    if door is not None:
        sheet.door(door, (92, 90, 90))
    foot = sheet.area(-SPAN, 0, 2 * SPAN, 0.25)
    sheet.paint[foot] *= np.linspace(1.0, 0.7, foot[0].stop - foot[0].start, dtype=np.float32)[:, None, None]
    return Front(np.clip(sheet.paint, 0, 255), sheet.glow, sheet.gap)


def hang(front: Front, camera: Camera, y: float, scale: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Paint, glow, gap and cover (0..1) of a wall at depth `y` as the camera sees it, `scale` times as fine."""
    h, w = front.gap.shape
    corners = np.array([[x, y, z] for x, z in ((-12, 4), (12, 4), (12, 0), (-12, 0))], dtype=np.float64)
    flat = np.array([[(SPAN + p[0]) * _FINE, h - p[2] * _FINE] for p in corners], np.float32)
    seen = (camera.project(corners)[0] * scale).astype(np.float32)
    matrix, size = cv2.getPerspectiveTransform(flat, seen), (camera.width * scale, camera.height * scale)
    layers = (front.paint, front.glow, front.gap.astype(np.float32) / 255, np.ones((h, w), np.float32))
    paint, glow, gap, cover = (
        np.asarray(cv2.warpPerspective(layer, matrix, size, flags=cv2.INTER_AREA), np.float32) for layer in layers
    )
    return paint, glow, gap, cover
