"""Who goes much faster than others at the same places: riders, vehicles, people who run among people who walk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panda_agent.perception.look import Look
from panda_agent.perception.medians import median
from panda_agent.perception.movers import Mover, Movers
from panda_agent.perception.observation import Observation, path_of, profile_of
from panda_agent.perception.place_norms import COLUMNS, ROWS, Cell, Passage, PlaceNorms
from panda_agent.perception.points import Array
from panda_agent.perception.senses import Senses
from panda_agent.types import Region, TimeSpan

WINDOW_SECONDS = 0.8
"""Pace is measured over this time: a walking cycle."""
GOES_WAY, GOES_STRAIGHT = 1.0, 0.7
"""Who goes so many body lengths, that straight, goes somewhere; only those say what is usual."""
NOTABLE = 1.5
"""Times the usual pace; slower ones are not reported."""
LEAST_SECONDS = 0.6
ENOUGH, HELD = 60, 400
"""Movers that must be known before one is judged, and those that wait for that at most."""
BY_HEADINGS = 6
"""So many others must have a heading before there is a common one."""
CLEAR = 0.7
"""Length of their mean heading from which on it is common: six of seven go one way."""
OPPOSED = -0.5
"""Cosine of 120°."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a mover was and how fast; pixels of a picture of `size`."""

    owner: str
    time: Array
    place: Array
    velocity: Array
    """(n, 2) pixels per second: the way made within `WINDOW_SECONDS`, at most what its points say."""
    size: tuple[int, int]
    body: float
    points: float

    @property
    def pace(self) -> Array:
        """(n,) pixels per second."""
        return np.asarray(np.linalg.norm(self.velocity, axis=1))

    @property
    def seconds(self) -> float:
        """From first to last sight."""
        return float(self.time[-1] - self.time[0])

    @property
    def whole_from(self) -> float:
        """Second from which it is in the picture with all of its body: before, nobody can tell what comes in there."""
        inside = ((self.place >= self.body / 2) & (self.place <= np.array(self.size) - self.body / 2)).all(axis=1)
        return float(self.time[int(inside.argmax())])

    @property
    def way(self) -> float:
        """Distance from first to last sight, body lengths."""
        return float(np.linalg.norm(self.place[-1] - self.place[0])) / self.body

    @property
    def straightness(self) -> float:
        """Distance over the length of the way, 0..1."""
        steps = np.diff(self.time, prepend=self.time[0])
        return self.way * self.body / max(float((self.pace * steps).sum()), 0.5 * self.body)

    @property
    def cells(self) -> list[Cell]:
        """Where in the grid of `PlaceNorms` each row lies."""
        x, y = (self.place / np.array(self.size) * (COLUMNS, ROWS)).astype(int).T
        return list(zip(x.clip(0, COLUMNS - 1).tolist(), y.clip(0, ROWS - 1).tolist(), strict=True))


class Quick:
    """Filter of kind `quick`: something that outpaces all others where it passes.

    Args:
        rate: Perceived frames per second; unused, looks carry their own time.
        senses: Shared with other filters.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "quick": (
            "others", "speed_ratio", "speed", "seconds", "way", "straightness", "points", "against", "flow", "profile",
            "path",
        )
    }  # fmt: skip

    def __init__(self, rate: float, senses: Senses | None = None) -> None:
        self._senses = Senses() if senses is None else senses
        self._movers = Movers()
        self._time = -np.inf
        self._norms = PlaceNorms()
        self._held: list[Way] = []
        self._learnt = 0
        self._shape = (1, 1)

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a mover is judged some time after it has left."""
        self._shape = look.size
        if look.time == self._time:  # the closing look repeats the last frame
            return []
        self._time = look.time
        self._senses.size.update(look.time, look.boxes, look.size[1])
        self._senses.points.update(look.time, look.gray, look.foreground.moving)
        ended = self._movers.update(look.time, self._senses.points.steady(), self._body)
        self._hold(ended)
        return self._release() if ended and (self._learnt >= ENOUGH or len(self._held) > HELD) else []

    def finish(self) -> list[Observation]:
        """Judge the rest by all that were seen."""
        self._hold(self._movers.finish())
        return self._release()

    @property
    def _body(self) -> float:
        """Length of a body, pixels."""
        return self._senses.size.heights * self._shape[1]

    def _hold(self, movers: list[Mover]) -> None:
        for mover in movers:
            if mover.rows[-1][0] - mover.rows[0][0] >= LEAST_SECONDS:
                way = way_of(mover, self._shape, self._body)
                learn(self._norms, way)
                self._learnt += 1
                self._held.append(way)

    def _release(self) -> list[Observation]:
        held, self._held = self._held, []
        found = [judge(way, self._norms) for way in held]
        return [seen for seen in found if seen is not None]


