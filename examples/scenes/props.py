"""Things that stand about: benches, lamps, bins, bollards, planters, pillars, trees; people go round and behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from examples.scenes.camera import Array, Camera
from examples.scenes.drawing import Band, Colour, Shape, box, hull, pole, shade


@dataclass(frozen=True)
class Prop:
    """A thing on a spot of the ground."""

    kind: str
    x: float
    y: float
    shapes: tuple[Shape, ...]
    shadow: tuple[Band, ...]
    """Solids that throw its shadow."""
    girth: float
    """Metres around the spot that nobody steps on."""
    sways: bool = False
    lamp: tuple[float, float, float] | None = None
    """Where its light burns at night."""


def bench(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A bench that faces the camera's side of the street."""
    wood, iron = (126.0, 92.0, 60.0), (58.0, 58.0, 60.0)
    shapes: list[Shape] = []
    for side in (-0.7, 0.7):
        shapes += box(camera, (x + side, y, 0), (0.08, 0.42, 0.42), iron)
    shapes += box(camera, (x, y + 0.24, 0.5), (1.7, 0.05, 0.36), shade(wood, 0.95))
    shapes += box(camera, (x, y, 0.42), (1.7, 0.44, 0.05), wood)
    seat: Band = ([(x - 0.85, y, 0.44), (x + 0.85, y, 0.44)], (0.2, 0.2))
    back: Band = ([(x - 0.85, y + 0.24, 0.8), (x + 0.85, y + 0.24, 0.8)], (0.12, 0.12))
    return Prop("bench", x, y, tuple(shapes), (seat, back), 0.75)


def lamp(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A street lamp."""
    height, colour = float(rng.uniform(4.0, 5.5)), (88.0, 94.0, 96.0)
    arm = x + float(rng.choice((-0.9, 0.9)))
    shapes = [
        *pole(camera, (x, y, 0), (x, y, height), 0.06, colour),
        *pole(camera, (x, y, 0), (x, y, 0.8), 0.1, colour),
    ]
    shapes += pole(camera, (x, y, height), (arm, y, height + 0.15), 0.045, colour)
    shapes += box(camera, (arm, y, height + 0.06), (0.6, 0.25, 0.12), (150, 152, 150))
    return Prop(
        "lamp", x, y, tuple(shapes), (([(x, y, 0), (x, y, height)], (0.07, 0.06)),), 0.35, lamp=(arm, y, height)
    )


def bin_(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A litter bin."""
    colour = ((52.0, 74.0, 60.0), (70.0, 72.0, 76.0), (96.0, 60.0, 44.0))[int(rng.integers(3))]
    shapes = [
        *pole(camera, (x, y, 0.22), (x, y, 0.78), 0.24, colour),
        *pole(camera, (x, y, 0.9), (x, y, 0.92), 0.2, shade(colour, 0.5)),
    ]
    return Prop("bin", x, y, tuple(shapes), (([(x, y, 0.2), (x, y, 0.9)], (0.22, 0.2)),), 0.5)


def bollard(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A short post at the kerb."""
    shapes = pole(camera, (x, y, 0.08), (x, y, 0.9), 0.075, (66, 66, 70))
    return Prop("bollard", x, y, tuple(shapes), (([(x, y, 0), (x, y, 0.9)], (0.07, 0.07)),), 0.3)


def pillar(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A pillar of a hall."""
    shapes = [
        *box(camera, (x, y, 0), (0.5, 0.5, 7.0), (178, 174, 164)),
        *box(camera, (x, y, 0), (0.56, 0.56, 0.35), (110, 108, 104)),
    ]
    return Prop("pillar", x, y, tuple(shapes), (([(x, y, 0), (x, y, 3)], (0.25, 0.25)),), 0.7)


def planter(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A concrete tub with a shrub."""
    shapes = box(camera, (x, y, 0), (1.2, 1.2, 0.55), (146, 142, 136))
    shapes += _leaves(camera, rng, np.array([x, y, 0.85]), np.array([0.6, 0.6, 0.42]), 90, 0.10)
    return Prop("planter", x, y, tuple(shapes), (([(x, y, 0.3), (x, y, 0.9)], (0.75, 0.6)),), 1.0)


def tree(camera: Camera, x: float, y: float, rng: np.random.Generator) -> Prop:
    """A street tree."""
    height, wide = float(rng.uniform(2.9, 3.8)), float(rng.uniform(1.2, 1.9))
    trunk = pole(camera, (x, y, 0), (x + 0.1, y, height), 0.13, (84, 70, 56))
    crown = np.array([x + 0.1, y, height + wide * 0.62])
    leaves = _leaves(camera, rng, crown, np.array([wide, wide, wide * 0.8]), 420, 0.15)
    blob: list[Band] = [([tuple(crown + rng.normal(0, wide * 0.42, 3))], (wide * 0.42,)) for _ in range(9)]
    return Prop("tree", x, y, (*trunk, *leaves), (([(x, y, 0), (x, y, height)], (0.13, 0.1)), *blob), 0.55, sways=True)


def _leaves(
    camera: Camera, rng: np.random.Generator, centre: Array, radii: Array, count: int, size: float
) -> list[Shape]:
    away = rng.normal(0, 1, (count, 3))
    away *= (rng.random(count) ** 0.4 / np.linalg.norm(away, axis=1))[:, None]
    away = away[np.argsort(away[:, 2] - away[:, 1] * 0.6)]
    uv, depth = camera.project(centre + away * radii)
    green: Colour = (float(rng.uniform(64, 92)), float(rng.uniform(88, 112)), float(rng.uniform(40, 58)))
    tones = 0.62 + 0.32 * (away[:, 2] + 1) / 2 + rng.normal(0, 0.09, count)
    reach = size * rng.uniform(0.7, 1.5, count) * camera.focal / depth
    return [Shape(hull(uv[k : k + 1], reach[k : k + 1]), shade(green, float(tones[k]))) for k in range(count)]


MAKERS: dict[str, Callable[[Camera, float, float, np.random.Generator], Prop]] = {
    "bench": bench,
    "lamp": lamp,
    "bin": bin_,
    "bollard": bollard,
    "pillar": pillar,
    "planter": planter,
    "tree": tree,
}
