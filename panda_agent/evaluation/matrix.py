"""Each cell of an ablation against the reference: what changed, by how much, and can that be told from nothing?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panda_agent.evaluation.ablating import Worked
from panda_agent.evaluation.comparing import Difference, compare, shared
from panda_agent.evaluation.measured import Figures, pair

COMPARED = ("micro_auc", "within_video_auc")
"""Figures that are held against the reference."""
ALPHA = 0.05
"""How often all that is told apart may be wrong in any of it, were there no differences at all."""


@dataclass(frozen=True)
class Gap:
    """One figure of a cell less that of the reference."""

    difference: float | None
    interval: tuple[float, float] | None
    """95 % of paired draws over videos."""
    chance: float | None
    """See `bootstrap.chance`."""
    corrected: float | None = None
    """The same after Holm's correction over all comparisons of the suite."""

    @property
    def alone(self) -> bool:
        """The interval leaves 0 out, were this the only comparison."""
        return self.interval is not None and not self.interval[0] <= 0.0 <= self.interval[1]

    @property
    def apart(self) -> bool:
        """It can be told from 0, whatever else was compared."""
        return self.alone and self.corrected is not None and self.corrected < ALPHA


@dataclass(frozen=True)
class Against:
    """A cell beside the reference, over the videos that both have."""

    videos: int
    verdicts: int
    """Videos with another label or event type."""
    scores: int
    """Videos with another score at any moment."""
    evidence: int
    """Videos whose verdict cites other evidence."""
    gaps: Mapping[str, Gap]

    @property
    def same(self) -> bool:
        """The same evidence and the same scores in every video."""
        return not (self.verdicts or self.scores or self.evidence)

    @property
    def nothing(self) -> bool:
        """No figure differs at all."""
        return not any(gap.difference for gap in self.gaps.values())


@dataclass(frozen=True)
class Line:
    """One line of the matrix."""

    cell: Worked
    against: Against | None
    """None for the reference, and for a cell without scores."""
    is_reference: bool
    seconds_per_minute: float | None
    """Of processor time, by the minute of video."""


@dataclass(frozen=True)
class Matrix:
    """All lines, and how many comparisons they hold."""

    lines: tuple[Line, ...]
    comparisons: int


def matrix_of(cells: Sequence[Worked], reference: str) -> Matrix:
    """Hold every cell against the reference; intervals are corrected for how many there are."""
    base = next(one for one in cells if one.name == reference)
    found = {one.name: _against(base, one) for one in cells if base.metrics and one.metrics and one is not base}
    known = [
        (name, figure)
        for name, against in found.items()
        for figure, gap in against.gaps.items()
        if gap.chance is not None
    ]
    chances = holm([found[name].gaps[figure].chance or 0.0 for name, figure in known])
    for (name, figure), corrected in zip(known, chances, strict=True):
        found[name] = _corrected(found[name], figure, corrected)
    lines = [Line(one, found.get(one.name), one is base, _seconds(one)) for one in cells]
    return Matrix(tuple(lines), len(known))


def holm(chances: Sequence[float]) -> list[float]:
    """p-values after the step-down correction of Holm (Scandinavian Journal of Statistics 6, 1979), in their order."""
    found = [0.0] * len(chances)
    least = 0.0
    for rank, i in enumerate(sorted(range(len(chances)), key=lambda i: chances[i])):
        least = max(least, min(1.0, chances[i] * (len(chances) - rank)))
        found[i] = least
    return found


def _against(base: Worked, cell: Worked) -> Against:
    ours, theirs = shared(base.videos, cell.videos)
    pairs = [(a.result, b.result) for a, b in zip(ours, theirs, strict=True)]
    known = {one.name: one for one in compare(base.folder, cell.folder).differences}
    return Against(
        videos=len(pairs),
        verdicts=sum((a.label, a.event_type) != (b.label, b.event_type) for a, b in pairs),
        scores=sum(a.timeline != b.timeline for a, b in pairs),
        evidence=sum(a.cited != b.cited for a, b in pairs),
        gaps={name: _gap(known[name]) for name in COMPARED},
    )


def _gap(one: Difference) -> Gap:
    difference = None if one.first is None or one.second is None else one.second - one.first
    low_high = pair(one.interval)
    return Gap(difference, None if low_high is None else (low_high[0], low_high[1]), one.chance)


def _corrected(against: Against, figure: str, corrected: float) -> Against:
    gap = against.gaps[figure]
    told = {**against.gaps, figure: Gap(gap.difference, gap.interval, gap.chance, corrected)}
    return Against(against.videos, against.verdicts, against.scores, against.evidence, told)


def _seconds(cell: Worked) -> float | None:
    spent, minutes = cell.folder.seconds(), sum(one.truth.seconds for one in cell.videos) / 60
    return sum(spent.get(one.name, 0.0) for one in cell.videos) / minutes if minutes else None


def facts_of(matrix: Matrix, told: Mapping[str, str]) -> dict[str, Any]:
    """The matrix as JSON has it.

    Args:
        matrix: All lines.
        told: What each cell came to, in words.
    """
    return {line.cell.name: _facts(line, told[line.cell.name]) for line in matrix.lines}


def _facts(line: Line, told: str) -> Figures:
    cell, against = line.cell, line.against
    figures = {} if cell.metrics is None else {k: v for k, v in cell.metrics.items() if isinstance(v, float | int)}
    return {
        "reference": line.is_reference,
        "finding": told,
        "failed": cell.why or None,
        "failures": cell.failures,
        "misses": cell.misses,
        "without": list(cell.row.without),
        "strategy": cell.row.strategy,
        "looks": cell.row.looks,
        "settings": dict(cell.row.settings),
        "figures": figures,
        "processor_seconds_per_minute": line.seconds_per_minute,
        "against": None if against is None else _of_against(against),
    }


def _of_against(one: Against) -> Figures:
    gaps = {
        name: {
            "difference": gap.difference,
            "interval": gap.interval,
            "p": gap.chance,
            "p_holm": gap.corrected,
            "told_apart": gap.apart,
        }
        for name, gap in one.gaps.items()
    }
    return {
        "videos": one.videos,
        "verdicts_changed": one.verdicts,
        "scores_changed": one.scores,
        "evidence_changed": one.evidence,
        "not_distinguishable": one.same or one.nothing,
        **gaps,
    }
