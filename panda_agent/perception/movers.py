"""Movers: neighbouring points with one motion, followed as one thing through crowds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.points import Array, Moving

REACH = 0.4
"""Points of one mover are no farther apart than this, body lengths."""
ALIKE = 0.3
"""Their velocities differ by no more than this share."""
LEAST_POINTS = 3
LEAST_PACE = 0.15
"""Slower points stand, body lengths/s."""
PATIENCE_SECONDS = 0.8
"""How long a mover may go unseen."""
ASTRAY = 0.6
"""How far from where it should be by then it may be found again, body lengths."""


@dataclass
class Mover:
    """The way of one thing: a row (time, x, y, u, v, points) a look; pixels, pixels per second."""

    id: int
    rows: list[tuple[float, float, float, float, float, int]] = field(default_factory=list)

    @property
    def array(self) -> Array:
        """(n, 6)."""
        return np.asarray(self.rows, np.float64).reshape(-1, 6)


class Movers:
    """Groups points, and knows the groups again by the points that they share."""

    def __init__(self) -> None:
        self.live: dict[int, Mover] = {}
        self._owner: dict[int, int] = {}
        self._count = 0

    def update(self, time: float, points: Moving, body: float) -> list[Mover]:
        """Take steady points and the length of a body in pixels; return the movers that have ended."""
        owner: dict[int, int] = {}
        taken: set[int] = set()
        for group in sorted(groups(points, body), key=lambda group: -len(group)):
            x, y = points.place[group].mean(axis=0).tolist()
            u, v = np.median(points.velocity[group], axis=0).tolist()
            row = (time, x, y, u, v, len(group))
            mover = self._known(points.ids[group], row, body, taken)
            mover.rows.append(row)
            taken.add(mover.id)
            owner |= dict.fromkeys(points.ids[group].tolist(), mover.id)
        self._owner = owner
        ended = [mover for mover in self.live.values() if time - mover.rows[-1][0] > PATIENCE_SECONDS]
        for mover in ended:
            del self.live[mover.id]
        return ended

    def finish(self) -> list[Mover]:
        """End all movers."""
        ended, self.live = list(self.live.values()), {}
        return ended

    def _known(
        self, ids: NDArray[np.int64], row: tuple[float, ...], body: float, taken: set[int]
    ) -> Mover:
        """The mover that most of these points belong to; or one that should be here by now; or a new one."""
        votes = [self._owner[one] for one in ids.tolist() if one in self._owner]
        names = [name for name in sorted(set(votes), key=lambda name: (-votes.count(name), name)) if name in self.live]
        near = [mover.id for mover in self.live.values() if _fits(mover, row, body)]
        for name in (*names, *near):
            if name not in taken:
                return self.live[name]
        self._count += 1
        return self.live.setdefault(self._count, Mover(self._count))


def _fits(mover: Mover, row: tuple[float, ...], body: float) -> bool:
    time, x, y, u, v, _ = mover.rows[-1]
    pause = row[0] - time
    pace = max(np.hypot(u, v), np.hypot(row[3], row[4]))
    astray = np.hypot(row[1] - x - u * pause, row[2] - y - v * pause)
    return bool(astray <= ASTRAY * body and np.hypot(row[3] - u, row[4] - v) <= 2 * ALIKE * pace)


def groups(points: Moving, body: float) -> list[NDArray[np.int64]]:
    """Indices of the points of each group of at least `LEAST_POINTS`."""
    pace = np.linalg.norm(points.velocity, axis=1)
    moving = np.flatnonzero(pace >= LEAST_PACE * body)
    place, velocity, pace = points.place[moving], points.velocity[moving], pace[moving]
    apart = np.linalg.norm(place[:, None] - place, axis=2)
    differ = np.linalg.norm(velocity[:, None] - velocity, axis=2)
    linked = (apart <= REACH * body) & (differ <= ALIKE * np.maximum(pace[:, None], pace))
    labels = np.arange(len(moving))
    for _ in labels:
        least = np.where(linked, labels, len(labels)).min(axis=1, initial=len(labels))
        if np.array_equal(least, labels):
            break
        labels = least
    found = [moving[labels == label] for label in np.unique(labels)]
    return [group for group in found if len(group) >= LEAST_POINTS]
