"""The life of a place: walkers who come and go, stand, stop, cross and rest, whatever else happens there."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np

from examples.scenes.actor import Actor, Bag, Hold, Step, Walk
from examples.scenes.body import Angle, Pose
from examples.scenes.crowd import Moment, pushes
from examples.scenes.looks import some_look
from examples.scenes.place import Place
from examples.scenes.poses import CALLING, HIPS, PHONE, SITTING, STANDING


@dataclass(frozen=True)
class Habits:
    """How people use a place in one video."""

    walkers: int
    """People on the move at any time."""
    rightwards: float
    """Share of those who go to the right."""
    crossing: float
    """Share of those who cross from or to the door and the camera's side."""
    stopping: float
    """Share of those who stop on their way for a while."""
    pairs: float
    """Share of those who walk in company."""
    standing: int
    """People who stand about all the time."""
    sitting: bool
    """Whether somebody sits on a bench where there is one."""


def some_habits(rng: np.random.Generator) -> Habits:
    """Habits picked at random."""
    return Habits(
        walkers=int(rng.integers(4, 13)),
        rightwards=float(rng.choice((0.15, 0.35, 0.5, 0.65, 0.85))),
        crossing=float(rng.uniform(0.0, 0.3)),
        stopping=float(rng.uniform(0.0, 0.25)),
        pairs=float(rng.uniform(0.0, 0.4)),
        standing=int(rng.choice((0, 0, 1, 1, 2, 3))),
        sitting=bool(rng.random() < 0.35),
    )


Action = Callable[["Street", float], None]


