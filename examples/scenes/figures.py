"""People drawn around their skeletons, and the shadows they throw."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from examples.scenes.body import Joint
from examples.scenes.camera import Array, Camera
from examples.scenes.drawing import Colour, Outline, Shape, hull, limb, shade
from examples.scenes.looks import Look

Part = Callable[[Sequence[int], Sequence[float], Colour], list[Shape]]
"""Draws a solid around some joints with these radii (metres) in a colour."""


def person(camera: Camera, joints: Array, look: Look, sun: float) -> list[Shape]:
    """A person around joints (17, 3) in the street's axes; `sun` -1..1 is the side the light comes from."""
    uv, depth = camera.project(joints)
    scale = camera.focal / depth * look.height / 1.75

    def part(rows: Sequence[int], radii: Sequence[float], colour: Colour) -> list[Shape]:
        index = list(rows)
        return limb(uv[index], np.asarray(radii) * scale[index], colour, sun)

    legs = sorted((0, 1), key=lambda side: -depth[Joint.KNEE + side])
    shapes: list[Shape] = []
    for nth, side in enumerate(legs):
        shapes += _leg(part, side, look, 0.86 + 0.14 * nth)
    trunk = [Joint.SHOULDER, Joint.SHOULDER + 1, Joint.HIP, Joint.HIP + 1]
    blocks = [(float(depth[trunk].mean()), _torso(part, look))]
    for side in (0, 1):
        blocks.append((float(depth[[Joint.ELBOW + side, Joint.HAND + side]].mean()), _arm(part, side, look)))
    blocks.append((float(depth[Joint.HEAD]) - 0.03, _head(camera, joints, look, sun)))
    if look.backpack is not None:
        blocks.append(_backpack(camera, joints, look.backpack, sun))
    for _, block in sorted(blocks, key=lambda item: -item[0]):
        shapes += block
    return shapes


def _leg(part: Part, side: int, look: Look, tone: float) -> list[Shape]:
    hip, knee, ankle, toe = (j + side for j in (Joint.HIP, Joint.KNEE, Joint.ANKLE, Joint.TOE))
    foot = part([ankle, toe], [0.045, 0.036], shade(look.shoes, tone))
    return [
        *foot,
        *part([knee, ankle], [0.062 * look.breadth, 0.046], shade(look.legs, tone)),
        *part([hip, knee], [0.092 * look.breadth, 0.066 * look.breadth], shade(look.legs, tone)),
    ]


def _torso(part: Part, look: Look) -> list[Shape]:
    wide, rows = look.breadth, [Joint.SHOULDER, Joint.SHOULDER + 1, Joint.HIP + 1, Joint.HIP]
    trunk = part(rows, [0.076 * wide, 0.076 * wide, 0.096 * wide, 0.096 * wide], look.top)
    neck = part([Joint.NECK, Joint.HEAD], [0.055, 0.05], look.skin)
    if not look.coat:
        return [*neck, *trunk]
    rows = [Joint.HIP, Joint.HIP + 1, Joint.KNEE + 1, Joint.KNEE]
    skirt = part(rows, [0.10 * wide, 0.10 * wide, 0.085, 0.085], look.top)
    return [*neck, *skirt, *trunk]


def _arm(part: Part, side: int, look: Look) -> list[Shape]:
    shoulder, elbow, hand = (j + side for j in (Joint.SHOULDER, Joint.ELBOW, Joint.HAND))
    lower = look.skin if look.short_sleeves else shade(look.top, 0.95)
    return [
        *part([hand], [0.042], look.skin),
        *part([elbow, hand], [0.045, 0.036], lower),
        *part([shoulder, elbow], [0.062 * look.breadth, 0.05], shade(look.top, 0.93)),
    ]


def _head(camera: Camera, joints: Array, look: Look, sun: float) -> list[Shape]:
    head, neck = joints[Joint.HEAD], joints[Joint.NECK]
    up = (head - neck) / max(float(np.linalg.norm(head - neck)), 1e-6)
    across = joints[Joint.SHOULDER] - joints[Joint.SHOULDER + 1]
    front = np.cross(across, up) / max(float(np.linalg.norm(across)), 1e-6)
    face = [head + front * 0.03 - up * 0.02, head + front * 0.02 - up * 0.065]
    hair = [head - front * 0.03 + up * 0.035, head - front * 0.06 - up * 0.13][: 2 if look.long_hair else 1]
    uv, depth = camera.project(np.stack(face + hair))
    scale = camera.focal / depth
    skin = limb(uv[:2], np.array([0.096, 0.07]) * scale[:2], look.skin, sun)
    mane = limb(uv[2:], np.array([0.104, 0.075])[: len(hair)] * scale[2:], look.hair, sun)
    return [*skin, *mane] if depth[2] < depth[0] + 0.02 else [*mane, *skin]


def _backpack(camera: Camera, joints: Array, colour: Colour, sun: float) -> tuple[float, list[Shape]]:
    across = joints[Joint.SHOULDER] - joints[Joint.SHOULDER + 1]
    down = joints[Joint.PELVIS] - joints[Joint.NECK]
    back = np.cross(down, across)
    back = -back / max(float(np.linalg.norm(back)), 1e-6)
    top = joints[Joint.NECK] + down * 0.18 + back * 0.17
    spots = np.stack([top + across * 0.28, top - across * 0.28])
    spots = np.concatenate([spots, spots + down * 0.55])
    uv, depth = camera.project(spots)
    return float(depth.mean()), limb(uv, 0.085 * camera.focal / depth, colour, sun)


_SOLIDS: Sequence[tuple[Sequence[int], Sequence[float]]] = (
    ((11, 12, 3, 4), (0.09, 0.09, 0.09, 0.09)),
    ((2, 1), (0.1, 0.06)),
    *(((3 + side, 5 + side), (0.08, 0.06)) for side in (0, 1)),
    *(((5 + side, 7 + side), (0.06, 0.045)) for side in (0, 1)),
    *(((7 + side, 9 + side), (0.05, 0.04)) for side in (0, 1)),
    *(((11 + side, 13 + side), (0.05, 0.04)) for side in (0, 1)),
    *(((13 + side, 15 + side), (0.04, 0.035)) for side in (0, 1)),
)
"""Joints and radii in metres of what throws a person's shadow."""


def shadow(camera: Camera, joints: Array, sun: tuple[float, float] | None) -> list[Outline]:
    """Outlines of a person's shadow on the ground: thrown by the sun, or the dim one below them under clouds."""
    flat = joints * np.array([1, 1, 0])
    if sun is None:
        rows = [Joint.PELVIS, Joint.NECK, Joint.HEAD, Joint.ANKLE, Joint.ANKLE + 1]
        uv, depth = camera.project(flat[rows])
        return [hull(uv, np.array([0.15, 0.14, 0.07, 0.11, 0.11]) * camera.focal / depth)]
    uv, depth = camera.project(flat + joints[:, 2:] * np.array([*sun, 0]))
    scale = camera.focal / depth
    return [hull(uv[list(rows)], np.array(radii) * scale[list(rows)]) for rows, radii in _SOLIDS]
