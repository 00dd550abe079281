"""What is usual at a place: speeds, sizes and headings of others who passed there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.paths import Path

Array = NDArray[np.float64]
Cell = tuple[int, int]

COLUMNS, ROWS = 8, 6
"""Cells of the picture; what is far from the camera must not be compared with what is near."""
KEPT = 48
"""Passages that a cell remembers; later ones replace them in turn."""
MIN_OTHERS = 5
"""Fewer others say nothing about what is usual."""
MOVING = 0.1
"""Slower than this stands, body lengths/s."""
GOES_WAY, GOES_STRAIGHT = 1.0, 0.7
"""Who goes so many body lengths, that straight, goes somewhere. Only those set pace and direction: not who loiters or
trembles, nor the blobs of crowds, whose sides hardly move."""
BRISK = 0.75
"""An object is judged by the speed that it reached on the fastest quarter of its way, as others by their median."""
MIN_SECONDS = 0.6
"""Shorter paths teach nothing."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One object's way through one cell."""

    owner: str
    speed: float
    """Median, picture heights/s: at one place that is fair, and shards of a body don't look fast."""
    body: float
    """Body length, picture heights."""
    u: float
    """Heading to the right, unit vector; both 0 for who goes nowhere."""
    v: float
    """Heading down."""
    seconds: float


@dataclass
class PlaceNorms:
    """A bounded memory of passages, cell by cell. Feed it with the same video's paths, with normal videos, or both."""

    cells: dict[Cell, list[Passage]] = field(default_factory=dict)
    counts: dict[Cell, int] = field(default_factory=dict)

    def learn(self, path: Path, owner: str) -> None:
        """Remember an object's passages.

        Args:
            path: Its way.
            owner: A name unique among all objects ever fed, so that an object is never compared with itself.
        """
        if path.seconds < MIN_SECONDS:
            return
        for cell, passage in passages(path, owner):
            self.add(cell, passage)

    def add(self, cell: Cell, passage: Passage) -> None:
        """Remember one passage through a cell."""
        kept = self.cells.setdefault(cell, [])
        count = self.counts.get(cell, 0)
        if len(kept) < KEPT:
            kept.append(passage)
        else:
            kept[count % KEPT] = passage
        self.counts[cell] = count + 1

    def others(self, cell: Cell, owner: str) -> list[Passage]:
        """Passages of others who go somewhere: in a cell; with too few there, also around it; then anywhere."""
        for reach in (0, 1, max(COLUMNS, ROWS)):
            found = [
                passage
                for (x, y), kept in self.cells.items()
                if abs(x - cell[0]) <= reach and abs(y - cell[1]) <= reach
                for passage in kept
                if passage.owner != owner and (passage.u or passage.v)
            ]
            if len({passage.owner for passage in found}) >= MIN_OTHERS:
                return found
        return []

    def dump(self) -> dict[str, JsonValue]:
        """Plain JSON, to be kept with a camera."""
        return {
            f"{x},{y}": [[p.owner, p.speed, p.body, p.u, p.v, p.seconds] for p in kept]
            for (x, y), kept in sorted(self.cells.items())
        }

    @classmethod
    def load(cls, dumped: dict[str, list[list[object]]]) -> PlaceNorms:
        """Undo `dump`."""
        cells = {}
        for key, rows in dumped.items():
            x, y = key.split(",")
            cells[int(x), int(y)] = [Passage(str(row[0]), *(float(str(v)) for v in row[1:])) for row in rows]
        return cls(cells, {cell: len(kept) for cell, kept in cells.items()})


@dataclass(frozen=True, slots=True)
class Compared:
    """One object against others at the places it passed: medians over its way, but its speed by the upper quarter.

    Speeds are in body lengths of those others, so that object and others are told in one unit.
    """

    others: int
    """How many others are known there."""
    speed: float
    """Its speed, body lengths of others/s."""
    speed_ratio: float
    """Its speed over the median speed of others who went somewhere."""
    speed_rank: float
    """Share of others that were slower, 0..1."""
    speed_limit: float
    """95 % of others stayed below this, body lengths of others/s."""
    size_ratio: float
    """Its body length over their median."""
    size_rank: float
    """Share of others that were smaller, 0..1."""
    against: float
    """Share of its moving time in which it went against a clear common heading of others (by more than 120°), 0..1."""
    flow: float
    """How clear that heading is: length of others' mean unit heading, 0..1."""


