"""Where in the picture a verdict saw what speaks for an anomaly: the boxes of the evidence of rules that fired."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from panda_agent.evaluation.result import Place
from panda_agent.types import Evidence, Verdict

Box = tuple[float, float, float, float]
Numbers = list[float]
DIGITS = 4


def places_of(v: Verdict) -> tuple[Place, ...]:
    """The boxes over time; a row's path, else its region for as long as it lasts. Rising by start.

    The weight is that of the strongest rule that cites the row, as belief above one half: tanh(log-odds / 2). A row
    that tells of several patches at a moment gives each the share of it that the patch has of the moment's oddest.
    """
    weights: dict[str, float] = {}
    for line in v.trace:
        if line.outcome == "fired" and line.weight > 0:
            for cite in line.evidence:
                weights[cite] = max(weights.get(cite, 0.0), math.tanh(line.weight / 2))
    rows = [row for row in v.evidence_rows if row.cite in weights]
    found = [
        Place(start=start, end=end, box=box, weight=round(weights[row.cite] * share, DIGITS))
        for row in rows
        for start, end, box, share in boxes_of(row)
    ]
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.box, one.weight)))


def boxes_of(row: Evidence) -> Iterator[tuple[float, float, Box, float]]:
    """(start, end, box, share of its weight) of a row; nothing for one that is about the whole picture."""
    if patches := _table(row, "patches", 6):
        yield from _of_patches(patches, row.span.end)
    elif path := _table(row, "path", 5):
        for start, end, at in _lasting([step[0] for step in path], row.span.end):
            yield start, end, _box(path[at][1:]), 1.0
    elif row.region is not None:
        region = row.region
        yield row.span.start, row.span.end, (region.x0, region.y0, region.x1, region.y1), 1.0


def _of_patches(patches: Sequence[Numbers], end: float) -> Iterator[tuple[float, float, Box, float]]:
    moments: dict[float, list[Numbers]] = {}
    for patch in patches:
        moments.setdefault(patch[0], []).append(patch)
    told = list(moments.values())
    for start, until, at in _lasting(list(moments), end):
        here = told[at]
        top = max(patch[5] for patch in here)
        for patch in here:
            yield start, until, _box(patch[1:5]), patch[5] / top if top > 0 else 0.0


def _lasting(moments: Sequence[float], end: float) -> Iterator[tuple[float, float, int]]:
    """(start, end, index) of each moment: until the next one, the last a step more."""
    gap = min((b - a for a, b in pairwise(moments)), default=0.0)
    ends = [*moments[1:], max(end, moments[-1] + gap)]
    for at, (start, until) in enumerate(zip(moments, ends, strict=True)):
        yield start, until, at


def _table(row: Evidence, name: str, width: int) -> list[Numbers]:
    found = row.data.get(name)
    steps = found if isinstance(found, list) else []
    return [[float(str(v)) for v in step] for step in steps if isinstance(step, list) and len(step) == width]


def _box(corners: Sequence[float]) -> Box:
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, value)), DIGITS) for value in corners)
    return x0, y0, x1, y1
