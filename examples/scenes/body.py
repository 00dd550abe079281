"""A person's skeleton: angles of the joints in, places of the joints out.

Limbs keep their lengths whatever poses are mixed, and the lowest part of the body rests on the ground.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from examples.scenes.camera import Array

Pose = Array
"""18 angles in degrees, at the places that `Angle` names."""
Pair = tuple[float, float]
"""An angle of the left and of the right side."""


class Angle(IntEnum):
    """Places of the angles in a pose; flexion is positive, `+ 1` is the right side of a pair."""

    PITCH = 0
    """Whole body about the pelvis, forwards."""
    ROLL = 1
    """Whole body, to the left."""
    WAIST = 2
    """Trunk against pelvis, forwards."""
    TWIST = 3
    """Shoulders against hips."""
    NECK = 4
    LOOK = 5
    """Head to the left."""
    HIP = 6
    KNEE = 8
    ANKLE = 10
    SHOULDER = 12
    ELBOW = 14
    SPREAD = 16
    """Arm away from the body."""


class Joint(IntEnum):
    """Rows of a skeleton; `+ 1` is the right side of a pair."""

    PELVIS = 0
    NECK = 1
    HEAD = 2
    HIP = 3
    KNEE = 5
    ANKLE = 7
    TOE = 9
    SHOULDER = 11
    ELBOW = 13
    HAND = 15


def pose(
    *,
    pitch: float = 0,
    roll: float = 0,
    waist: float = 0,
    twist: float = 0,
    neck: float = 0,
    hips: Pair = (0, 0),
    knees: Pair = (0, 0),
    ankles: Pair = (0, 0),
    shoulders: Pair = (2, 2),
    elbows: Pair = (12, 12),
    spread: Pair = (6, 6),
) -> Pose:
    """A relaxed upright pose, changed at these angles."""
    return np.array([pitch, roll, waist, twist, neck, 0, *hips, *knees, *ankles, *shoulders, *elbows, *spread], float)


def swing(angle: float) -> Array:
    """Unit vector (forward, left, up) that hangs down, swung forwards by `angle` degrees."""
    turn = np.radians(angle)
    return np.array([np.sin(turn), 0.0, -np.cos(turn)])


def skeleton(angles: Pose, height: float, breadth: float, seat: float | None = None) -> Array:
    """Joints (17, 3) in metres, (forward, left, up) from the spot the person stands on.

    The body rests on its lowest part, or has its pelvis at `seat` metres where one is given (on a saddle, in a run).
    """
    out = np.zeros((17, 3))
    twist = np.radians(angles[Angle.TWIST])
    turned = np.array([-np.sin(twist), np.cos(twist), 0.0])
    out[Joint.NECK] = -swing(-angles[Angle.WAIST]) * 0.288 * height
    nod, look = np.radians(angles[Angle.WAIST] * 0.7 + angles[Angle.NECK]), np.radians(angles[Angle.LOOK])
    face = np.array([np.sin(nod) * np.cos(look) + 0.18, np.sin(look) * 0.2, np.cos(nod)])
    out[Joint.HEAD] = out[Joint.NECK] + height * 0.105 * face
    for side, sign in ((0, 1.0), (1, -1.0)):
        _leg(out, angles, height, side, np.array([0.0, sign * 0.052 * height * breadth, 0.0]))
        _arm(out, angles, height, side, out[Joint.NECK] * 0.93 + turned * sign * 0.108 * height * breadth)
    return _settle(_tilt(out, angles), height, seat)


def _leg(out: Array, angles: Pose, height: float, side: int, hip: Array) -> None:
    thigh, knee = float(angles[Angle.HIP + side]), float(angles[Angle.KNEE + side])
    foot = thigh - knee + 78 + float(angles[Angle.ANKLE + side])
    out[Joint.HIP + side] = hip
    out[Joint.KNEE + side] = hip + swing(thigh) * 0.245 * height
    out[Joint.ANKLE + side] = out[Joint.KNEE + side] + swing(thigh - knee) * 0.246 * height
    out[Joint.TOE + side] = out[Joint.ANKLE + side] + swing(foot) * 0.118 * height


def _arm(out: Array, angles: Pose, height: float, side: int, shoulder: Array) -> None:
    raised, spread = float(angles[Angle.SHOULDER + side]), np.radians(angles[Angle.SPREAD + side])
    aside = np.array([0.0, np.sin(spread) * (1 - 2 * side), 0.0])
    lower = swing(raised + float(angles[Angle.ELBOW + side])) + aside * 0.4
    out[Joint.SHOULDER + side] = shoulder
    out[Joint.ELBOW + side] = shoulder + (swing(raised) * np.cos(spread) + aside) * 0.186 * height
    out[Joint.HAND + side] = out[Joint.ELBOW + side] + lower * 0.185 * height


def _tilt(out: Array, angles: Pose) -> Array:
    pitch, roll = np.radians(angles[Angle.PITCH]), np.radians(angles[Angle.ROLL])
    lean = np.array([[np.cos(pitch), 0, np.sin(pitch)], [0, 1, 0], [-np.sin(pitch), 0, np.cos(pitch)]])
    side = np.array([[1, 0, 0], [0, np.cos(roll), np.sin(roll)], [0, -np.sin(roll), np.cos(roll)]])
    return np.asarray(out @ (side @ lean).T)


def _settle(out: Array, height: float, seat: float | None) -> Array:
    thick = np.full(17, 0.035)
    thick[[Joint.PELVIS, Joint.NECK]], thick[Joint.HEAD] = 0.10, 0.09
    lowest = float((out[:, 2] - thick * height / 1.75).min())
    return np.asarray(out + np.array([0.0, 0.0, -lowest if seat is None else seat]))


def from_body(joints: Array, x: float, y: float, heading: float) -> Array:
    """Joints of a person, or points of a thing, from (forward, left, up) to the street's axes."""
    cos, sin = np.cos(heading), np.sin(heading)
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    return np.asarray(joints @ turn + np.array([x, y, 0.0]))
