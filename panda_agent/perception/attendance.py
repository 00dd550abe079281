"""Who is with a thing: the tracks that were there when it appeared, and how long they have been away from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from panda_agent.perception.look import Look

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the reduced picture."""

NEAR = 1.0
"""A person within one body height of a thing is with it."""
HISTORY_SECONDS = 30.0
"""How far back the positions of all tracks are remembered; a thing is noticed some seconds after it was put down."""
HANDOVER_SECONDS = 1.5
"""A track that starts where another was seen so shortly before is the same person."""


class Whereabouts:
    """Where every track was lately."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, dict[int, Box]]] = deque()

    def note(self, look: Look) -> dict[int, Box]:
        """Remember the boxes that are seen at this moment, and return them by track."""
        boxes = {track.id: _box(track.rows[-1]) for track in look.live.values() if track.last >= look.time - 1e-6}
        self._past.append((look.time, boxes))
        while self._past[0][0] < look.time - HISTORY_SECONDS:
            self._past.popleft()
        return boxes

    def since(self, time: float) -> list[tuple[float, dict[int, Box]]]:
        """The remembered moments from a second on."""
        return [moment for moment in self._past if moment[0] >= time]


class Company:
    """Follows the owners of one thing: whoever was near and bigger than it when it appeared.

    Args:
        thing: Box of the thing.
        appeared: Seconds when it appeared.
        past: Moments since shortly before then.
    """

    def __init__(self, thing: Box, appeared: float, past: list[tuple[float, dict[int, Box]]]) -> None:
        self._thing = thing
        self._appeared = appeared
        self._last: dict[int, tuple[float, Box]] = {}
        self._sizes: list[float] = []
        self.with_it: float | None = None
        """Seconds when an owner was last near it; None where nobody was near when it appeared."""
        self.away = 0.0
        """Longest stretch in seconds without an owner near it."""
        self.alone = 0.0
        """Longest stretch in seconds without anybody near it."""
        self.accompanied = False
        """Whether anybody is near it right now."""
        self._visited = appeared
        for time, boxes in past:
            self.update(time, boxes)

    @property
    def owner(self) -> int | None:
        """The track that was with it first."""
        return next(iter(self._last), None)

    @property
    def owner_area(self) -> float | None:
        """Median box area of the owners when it appeared, square pixels."""
        return float(np.median(self._sizes)) if self._sizes else None

    def update(self, time: float, boxes: Mapping[int, Box]) -> None:
        """Take the boxes of a moment."""
        near = {id_: box for id_, box in boxes.items() if self._is_near(box)}
        if time <= self._appeared + HANDOVER_SECONDS:
            self._last.update((id_, (time, box)) for id_, box in near.items())
            self._sizes += [_area(box) for box in near.values()]
        self._hand_over(time, boxes)
        if any(id_ in self._last for id_ in near):
            self.with_it = time
        self._last.update((id_, (time, box)) for id_, box in boxes.items() if id_ in self._last)
        self.accompanied = bool(near)
        self._visited = time if near else self._visited
        self.alone = max(self.alone, time - self._visited)
        self.away = max(self.away, time - (self.with_it if self.with_it is not None else self._appeared))

    def _hand_over(self, time: float, boxes: Mapping[int, Box]) -> None:
        lost = [(seen, box) for id_, (seen, box) in self._last.items() if id_ not in boxes]
        recent = [box for seen, box in lost if time - seen <= HANDOVER_SECONDS]
        for id_, box in boxes.items():
            if id_ not in self._last and not self._is_thing(box) and any(_iou(box, old) > 0.3 for old in recent):
                self._last[id_] = (time, box)

    def _is_thing(self, box: Box) -> bool:
        """The thing's own motion box, which lives on until the fast background has learnt it."""
        return _overlap(box, self._thing) > 0.5 * _area(box) or _area(box) < _area(self._thing)

    def _is_near(self, box: Box) -> bool:
        gap_x = max(box[0] - self._thing[2], self._thing[0] - box[2], 0.0)
        gap_y = max(box[1] - self._thing[3], self._thing[1] - box[3], 0.0)
        return not self._is_thing(box) and float(np.hypot(gap_x, gap_y)) < NEAR * (box[3] - box[1])


def _box(row: tuple[float, ...]) -> Box:
    return row[1], row[2], row[3], row[4]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _overlap(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _iou(a: Box, b: Box) -> float:
    shared = _overlap(a, b)
    return shared / max(1e-6, _area(a) + _area(b) - shared)
