"""Movers: neighbouring points with one motion, followed as one thing through crowds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.points import Array, Moving

REACH = 0.4
"""Points of one mover are no farther apart than this, body lengths."""
ALIKE = 0.3
"""Their velocities differ by no more than this share."""
LEAST_POINTS = 2
"""A runner keeps no more in a crowd; what two points say is asked for more elsewhere (`points` of kind `quick`)."""
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
            u, v = np.sort(points.velocity[group], axis=0)[len(group) // 2].tolist()
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

    def _known(self, ids: NDArray[np.int64], row: tuple[float, ...], body: float, taken: set[int]) -> Mover:
        """The mover that most of these points belong to; or one that should be here by now; or a new one."""
        votes = [self._owner[one] for one in ids.tolist() if one in self._owner]
        for name in sorted(set(votes), key=lambda name: (-votes.count(name), name)):
            if name in self.live and name not in taken:
                return self.live[name]
        for mover in self.live.values():
            if mover.id not in taken and _fits(mover, row, body):
                return mover
        self._count += 1
        return self.live.setdefault(self._count, Mover(self._count))


def _fits(mover: Mover, row: tuple[float, ...], body: float) -> bool:
    time, x, y, u, v, _ = mover.rows[-1]
    pause = row[0] - time
    pace = max(math.hypot(u, v), math.hypot(row[3], row[4]))
    astray = math.hypot(row[1] - x - u * pause, row[2] - y - v * pause)
    return astray <= ASTRAY * body and math.hypot(row[3] - u, row[4] - v) <= 2 * ALIKE * pace


def groups(points: Moving, body: float) -> list[NDArray[np.int64]]:
    """Indices of the points of each group of at least `LEAST_POINTS`."""
    u, v = points.velocity.T
    pace = np.hypot(u, v)
    moving = np.flatnonzero(pace >= LEAST_PACE * body)
    (x, y), u, v, pace = points.place[moving].T, u[moving], v[moving], pace[moving]
    near = np.hypot(x[:, None] - x, y[:, None] - y) <= REACH * body
    linked = near & (np.hypot(u[:, None] - u, v[:, None] - v) <= ALIKE * np.maximum(pace[:, None], pace))
    labels = np.arange(len(moving))
    while len(moving):
        least = np.where(linked, labels, len(labels)).min(axis=1)
        least = least[least]  # the label of one's label: far ends of a group meet sooner
        if np.array_equal(least, labels):
            break
        labels = least
    big = np.flatnonzero(np.bincount(labels, minlength=1) >= LEAST_POINTS)
    return [moving[labels == label] for label in big]
