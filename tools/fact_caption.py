"""A clip told in plain English from what was measured: the captioner that needs no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from panda_agent.perception.observation import Observation
from panda_agent.tools.moments import BROAD
from panda_agent.types import Evidence, TimeSpan, clock

FACTS = ("moving", "named", "fastest", "rows")
"""Data fields of a `facts` row."""
MOVERS = ("track", "object")
TOLD = 4
"""Findings that are told of one clip, the strongest first."""
FAST = 1.5
"""Times the usual pace at a place from which a mover is worth a word."""


def facts_of(span: TimeSpan, rows: Sequence[Evidence]) -> Observation:
    """Tell a clip: how many things move, what they are where a detector named them, and what stood out.

    It says nothing that the rows don't, so it is no source of its own.

    Args:
        span: The clip.
        rows: Evidence that touches it, in the order of the case.
    """
    movers = [row for row in rows if row.kind in MOVERS]
    findings = sorted(
        (row for row in rows if row.kind not in (*MOVERS, "stop", "object_stop", *BROAD)),
        key=lambda row: (-(row.score or 0.0), row.span.start, row.id),
    )[:TOLD]
    fastest = max(
        (float(ratio) for row in movers if isinstance(ratio := row.data.get("speed_ratio"), int | float)), default=0.0
    )
    named = Counter(str(row.data["class"]) for row in movers if row.kind == "object")
    moving = sum(row.kind == "track" for row in movers)
    told = [_who(moving, named), *_pace(fastest), *(row.statement for row in sorted(findings, key=_start))]
    return Observation(
        kind="facts",
        span=span,
        statement=f"{clock(span.start)} to {clock(span.end)}: " + " ".join(f"{_closed(text)}" for text in told),
        data={
            "moving": moving,
            "named": dict(sorted(named.items())),
            "fastest": round(fastest, 2),
            "rows": [row.cite for row in findings],
        },
        family="motion",
    )


def _start(row: Evidence) -> tuple[float, str]:
    return row.span.start, row.id


def _who(moving: int, named: Counter[str]) -> str:
    if not moving and not named:
        return "nothing moves"
    seen = ", ".join(f"{count} {name}" for name, count in sorted(named.items()))
    things = f"{moving} moving object{'s' if moving != 1 else ''}"
    return f"{things}; the detector names {seen}" if seen else things


def _pace(fastest: float) -> Iterable[str]:
    if fastest >= FAST:
        yield f"the fastest moves {fastest:.1f} times as fast as others at its place"


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
