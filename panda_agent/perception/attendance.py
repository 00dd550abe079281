"""Who was with a thing when it came or went, and whether anybody stays near it."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from panda_agent.perception.look import Look

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the reduced picture."""

NEAR = 1.0
"""Within one body height of a thing, a person is with it."""
HISTORY_SECONDS = 30.0
"""How far back the positions of all tracks are remembered; a thing is noticed some seconds after it was put down."""
MOMENT_SECONDS = 1.5
"""Whoever was near so shortly before or after a thing came or went had to do with it."""


class Person(NamedTuple):
    """The one who was nearest to a thing."""

    track: int
    area: float
    """Median area of the box, square pixels."""
    height: float
    """Median height of the box, pixels."""
    came: float
    """How far away it was before, body heights; 0 for somebody who had been there all along."""


class Whereabouts:
    """Where every track was lately."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, dict[int, Box]]] = deque()

    def note(self, look: Look) -> None:
        """Remember the boxes that are seen at this moment."""
        boxes = {track.id: _box(track.rows[-1]) for track in look.live.values() if track.last >= look.time - 1e-6}
        self._past.append((look.time, boxes))
        while self._past[0][0] < look.time - HISTORY_SECONDS:
            self._past.popleft()

    def nearest(self, thing: Box, time: float) -> Person | None:
        """Who was within a body height of a thing around a second; of several, who was nearest for longest."""
        near: dict[int, list[Box]] = {}
        for moment, seen in self._past:
            for id_, box in seen.items():
                if abs(moment - time) <= MOMENT_SECONDS and _gap(box, thing) < NEAR and not _is_part(box, thing):
                    near.setdefault(id_, []).append(box)
        if not near:
            return None
        best = max(near, key=lambda id_: sum(NEAR - _gap(box, thing) for box in near[id_]))
        sizes = np.array([(box[2] - box[0], box[3] - box[1]) for box in near[best]])
        before = [_gap(seen[best], thing) for moment, seen in self._past if moment <= time and best in seen]
        return Person(
            track=best,
            area=float(np.median(sizes.prod(axis=1))),
            height=float(np.median(sizes[:, 1])),
            came=max(before, default=0.0),
        )


def _box(row: tuple[float, ...]) -> Box:
    return row[1], row[2], row[3], row[4]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _gap(box: Box, thing: Box) -> float:
    """Distance of a box from a thing in heights of the box, 0 where they touch."""
    across, down = max(box[0] - thing[2], thing[0] - box[2], 0.0), max(box[1] - thing[3], thing[1] - box[3], 0.0)
    return float(np.hypot(across, down)) / max(1.0, box[3] - box[1])


def _is_part(box: Box, thing: Box) -> bool:
    """Whether a box is the thing's own motion box, which lives on until the fast background has learnt the thing."""
    width = min(box[2], thing[2]) - max(box[0], thing[0])
    height = min(box[3], thing[3]) - max(box[1], thing[1])
    return max(0.0, width) * max(0.0, height) > 0.5 * _area(box) or _area(box) < _area(thing)
