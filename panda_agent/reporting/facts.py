"""What a page needs to know of a verdict that the verdict does not say outright."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import JsonValue

from panda_agent.types import Claim, Evidence, Judgement, Region, Rejected, TimeSpan, Verdict

DEFAULT_THRESHOLD = 0.5
"""Belief from which a moment counts as anomalous, where provenance does not say."""


TOLD_AS = {
    "what": "What happened",
    "why": "Why it counts",
    "before": "What led to it",
    "after": "What followed",
    "instead": "What else it could have been",
}
"""Headings of the account's passages."""


def told_of(v: Verdict) -> list[Claim]:
    """The sentences of the account, in order."""
    return [claim for passage in v.account for claim in passage.sentences]


def video_facts(v: Verdict) -> dict[str, Any]:
    """How the video read (see `video.ReadReport`), as kept in provenance; empty for verdicts made without a video."""
    found = v.provenance.get("video")
    return found if isinstance(found, dict) else {}


def duration(v: Verdict) -> float:
    """Seconds that a time axis must hold: the video's length, or the last moment the verdict speaks of."""
    spans = [row.span.end for row in v.evidence_rows] + [j.span.end for j in v.judgements] + [s.end for s in v.spans]
    last = max([*spans, *(p.t for p in v.score_timeline), *(c.span.end for c in v.explanation)], default=0.0)
    stated = video_facts(v).get("duration")
    return max(last, float(stated) if isinstance(stated, (int, float)) else 0.0, 0.001)


def blind_spans(v: Verdict) -> list[TimeSpan]:
    """Stretches without a picture, as the reader reported them."""
    found = video_facts(v).get("blind")
    return [TimeSpan.model_validate(span) for span in found] if isinstance(found, list) else []


def threshold(v: Verdict) -> float:
    """The belief from which this case counted a moment as anomalous."""
    node: Any = v.provenance
    for key in ("settings", "loop", "threshold"):
        node = node.get(key) if isinstance(node, dict) else None
    return float(node) if isinstance(node, (int, float)) else DEFAULT_THRESHOLD


def peak(row: Evidence) -> float:
    """The moment that shows an observation best: where its profile is highest, else its middle."""
    points = row.profile
    if points:
        return max(points, key=lambda point: point[1])[0]
    return (row.span.start + row.span.end) / 2


def table(value: JsonValue, width: int) -> list[list[float]]:
    """The rows of a list of lists that hold `width` numbers; a tool that is not ours may have put anything there."""
    rows = value if isinstance(value, list) else []
    numbers = [[cell for cell in row if isinstance(cell, int | float)] for row in rows if isinstance(row, list)]
    return [[float(cell) for cell in row] for row in numbers if len(row) == width]


def region_at(row: Evidence, time: float) -> Region | None:
    """Where an observation was at a moment: on its path ([[seconds, x0, y0, x1, y1], ...]), else its region."""
    path = np.array(table(row.data.get("path"), 5))
    if not len(path):
        return row.region
    return Region.of_pixels([np.interp(time, path[:, 0], path[:, i]) for i in range(1, 5)], 1, 1)


@dataclass(frozen=True)
class Exhibit:
    """A row of evidence with its place in the report."""

    number: int
    """Counted in the order in which the report first cites it."""
    row: Evidence
    claims: tuple[int, ...]
    """Numbers of the claims that cite it."""
    rules: tuple[str, ...]
    """Rules that fired on it."""


def exhibits(v: Verdict) -> dict[str, Exhibit]:
    """Number the evidence as the report cites it: claims, rejected alternatives, judgements, rules, then the rest."""
    rows = {row.cite: row for row in v.evidence_rows}
    order = [cite for cite in dict.fromkeys([*_cites(v), *rows]) if cite in rows]
    return {
        cite: Exhibit(
            number=n,
            row=rows[cite],
            claims=tuple(i for i, claim in enumerate(v.explanation, 1) if cite in claim.cites),
            rules=tuple(
                dict.fromkeys(line.rule for line in v.trace if line.outcome == "fired" and cite in line.evidence)
            ),
        )
        for n, cite in enumerate(order, 1)
    }


def _cites(v: Verdict) -> Iterator[str]:
    holders: list[Claim | Rejected | Judgement] = [*v.explanation, *told_of(v), *v.rejected_alternatives, *v.judgements]
    for holder in holders:
        yield from holder.cites
    for line in v.trace:
        yield from line.evidence