def compare(path: Path, norms: PlaceNorms, owner: str) -> Compared | None:
    """Compare an object with others at the same places; None where too few others are known."""
    rows = [(own, others) for cell, own in passages(path, owner) if (others := norms.others(cell, owner))]
    if not rows:
        return None
    own = [passage for passage, _ in rows]
    weights = np.array([passage.seconds for passage in own])
    speeds = [np.array([o.speed for o in others]) for _, others in rows]
    bodies = [np.array([o.body for o in others]) for _, others in rows]
    usual = [float(np.median(b)) for b in bodies]

    def over_way(values: Sequence[float], quantile: float = 0.5) -> float:
        return _weighted_quantile(np.array(values, np.float64), weights, quantile)

    against, flow = _heading_against(rows)
    return Compared(
        others=len({o.owner for _, others in rows for o in others}),
        speed=over_way([p.speed / b for p, b in zip(own, usual, strict=True)], BRISK),
        speed_ratio=over_way([p.speed / float(np.median(s)) for p, s in zip(own, speeds, strict=True)], BRISK),
        speed_rank=over_way([float((s < p.speed).mean()) for p, s in zip(own, speeds, strict=True)], BRISK),
        speed_limit=over_way([float(np.quantile(s, 0.95)) / b for s, b in zip(speeds, usual, strict=True)]),
        size_ratio=over_way([p.body / b for p, b in zip(own, usual, strict=True)]),
        size_rank=over_way([float((b < p.body).mean()) for p, b in zip(own, bodies, strict=True)]),
        against=against,
        flow=flow,
    )


CLEAR = 0.8
"""Length of the mean heading that makes a direction common: nine of ten go the same way."""
MIN_HEADINGS = 8
"""Fewer others don't make a common direction: five who happen to go the same way do so by chance."""
OPPOSED = -0.5
"""Cosine of 120°."""


def _heading_against(rows: Sequence[tuple[Passage, list[Passage]]]) -> tuple[float, float]:
    """Share of time against the common heading, and how clear that heading is (0, 0 where there is none)."""
    opposed = total = clear = 0.0
    for own, others in rows:
        headings = np.array([(o.u, o.v) for o in others])
        if (own.u or own.v) and len({o.owner for o in others}) >= MIN_HEADINGS:
            mean = headings.mean(axis=0)
            length = float(np.linalg.norm(mean))
            total += own.seconds
            clear += own.seconds * length
            if length >= CLEAR and (own.u * mean[0] + own.v * mean[1]) / length < OPPOSED:
                opposed += own.seconds
    return (opposed / total, clear / total) if total > 0 else (0.0, 0.0)


def passages(path: Path, owner: str) -> Iterator[tuple[Cell, Passage]]:
    """Cut a path into its passages through cells, leaving out what the rim of the picture cuts off."""
    width = path.size[0] / path.size[1]
    columns = np.clip(path.center[:, 0] / width * COLUMNS, 0, COLUMNS - 1).astype(int)
    lines = np.clip(path.center[:, 1] * ROWS, 0, ROWS - 1).astype(int)
    whole = ~path.cut if (~path.cut).sum() >= 3 else np.ones(len(path.time), bool)
    for cell in sorted(set(zip(columns[whole].tolist(), lines[whole].tolist(), strict=True))):
        yield cell, _passage(path, owner, whole & (columns == cell[0]) & (lines == cell[1]))


def _passage(path: Path, owner: str, here: NDArray[np.bool_]) -> Passage:
    pace = float(np.median(np.linalg.norm(path.velocity[here], axis=1)))
    body = float(np.median((path.boxes[here, 2:] - path.boxes[here, :2]).max(axis=1)))
    mean = path.velocity[here].mean(axis=0)
    length = float(np.linalg.norm(mean))
    goes = path.way >= GOES_WAY and path.straightness >= GOES_STRAIGHT and pace >= MOVING * path.body and length > 0
    u, v = (mean / length).tolist() if goes else (0.0, 0.0)
    return Passage(owner, pace, body, u, v, float(path.steps[here].sum()))


def _weighted_quantile(values: Array, weights: Array, quantile: float) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][min(len(values) - 1, int(np.searchsorted(total, quantile * total[-1])))])