def way_of(mover: Mover, size: tuple[int, int], body: float) -> Way:
    """Measure a mover's pace by the way it made, which no false match of its points can lengthen."""
    rows = mover.array
    time, place, said = rows[:, 0], rows[:, 1:3], rows[:, 3:5]
    reach = min(WINDOW_SECONDS, float(time[-1] - time[0]))
    start = np.clip(time - reach / 2, time[0], time[-1] - reach)
    ends = [np.stack([np.interp(at, time, axis) for axis in place.T], axis=1) for at in (start, start + reach)]
    made = (ends[1] - ends[0]) / max(reach, 1e-3)
    paces = np.linalg.norm(made, axis=1), np.linalg.norm(said, axis=1)
    made *= np.minimum(1.0, paces[1] / np.maximum(paces[0], 1e-6))[:, None]
    return Way(f"m{mover.id}", time, place, made, size, body, median(rows[:, 5]))


def learn(norms: PlaceNorms, way: Way) -> None:
    """Remember where and how a mover passed, if it goes somewhere."""
    goes = way.way >= GOES_WAY and way.straightness >= GOES_STRAIGHT
    if not goes:
        return
    steps, height = np.gradient(way.time), way.size[1]
    cells = np.array(way.cells)
    for cell in sorted(set(way.cells)):
        here = (cells == cell).all(axis=1)
        mean = way.velocity[here].mean(axis=0)
        u, v = (mean / max(float(np.linalg.norm(mean)), 1e-6)).tolist()
        pace = median(way.pace[here]) / height
        norms.add(cell, Passage(way.owner, pace, way.body / height, u, v, float(steps[here].sum())))


def judge(way: Way, norms: PlaceNorms) -> Observation | None:
    """Compare a mover with others at its places; nothing where it is not notable, or too few others are known."""
    others = {cell: norms.others(cell, way.owner) for cell in set(way.cells)}
    rows = [others[cell] for cell in way.cells]
    known = np.array([bool(row) for row in rows])
    if not known.any():
        return None
    usual = np.array([median([o.speed for o in row]) if row else np.inf for row in rows]) * way.size[1]
    ratio = way.pace / np.maximum(usual, 1e-6)
    typical = median(ratio[known])
    if typical < NOTABLE:
        return None
    against, flow = _against(way, rows)
    crowd = len({o.owner for row in others.values() for o in row})
    start, end = way.whole_from, float(way.time[-1])
    low, high = way.place.min(axis=0) - way.body / 2, way.place.max(axis=0) + way.body / 2
    speed = median(way.pace) / way.body
    return Observation(
        kind="quick",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=(
            f"something goes through at {typical:.1f} times the usual pace of {crowd} others at the same places, "
            f"for {way.seconds:.1f} s over {way.way:.1f} body lengths"
            + ("; it goes against their common direction" if against > 0.5 else "")
        ),
        data={
            "others": crowd,
            "speed_ratio": round(typical, 3),
            "speed": round(speed, 3),
            "seconds": round(way.seconds, 3),
            "way": round(way.way, 3),
            "straightness": round(way.straightness, 3),
            "points": round(way.points, 1),
            "against": round(against, 3),
            "flow": round(flow, 3),
            "profile": profile_of(way.time, ratio),
            "path": path_of(way.time, np.hstack([way.place - way.body / 2, way.place + way.body / 2]), way.size),
        },
        region=Region.of_pixels((*low, *high), *way.size),
        score=round(min(1.0, typical / 4.0), 4),
        family="tracks",
    )


def _against(way: Way, rows: list[list[Passage]]) -> tuple[float, float]:
    """Share of the way against the common heading of others, and how clear that heading is."""
    opposed, clear = [], []
    for velocity, others in zip(way.velocity, rows, strict=True):
        if len({o.owner for o in others}) < BY_HEADINGS:
            continue
        mean = np.mean([(o.u, o.v) for o in others], axis=0)
        length = float(np.linalg.norm(mean))
        clear.append(length)
        pace = max(float(np.linalg.norm(velocity)), 1e-6)
        opposed.append(length >= CLEAR and float(velocity @ mean) / (length * pace) < OPPOSED)
    return (float(np.mean(opposed)), float(np.mean(clear))) if clear else (0.0, 0.0)
