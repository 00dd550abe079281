"""Where a video plays: one of five kinds of place, its camera, its light, and what stands about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from examples.scenes.camera import Camera
from examples.scenes.drawing import Colour
from examples.scenes.props import MAKERS, Prop

SIZES = ((320, 240), (352, 288), (480, 270), (480, 360), (640, 360))


class Plan(NamedTuple):
    """A kind of place."""

    around: str
    """Ground beside the walk."""
    walk: str
    """Ground of the walk."""
    walls: tuple[str, ...]
    """Styles its wall may have."""
    setback: tuple[float, float]
    """Metres from the walk to the wall, at least and at most."""
    props: tuple[str, ...]
    """What stands there."""


PLANS: Mapping[str, Plan] = {
    "campus": Plan("grass", "slabs", ("brick", "panels"), (3.5, 6.0), ("tree", "tree", "bench", "lamp", "bin")),
    "street": Plan(
        "paving", "paving", ("shops", "brick"), (0.8, 1.6), ("bin", "lamp", "bollard", "bollard", "bollard", "tree")
    ),
    "plaza": Plan("slabs", "slabs", ("glass", "panels"), (2.0, 4.5), ("planter", "planter", "bench", "bench", "lamp")),
    "station": Plan("tiles", "tiles", ("station",), (1.5, 3.0), ("pillar", "pillar", "bench", "bin")),
    "park": Plan("grass", "asphalt", ("hedge",), (4.0, 7.0), ("tree", "tree", "tree", "bench", "lamp", "bin")),
}


class Light(NamedTuple):
    """How a place is lit."""

    night: bool
    sun: tuple[float, float] | None
    """Metres a shadow falls for each metre of height, or None under clouds and roofs."""
    shadow: float
    """How much light a shadow takes away, 0..1."""
    colour: Colour
    """Gain of red, green and blue."""
    side: float
    """-1..1: the side of the picture the light comes from."""


@dataclass(frozen=True)
class Place:
    """A place; metres in the street's axes (see camera)."""

    kind: str
    camera: Camera
    plan: Plan
    wall: str
    walk: tuple[float, float]
    """Depths y between which people walk."""
    wall_y: float
    wall_height: float
    door: float | None
    light: Light
    props: tuple[Prop, ...]

    def find(self, kind: str) -> list[Prop]:
        """What stands here of one kind."""
        return [p for p in self.props if p.kind == kind]

    def free(self, x: float, y: float, room: float) -> bool:
        """Whether a spot keeps `room` metres from everything that stands here."""
        return all(np.hypot(x - p.x, y - p.y) > p.girth + room for p in self.props)

    def open_spot(self, rng: np.random.Generator, room: float = 0.6, inner: float = 0.22) -> tuple[float, float]:
        """A spot on the walk that is well inside the picture and not hidden by what stands before it."""
        for _ in range(60):
            y = float(rng.uniform(*self.walk))
            left, right = self.camera.edge(y, -1), self.camera.edge(y, 1)
            x = float(rng.uniform(left + inner * (right - left), right - inner * (right - left)))
            if self.free(x, y, room) and not any(abs(p.x - x) < p.girth + 0.7 and p.y < y for p in self.props):
                return x, y
        return (left + right) / 2, y


def some_place(rng: np.random.Generator) -> Place:
    """A place picked at random."""
    kind = str(rng.choice(list(PLANS)))
    plan = PLANS[kind]
    camera, middle = _camera(rng)
    walk = (middle - float(rng.uniform(3.0, 4.0)), middle + float(rng.uniform(1.6, 3.0)))
    wall = str(rng.choice(plan.walls))
    wall_y = walk[1] + float(rng.uniform(*plan.setback))
    door = float(rng.uniform(-0.5, 0.5) * 8 + np.tan(camera.yaw) * wall_y) if wall != "hedge" else None
    light = _light(rng, indoors=kind == "station")
    height = float(rng.uniform(2.0, 2.8)) if wall == "hedge" else 12.0
    props = _props(rng, camera, plan, walk, wall_y, door)
    return Place(kind, camera, plan, wall, walk, wall_y, height, door, light, props)


def _camera(rng: np.random.Generator) -> tuple[Camera, float]:
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    view = np.radians(rng.uniform(38, 46))
    pitch = view / 2 + np.radians(rng.uniform(0, 11))
    middle = float(rng.uniform(9.0, 11.0) + 1.4 * (height - 240) / 120)
    yaw = np.radians(rng.uniform(-26, 26))
    camera = Camera(width, height, float(middle * np.tan(pitch)), float(yaw), float(pitch), float(view))
    return camera, middle


def _light(rng: np.random.Generator, indoors: bool) -> Light:
    night, clear, side = bool(rng.random() < 0.22), bool(rng.random() < 0.55), float(rng.choice((-1, 1)))
    warm = float(rng.uniform(-0.06, 0.08))
    if indoors:
        return Light(False, None, 0.30, (1.0 + warm * 0.6, 1.0, 0.97 - warm), side * 0.3)
    if night:
        return Light(True, None, 0.38, (0.92, 1.0, 1.08), side * 0.3)
    gain = float(rng.uniform(0.78, 1.12))
    colour = (gain * (1 + warm), gain, gain * (1 - warm))
    if not clear:
        return Light(False, None, 0.32, (colour[0] * 0.95, colour[1] * 0.98, colour[2] * 1.02), side * 0.35)
    length = float(rng.uniform(0.35, 1.3))
    turn = float(rng.uniform(-0.9, 0.9))
    return Light(
        False, (-side * length * np.cos(turn), length * np.sin(turn)), float(rng.uniform(0.4, 0.55)), colour, side
    )


def _props(
    rng: np.random.Generator, camera: Camera, plan: Plan, walk: tuple[float, float], wall_y: float, door: float | None
) -> tuple[Prop, ...]:
    """Most things stand at the far side of the walk, some near; none before the doorway, none on another."""
    placed: list[Prop] = []
    for kind in plan.props:
        for _ in range(12):
            far = kind == "bench" or rng.random() < 0.72
            y = (
                float(rng.uniform(walk[1] + 0.5, max(walk[1] + 0.7, wall_y - 0.6)))
                if far
                else walk[0] - float(rng.uniform(0.4, 1.2))
            )
            x = float(rng.uniform(camera.edge(y, -1) + 0.8, camera.edge(y, 1) - 0.8))
            clear_door = door is None or abs(x - door) > 2.2
            if (
                clear_door
                and all(np.hypot(x - p.x, y - p.y) > 1.8 for p in placed)
                and not (kind == "tree" and not far)
            ):
                placed.append(MAKERS[kind](camera, x, y, rng))
                break
    return tuple(placed)
