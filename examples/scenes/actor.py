"""People in motion: each follows a list of steps, walking, waiting, falling, and leaves at the end of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from examples.scenes.body import Angle, Joint, Pose, from_body, skeleton
from examples.scenes.camera import Array
from examples.scenes.drawing import Colour
from examples.scenes.gait import GEAR, SADDLE, riding, running, running_height, stride, walking
from examples.scenes.looks import Look
from examples.scenes.poses import STANDING

BAG_SIZES = ((0.52, 0.28, 0.34), (0.40, 0.22, 0.46), (0.46, 0.24, 0.62))


class Walk(NamedTuple):
    """Go to a spot at a speed (m/s), walking, running or riding."""

    x: float
    y: float
    speed: float
    gait: str = "walk"
    mark: str = ""


class Hold(NamedTuple):
    """Stay on the spot for some seconds, going through poses at these moments of it."""

    seconds: float
    poses: tuple[tuple[float, Pose], ...] = ((0.5, STANDING),)
    face: float | None = None
    """Heading to turn to, radians."""
    shift: float = 0.0
    """Metres to move back during the first second, onto a bench."""
    bag: str = ""
    """put or take: what happens to the bag at the first pose."""
    mark: str = ""
    falling: float = 0.0
    """Seconds from the start in which the body drops, faster and faster, through the poses of that time."""


Step = Walk | Hold


@dataclass
class Bag:
    """A bag, in somebody's hand or on the ground."""

    colour: Colour
    size: tuple[float, float, float]
    spot: tuple[float, float] | None = None
    heading: float = 0.0


@dataclass
class Actor:
    """Somebody on the way."""

    look: Look
    steps: list[Step]
    x: float
    y: float
    heading: float
    phase: float = 0.0
    role: str = ""
    number: int = 0
    """Tells people of a video apart."""
    party: int = -1
    """Those who walk together don't dodge each other."""
    bag: Bag | None = None
    bike: Colour | None = None
    vx: float = 0.0
    vy: float = 0.0
    spent: float = 0.0
    """Seconds in the present step."""
    before: Pose = field(default_factory=lambda: STANDING)
    pose: Pose = field(default_factory=lambda: STANDING)
    seat: float | None = None
    """Height of the pelvis where the feet don't carry it: on a saddle, in a run."""
    marks: dict[str, float] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """Metres a second."""
        return float(np.hypot(self.vx, self.vy))

    @property
    def target(self) -> tuple[float, float]:
        """The spot the present step leads to."""
        step = self.steps[0]
        return (step.x, step.y) if isinstance(step, Walk) else (self.x, self.y)

    def aim(self) -> Array:
        """The velocity the present step asks for."""
        step, way = self.steps[0], np.array(self.target) - np.array([self.x, self.y])
        return np.asarray(way / max(float(np.linalg.norm(way)), 1e-6) * (step.speed if isinstance(step, Walk) else 0.0))

    @property
    def room(self) -> float:
        """Metres around the middle of the body that others keep free."""
        lying = bool(np.abs(self.pose[[Angle.PITCH, Angle.ROLL]]).max() > 60)
        return 1.1 if lying or self.bike is not None else 0.62

    def move(self, push: Array, dt: float, now: float) -> None:
        """One tick: bend the velocity towards the aim and away from others, go on, take up the pose."""
        step = self.steps[0]
        if self.spent == 0.0 and step.mark:
            self.marks.setdefault(step.mark, now)
        wanted, ease = self.aim() + (push if isinstance(step, Walk) else 0.0), min(1.0, dt / 0.25)
        self.vx += (wanted[0] - self.vx) * ease
        self.vy += (wanted[1] - self.vy) * ease
        back = step.shift if isinstance(step, Hold) and self.spent < 1.0 else 0.0
        self.x += (self.vx - back * np.cos(self.heading)) * dt
        self.y += (self.vy - back * np.sin(self.heading)) * dt
        self.spent += dt
        self._turn(step, dt)
        self._pose(step, dt, now)
        if self._done(step):
            self.steps.pop(0)
            self.spent, self.before = 0.0, self.pose

    def _turn(self, step: Step, dt: float) -> None:
        goal = float(np.arctan2(self.vy, self.vx)) if isinstance(step, Walk) and self.speed > 0.15 else self.heading
        if isinstance(step, Hold) and step.face is not None:
            goal = step.face
        off = (goal - self.heading + np.pi) % (2 * np.pi) - np.pi
        self.heading += float(np.clip(off, -3.2 * dt, 3.2 * dt))

    def _pose(self, step: Step, dt: float, now: float) -> None:
        self.seat = None
        if isinstance(step, Walk):
            gait, share = self._gait(step, dt), min(1.0, self.spent / 0.45)
            self.pose = gait if share >= 1 else self.before + (gait - self.before) * share
            return
        self.pose = _held(step, self.before, self.spent)
        if step.bag and self.bag is not None and self.spent >= step.poses[0][0]:
            self._handle(step.bag, self.bag, now)

    def _gait(self, step: Walk, dt: float) -> Pose:
        speed, height = self.speed, self.look.height
        if step.gait == "ride":
            self.phase, self.seat = self.phase + speed * dt / GEAR, SADDLE
            return riding(self.phase * 2 * np.pi, 34.0, height)
        run = step.gait == "run"
        self.phase += speed * dt / stride(speed, height, run)
        if not run:
            return walking(self.phase, speed, height, self.look.arm_swing)
        self.seat = running_height(self.phase, height)
        return running(self.phase, speed)

    def _handle(self, what: str, bag: Bag, now: float) -> None:
        if what == "put" and bag.spot is None:
            hand = self.joints()[Joint.HAND + 1]
            bag.spot, bag.heading = (float(hand[0]), float(hand[1])), self.heading
            self.marks.setdefault("starts", now)
        elif what == "take" and bag.spot is not None:
            bag.spot = None
            self.marks.setdefault("ends", now)

    def _done(self, step: Step) -> bool:
        if isinstance(step, Hold):
            return self.spent >= step.seconds
        return float(np.hypot(step.x - self.x, step.y - self.y)) < max(0.3, 0.12 * step.speed)

    def joints(self) -> Array:
        """The skeleton in the street's axes."""
        body = skeleton(self.pose, self.look.height, self.look.breadth, self.seat)
        return from_body(body, self.x, self.y, self.heading)


def _held(step: Hold, before: Pose, spent: float) -> Pose:
    at, last, drops = 0.0, before, spent < step.falling
    spent = step.falling * (spent / step.falling) ** 1.6 if drops else spent
    for moment, pose in step.poses:
        if spent < moment:
            share = (spent - at) / max(moment - at, 1e-6)
            share = share if drops else share * share * (3 - 2 * share)
            return np.asarray(last + (pose - last) * share)
        at, last = moment, pose
    return last
