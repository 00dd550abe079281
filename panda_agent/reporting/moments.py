"""Key moments: the few instants a reader should see first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile

from panda_agent.reporting.facts import duration, peak
from panda_agent.types import Claim, Evidence, ScorePoint, Verdict

MOST = 8
"""Pictures in the strip."""


@dataclass(frozen=True)
class Moment:
    """An instant worth a picture."""

    time: float
    """Seconds."""
    title: str
    cites: tuple[str, ...]
    """The evidence that is drawn into the picture."""

    @property
    def key(self) -> str:
        """Name of its picture among the media of the report."""
        return f"moment@{self.time:.3f}"


def key_moments(v: Verdict) -> list[Moment]:
    """Pick the height and onset of each anomalous span, then the best view of each claim; the most telling first."""
    apart = max(0.3, duration(v) / 20)
    picked: list[Moment] = []
    for moment in (*_heights(v), *_onsets(v), *_views(v)):
        if len(picked) < MOST and all(abs(moment.time - other.time) >= apart for other in picked):
            picked.append(moment)
    return picked


def _heights(v: Verdict) -> Iterator[Moment]:
    for n, span in sorted(enumerate(v.spans, 1), key=lambda item: -item[1].peak):
        inside = [point for point in v.score_timeline if span.start <= point.t <= span.end]
        if not inside:
            continue
        top = max(point.score for point in inside)
        time = _middle(inside, top - 0.01)
        yield Moment(time, f"Height of span {n}, score {top:.2f}", _cited_at(v, time))


def _middle(points: Sequence[ScorePoint], level: float) -> float:
    """The middle, in time, of the first plateau: it shows more than its first frame, and may hold few points."""
    plateau = list(takewhile(lambda point: point.score >= level, dropwhile(lambda point: point.score < level, points)))
    return (plateau[0].t + plateau[-1].t) / 2


def _onsets(v: Verdict) -> Iterator[Moment]:
    for n, span in enumerate(v.spans, 1):
        yield Moment(span.start, f"Span {n} begins", _cited_at(v, span.start))


def _views(v: Verdict) -> Iterator[Moment]:
    rows = {row.cite: row for row in v.evidence_rows}
    # What happens before what the place looks like, should there not be room for all.
    for n, claim in sorted(enumerate(v.explanation, 1), key=lambda item: item[1].about == "scene"):
        cited = [rows[cite] for cite in claim.cites if cite in rows]
        if cited:
            best = max(cited, key=lambda row: row.score or 0.0)
            yield Moment(_within(best, claim), f"Claim {n}: {best.kind.replace('_', ' ')}", (best.cite,))


def _within(row: Evidence, claim: Claim) -> float:
    return min(claim.span.end, max(claim.span.start, peak(row)))


def _cited_at(v: Verdict, time: float) -> tuple[str, ...]:
    """The evidence of claims that covers a moment."""
    cited = dict.fromkeys(cite for claim in v.explanation for cite in claim.cites)
    rows = {row.cite: row for row in v.evidence_rows}
    return tuple(c for c in cited if c in rows and rows[c].span.start <= time <= rows[c].span.end)
