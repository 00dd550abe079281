"""What people ride and carry: bicycles and bags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from examples.scenes.body import from_body
from examples.scenes.camera import Camera
from examples.scenes.drawing import Band, Colour, Shape, box, hull, mix
from examples.scenes.gait import BAR, CRANK, CRANK_ARM, SADDLE


def bicycle(
    camera: Camera, x: float, y: float, heading: float, turn: float, colour: Colour
) -> tuple[list[Shape], list[Shape]]:
    """A bicycle below its rider: what lies behind the rider's legs, and the crank that lies before them."""
    rear, front = (-0.42, 0.33), (0.63, 0.33)
    axle, bar, saddle = CRANK, BAR, (0.0, SADDLE - 0.06)
    tubes = [
        (rear, axle),
        (axle, saddle),
        (rear, (0.03, 0.72)),
        (axle, (0.48, 0.82)),
        ((0.05, 0.78), (0.48, 0.86)),
        (front, bar),
    ]
    shapes = [_wheel(camera, x, y, heading, hub) for hub in (rear, front)]
    for start, end in tubes:
        shapes += _rod(camera, x, y, heading, [(start[0], 0.0, start[1]), (end[0], 0.0, end[1])], 0.024, colour)
    shapes += _rod(camera, x, y, heading, [(bar[0], -0.24, bar[1]), (bar[0], 0.24, bar[1])], 0.022, (40, 40, 42))
    shapes += _rod(camera, x, y, heading, [(-0.13, 0.0, saddle[1]), (0.13, 0.0, saddle[1])], 0.045, (30, 30, 32))
    pedal = (axle[0] + CRANK_ARM * np.sin(turn), 0.1, axle[1] + CRANK_ARM * np.cos(turn))
    crank = _rod(camera, x, y, heading, [(axle[0], 0.06, axle[1]), pedal], 0.02, (60, 60, 62))
    return shapes, crank


def _wheel(camera: Camera, x: float, y: float, heading: float, hub: tuple[float, float]) -> Shape:
    at = np.arange(24) * np.pi / 12
    rim = np.stack([hub[0] + 0.32 * np.cos(at), np.zeros(24), hub[1] + 0.32 * np.sin(at)], -1)
    uv, depth = camera.project(from_body(rim, x, y, heading))
    return Shape(uv, (28, 28, 30), max(1.0, float(0.05 * camera.focal / depth.mean())))


def _rod(
    camera: Camera,
    x: float,
    y: float,
    heading: float,
    ends: Sequence[tuple[float, float, float]],
    radius: float,
    colour: Colour,
) -> list[Shape]:
    uv, depth = camera.project(from_body(np.array(ends, dtype=np.float64), x, y, heading))
    return [Shape(hull(uv, np.maximum(radius * camera.focal / depth, 0.5)), colour)]


def wheels_shadow(x: float, y: float, heading: float) -> Band:
    """What throws a bicycle's shadow."""
    hubs = from_body(np.array([[-0.42, 0.0, 0.33], [0.63, 0.0, 0.33]]), x, y, heading)
    return hubs.tolist(), (0.2, 0.2)


def bag(camera: Camera, at: Sequence[float], heading: float, colour: Colour, size: Sequence[float]) -> list[Shape]:
    """A bag whose underside is at `at` (x, y, z), with its handle."""
    uv, depth = camera.project(np.array([[at[0], at[1], at[2] + size[2] + 0.04]]))
    grip = Shape(hull(uv, 0.07 * camera.focal / depth), mix(colour, (0, 0, 0), 0.4))
    return [grip, *box(camera, at, size, colour, heading)]
