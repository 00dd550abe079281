"""How people move on: walking, running, riding a bicycle.

The walking curves follow the hip, knee and ankle angles of level walking in D. A. Winter, Biomechanics and Motor
Control of Human Movement, ch. 2, rounded; the hip swings a little wider, since this pelvis doesn't turn with the step.
"""

from __future__ import annotations

import numpy as np

from examples.scenes.body import Angle, Pose, pose, swing

_PHASE = np.arange(11) / 10
_HIP = np.array([28, 24, 15, 5, -4, -9, -4, 13, 27, 31, 28.0])
_KNEE = np.array([5, 15, 16, 10, 6, 11, 36, 60, 55, 22, 5.0])
_ANKLE = np.array([0, -5, 3, 7, 9, 4, -15, -12, -2, 1, 0.0])
_RUN_HIP = np.array([40, 32, 14, -6, -20, -16, 6, 36, 56, 54, 40.0])
_RUN_KNEE = np.array([22, 42, 38, 22, 16, 46, 88, 108, 86, 40, 22.0])

SADDLE, CRANK, CRANK_ARM, BAR = 0.94, (0.16, 0.29), 0.17, (0.56, 1.04)
"""A bicycle in metres: height of the saddle; (forward, up) of crank axle and handlebar from the spot below it."""
GEAR = 5.2
"""Metres a turn of the pedals takes it."""


def stride(speed: float, height: float, run: bool) -> float:
    """Metres a person goes in one full cycle of both legs."""
    if run:
        return (0.95 + 0.36 * speed) * height / 1.75
    return 0.76 * height * float(np.sqrt(np.clip(speed / 1.35, 0.3, 1.8)))


def walking(phase: float, speed: float, height: float, arms: float) -> Pose:
    """One moment of a step: `phase` 0..1 from the left heel's strike, speed in m/s; `arms` scales their swing."""
    reach = float(np.clip(0.56 + 0.52 * speed / (0.8 * height), 0.0, 1.5)) if speed > 0.05 else 0.0
    angles = pose(waist=2 + 1.5 * speed, twist=6 * reach * float(np.cos(2 * np.pi * phase)))
    for side, at in enumerate((phase % 1, (phase + 0.5) % 1)):
        angles[Angle.HIP + side] = reach * np.interp(at, _PHASE, _HIP)
        angles[Angle.KNEE + side] = min(1.1, 0.3 + 0.6 * reach, reach * 2) * np.interp(at, _PHASE, _KNEE)
        angles[Angle.ANKLE + side] = reach * np.interp(at, _PHASE, _ANKLE)
        back = -np.cos(2 * np.pi * at)
        angles[Angle.SHOULDER + side] = reach * arms * (18 * back + 2)
        angles[Angle.ELBOW + side] = 14 + reach * arms * 10 * (1 + back)
    return angles


def running(phase: float, speed: float) -> Pose:
    """One moment of a running stride."""
    reach = float(np.clip(0.55 + 0.12 * speed, 0.7, 1.15))
    angles = pose(waist=8 + speed, twist=10 * float(np.cos(2 * np.pi * phase)), neck=-8, spread=(12, 12))
    for side, at in enumerate((phase % 1, (phase + 0.5) % 1)):
        angles[Angle.HIP + side] = reach * np.interp(at, _PHASE, _RUN_HIP)
        angles[Angle.KNEE + side] = reach * np.interp(at, _PHASE, _RUN_KNEE)
        angles[Angle.ANKLE + side] = -10 - 14 * np.sin(2 * np.pi * at)
        angles[Angle.SHOULDER + side] = -8 - 36 * reach * np.cos(2 * np.pi * at)
        angles[Angle.ELBOW + side] = 88 - 14 * np.cos(2 * np.pi * at)
    return angles


def running_height(phase: float, height: float) -> float:
    """Metres from the ground to a runner's pelvis: it sinks a little at each step and rises in the flight after it."""
    return height * (0.49 + 0.02 * float(np.cos(4 * np.pi * (phase - 0.45))))


def riding(turn: float, lean: float, height: float) -> Pose:
    """A cyclist whose cranks stand at `turn` radians: feet on the pedals, hands on the handlebar."""
    angles = pose(waist=lean, neck=-lean * 0.7, ankles=(-6, -6), spread=(3, 3))
    for side, at in enumerate((turn, turn + np.pi)):
        foot = CRANK[0] + CRANK_ARM * np.sin(at) - 0.06, CRANK[1] + CRANK_ARM * np.cos(at) + 0.09 - SADDLE
        toward, inner, bend = _two_bones(*foot, 0.245 * height, 0.246 * height)
        angles[Angle.HIP + side], angles[Angle.KNEE + side] = toward + inner, bend
    shoulder = -swing(-lean) * 0.288 * 0.93 * height
    hand = BAR[0] - shoulder[0], BAR[1] - SADDLE - shoulder[2]
    toward, inner, bend = _two_bones(*hand, 0.186 * height, 0.185 * height)
    angles[Angle.SHOULDER : Angle.ELBOW], angles[Angle.ELBOW : Angle.SPREAD] = toward - inner, bend
    return angles


def _two_bones(forward: float, up: float, first: float, second: float) -> tuple[float, float, float]:
    """Bring the end of two bones to a point, in degrees: its direction, the first bone's angle off that, their bend."""
    far = min(float(np.hypot(forward, up)), (first + second) * 0.999)
    inner = np.arccos(np.clip((first**2 + far**2 - second**2) / (2 * first * far), -1, 1))
    between = np.arccos(np.clip((first**2 + second**2 - far**2) / (2 * first * second), -1, 1))
    return float(np.degrees(np.arctan2(forward, -up))), float(np.degrees(inner)), float(180 - np.degrees(between))