class Street:
    """Runs a place through time; `extras` join at their seconds, `act` may step in at every tick."""

    def __init__(self, place: Place, habits: Habits, rng: np.random.Generator) -> None:
        self.place, self.habits, self.rng = place, habits, rng
        self.actors: list[Actor] = []
        self.extras: list[tuple[float, Actor]] = []
        self.left: list[Bag] = []
        self.act: Action | None = None
        self._due: list[float] = []
        self._parties = self._numbers = 0
        while len(self.actors) < habits.walkers:
            self._arrive(under_way=True)
        for _ in range(habits.standing):
            self._stand()
        if habits.sitting:
            self._sit()

    def run(self, fps: int, frames: int) -> list[Moment]:
        """All moments of the video; a second of walking goes before it, so that everybody is in step."""
        moments = []
        for frame in range(-fps, frames):
            self._tick(1 / fps, frame / fps)
            if frame >= 0:
                moments.append(self._snapshot(frame / fps))
        return moments

    def _snapshot(self, now: float) -> Moment:
        people = tuple(copy(a) for a in self.actors)
        for person in people:
            person.bag, person.marks = copy(person.bag), dict(person.marks)
        return Moment(now, people, tuple(copy(b) for b in self._bags()))

    def _bags(self) -> list[Bag]:
        return self.left + [a.bag for a in self.actors if a.bag is not None and a.bag.spot is not None]

    def _enter(self, actor: Actor) -> None:
        self._numbers += 1
        actor.number = self._numbers
        self.actors.append(actor)

    def _tick(self, dt: float, now: float) -> None:
        for due, actor in [e for e in self.extras if e[0] <= now]:
            self._enter(actor)
            self.extras.remove((due, actor))
        if self.act is not None:
            self.act(self, now)
        for due in [d for d in self._due if d <= now]:
            self._due.remove(due)
            self._arrive(under_way=False)
        if self.actors:
            still = [(p.x, p.y, p.girth + 0.15) for p in self.place.props]
            still += [(*b.spot, 0.5) for b in self._bags() if b.spot is not None]
            for actor, push in zip(self.actors, pushes(self.actors, still), strict=True):
                actor.move(push, dt, now)
        for gone in [a for a in self.actors if not a.steps]:
            self._leave(gone, now)

    def _leave(self, gone: Actor, now: float) -> None:
        self.actors.remove(gone)
        if gone.bag is not None and gone.bag.spot is not None:
            self.left.append(gone.bag)
        if gone.role == "walker":
            self._due.append(now + float(self.rng.exponential(1.6)))

    def _arrive(self, under_way: bool) -> None:
        """One walker, or a pair, at the edge of the picture or anywhere on the way."""
        rng = self.rng
        side = 1 if rng.random() < self.habits.rightwards else -1
        pair = rng.random() < self.habits.pairs / 2
        speed, self._parties = float(np.clip(rng.normal(1.3, 0.14), 1.0, 1.6)), self._parties + 1
        path = self._crossing(side) if rng.random() < self.habits.crossing else self._along(side)
        if under_way:
            leg, share = int(rng.integers(len(path) - 1)), float(rng.uniform(0, 0.85))
            (x0, y0), (x1, y1) = path[leg], path[leg + 1]
            path = [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)), *path[leg + 1 :]]
        for nth in range(2 if pair else 1):
            aside = 0.72 * nth
            steps = self._steps([(x, y + aside) for x, y in path], speed, pause=not pair)
            self._enter(self._walker(path[0][0] + 0.1 * nth, path[0][1] + aside, steps))

    def _walker(self, x: float, y: float, steps: list[Step]) -> Actor:
        first = steps[0]
        assert isinstance(first, Walk)
        heading = float(np.arctan2(first.y - y, first.x - x))
        look, phase = some_look(self.rng), float(self.rng.random())
        vx, vy = first.speed * np.cos(heading), first.speed * np.sin(heading)
        return Actor(look, steps, x, y, heading, phase, "walker", self._parties, vx=float(vx), vy=float(vy))

    def _along(self, side: int) -> list[tuple[float, float]]:
        """From one edge of the picture to the other, drifting a little across the walk."""
        low, high = self.place.walk
        ys = np.clip(self.rng.uniform(low, high) + np.array([0, *self.rng.normal(0, 0.5, 2)]), low, high)
        ends = [self.place.camera.edge(float(ys[k]), s) + s * 1.4 for k, s in ((0, -side), (2, side))]
        middle = ends[0] + (ends[1] - ends[0]) * float(self.rng.uniform(0.35, 0.65))
        return [(ends[0], float(ys[0])), (middle, float(ys[1])), (ends[1], float(ys[2]))]

    def _crossing(self, side: int) -> list[tuple[float, float]]:
        """Between the camera's side, or the door, and an edge of the picture; either way round."""
        place, rng = self.place, self.rng
        y = float(rng.uniform(*place.walk))
        if place.door is not None and rng.random() < 0.6:
            inside, before = (place.door, place.wall_y + 1.6), (place.door, place.wall_y - 1.0)
            start = [inside, before]
        else:
            start = [(float(np.tan(place.camera.yaw) * 3 + rng.uniform(-2.5, 2.5)), place.camera.near() - 1.6)]
        path = [
            *start,
            (start[-1][0] + side * float(rng.uniform(1.5, 4.0)), y),
            (place.camera.edge(y, side) + side * 1.4, y),
        ]
        return path if rng.random() < 0.5 else path[::-1]

    def _steps(self, path: list[tuple[float, float]], speed: float, pause: bool) -> list[Step]:
        steps: list[Step] = [Walk(x, y, speed) for x, y in path[1:]]
        if pause and len(steps) > 1 and self.rng.random() < self.habits.stopping:
            face = float(self.rng.uniform(-np.pi, np.pi)) if self.rng.random() < 0.6 else None
            steps.insert(1, Hold(float(self.rng.uniform(2.0, 7.0)), self._idle(2.0), face))
        return steps

    def _idle(self, seconds: float) -> tuple[tuple[float, Pose], ...]:
        """How somebody stands about: a favourite pose, looking round, shifting weight."""
        base = (STANDING, STANDING, PHONE, HIPS, CALLING)[int(self.rng.integers(5))]
        poses, at = [(0.7, base)], 0.7
        while at < seconds:
            at += float(self.rng.uniform(1.2, 4.0))
            moved = base.copy()
            moved[Angle.LOOK] += self.rng.normal(0, 30)
            moved[[Angle.WAIST, Angle.ROLL]] += self.rng.normal(0, 2.0, 2)
            moved[Angle.SHOULDER : Angle.SPREAD] += self.rng.normal(0, 7, 4)
            poses += [(at, moved), (at + float(self.rng.uniform(0.4, 1.0)), moved)]
            at = poses[-1][0]
        return tuple(poses)

    def _stand(self) -> None:
        for _ in range(20):
            x, y = self.place.open_spot(self.rng, room=0.3, inner=0.08)
            y = float(self.rng.choice((self.place.walk[0] - 0.2, self.place.walk[1] + 0.2, y), p=(0.25, 0.55, 0.2)))
            if all(np.hypot(a.x - x, a.y - y) > 1.0 for a in self.actors) and self.place.free(x, y, 0.2):
                break
        stay = float(self.rng.uniform(12, 30)) if self.rng.random() < 0.4 else 99.0
        heading, side = float(self.rng.uniform(-np.pi, np.pi)), int(self.rng.choice((-1, 1)))
        steps: list[Step] = [Hold(stay, self._idle(40.0)), Walk(self.place.camera.edge(y, side) + side * 1.4, y, 1.2)]
        self._enter(Actor(some_look(self.rng), steps, x, y, heading, role="stander"))

    def _sit(self) -> None:
        for bench in self.place.find("bench")[:1]:
            x = bench.x + float(self.rng.choice((-0.45, 0.4)))
            rest = SITTING + self.rng.normal(0, 4, SITTING.shape) * (np.arange(18) >= 12)
            looks = tuple(
                (t, rest + self.rng.normal(0, 3, rest.shape) * (np.arange(18) >= 12))
                for t in (6.0, 8.0, 15.0, 17.0, 24.0)
            )
            sitter = Actor(
                some_look(self.rng), [Hold(99.0, ((0.0, rest), *looks))], x, bench.y - 0.02, -np.pi / 2, role="sitter"
            )
            sitter.pose = sitter.before = rest
            self._enter(sitter)
