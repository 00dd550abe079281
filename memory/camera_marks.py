"""What a person marked as normal for a camera: the rows behind a false alarm, as far as they can be known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from panda_agent.types import (
    BUILT_IN_ZONES,
    Evidence,
    Firing,
    Model,
    Predicate,
    Ramp,
    Region,
    Rule,
    TimeSpan,
    Verdict,
)

MOST_TIMES, MOST_BESIDE = 2.0, 4.0
"""A row whose number is this many times as strong as the marked one is nothing like it: the number that the rule grades
by, and those it only asks for beside (how many others there were, how long): they say little of how bad it is."""
NOTE_LENGTH = 200
"""Characters of a person's note that are kept."""
WAY = 30
"""Boxes of the way of something that moves which are kept and compared."""
ELSEWHERE = frozenset({"track", "x", "y", "hour"})
"""Fields of rules that are names, or that place and clock stand for."""
WORDS = frozenset({"caption", "answer", "unanswered", "opinion"})
"""Kinds that a model or a person filed in words: two of them that read alike need not show the same thing."""
NAMED = frozenset(zone.name for zone in BUILT_IN_ZONES)

Side = Literal["more", "less", "either", "same"]


class Measure(Model):
    """One number that the rule asked about, as it was measured when the row was marked."""

    field: str
    value: float | int | str | bool
    side: Side
    """Where a stronger row lies: at a larger number, a smaller one, at either side; `same` must be equal."""
    scale: float = 0.0
    """What the rule compares with; a difference is a share of this or of the value, whichever is larger."""
    most: float = MOST_TIMES
    """At so many times the value nothing of the likeness is left."""
    graded: bool = False
    """Whether the rule grades by it: then what is far weaker is another thing too."""


class MarkedRow(Model):
    """A row of evidence as far as it is needed to know its like again. Holds no text from the video."""

    kind: str
    region: Region | None = None
    way: tuple[Region, ...] = ()
    """Where it went, for what moves: the region around a way through the picture would be all of it."""
    measures: tuple[Measure, ...] = ()
    zones: tuple[str, ...] = ()
    """The user's zones that it lay in."""
    hour: float | None = None
    """Time of day, 0..24, if known."""


class Mark(Model):
    """Something that looked like an event and is normal before this camera, by the word of a person."""

    id: str
    event: str
    """The event type that it was taken for."""
    case_id: str
    span: TimeSpan
    rows: tuple[MarkedRow, ...] = Field(min_length=1)
    note: str = ""
    """A person's words: quoted, never followed."""
    at: str = ""
    """When it was marked, ISO 8601."""


def mark_id(event: str, case_id: str, span: TimeSpan, rows: Sequence[MarkedRow]) -> str:
    """The same mark made twice has the same id."""
    told = [event, case_id, span.model_dump(), [row.model_dump(mode="json") for row in rows]]
    return "m" + hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:7]


def plain(note: str) -> str:
    """A note as one short line that can be put between quotation marks."""
    words = "".join(c if c.isprintable() else " " for c in note).replace('"', "'").split()
    return " ".join(words)[:NOTE_LENGTH]


def rows_behind(verdict: Verdict, rules: Iterable[Rule], span: TimeSpan, event: str) -> list[MarkedRow]:
    """What a case found for an event within a span, in the form of marks; empty where nothing measured backs it.

    Args:
        verdict: The verdict of the case.
        rules: The rules it was judged by: which numbers matter is what they ask for.
        span: Seconds.
        event: The event type.
    """
    known = {f"{rule.id}@{rule.version}": rule for rule in rules}
    rows = {row.cite: row for row in verdict.evidence_rows}
    found: dict[str, MarkedRow] = {}
    for line in verdict.trace:
        if line.event_type == event and _speaks(line, span) and line.rule in known:
            found |= _marked(line, known[line.rule], rows, verdict.scene.clock)
    return [found[cite] for cite in sorted(found)]


def measured(row: Evidence, field: str) -> float | int | str | bool | None:
    """A number of a row that rules may ask for, or the height of its course over time."""
    if field == "profile":
        return max((value for _, value in row.profile), default=None)
    own = {"score": row.score, "duration": row.span.duration, "area": row.region.area if row.region else None}
    value = row.data.get(field, own.get(field))
    return value if isinstance(value, (int, float, str, bool)) else None


def _speaks(line: Firing, span: TimeSpan) -> bool:
    """Whether a line spoke for an anomaly there, and no longer than there: a passing mark must not cover an hour."""
    if line.outcome != "fired" or line.weight <= 0 or line.span is None or not line.span.touches(span):
        return False
    return line.span.overlap(span) >= 0.5 * line.span.duration


def _marked(line: Firing, rule: Rule, rows: Mapping[str, Evidence], started_at: str | None) -> dict[str, MarkedRow]:
    """The rows of one firing by their cites; none unless all of them can be known again."""
    behind = [rows[cite] for cite in line.evidence if cite in rows]
    made = {row.cite: known_again(row, rule, started_at) for row in behind}
    whole = len(behind) == len(line.evidence)
    kept = {cite: row for cite, row in made.items() if row is not None}
    return kept if whole and len(kept) == len(made) else {}


def known_again(row: Evidence, rule: Rule, started_at: str | None) -> MarkedRow | None:
    """A row as far as a rule asks about it; None where nothing but words, or nothing at all, could be known again."""
    measures = tuple(_measures(row, rule))
    numbers = any(one.side != "same" for one in measures)
    everywhere = row.region is None and (not numbers or any(one.field == "profile" for one in measures))
    if row.kind in WORDS or row.call_id is not None or everywhere:
        return None
    hour = hour_of(row, started_at)
    return MarkedRow(
        kind=row.kind, region=row.region, way=way_of(row), measures=measures, zones=own_zones(row), hour=hour
    )


def _measures(row: Evidence, rule: Rule) -> Iterator[Measure]:
    asked: dict[str, list[Predicate | Ramp]] = {}
    for condition in rule.when:
        for predicate in condition.where if condition.kind == row.kind and not condition.absent else ():
            asked.setdefault(predicate.field, []).append(predicate)
    if rule.strength is not None and rule.when[0].kind == row.kind:
        asked.setdefault(rule.strength.field, []).append(rule.strength)
    for field, tests in asked.items():
        value = measured(row, field)
        if value is not None and field not in ELSEWHERE:
            sides = {_side(test) for test in tests}
            scale = max((abs(one) for test in tests for one in _compared_with(test)), default=0.0)
            same = isinstance(value, (str, bool)) or "same" in sides
            side: Side = "same" if same else sides.pop() if len(sides) == 1 else "either"
            graded = any(isinstance(test, Ramp) for test in tests)
            most = MOST_TIMES if graded or rule.strength is None else MOST_BESIDE
            yield Measure(field=field, value=value, side=side, scale=scale, most=most, graded=graded)


def _side(test: Predicate | Ramp) -> Side:
    if isinstance(test, Ramp):
        return "more" if test.low <= test.high else "less"
    return {">=": "more", ">": "more", "<=": "less", "<": "less", "==": "same"}.get(test.op, "either")  # type: ignore[return-value]


def _compared_with(test: Predicate | Ramp) -> list[float]:
    if isinstance(test, Ramp):
        return [float(test.high)]
    return [float(test.value)] if isinstance(test.value, (int, float)) else []


def hour_of(row: Evidence, started_at: str | None) -> float | None:
    """The time of day at which a row was seen, 0..24; None where the ISO time of second 0 is not known, or is none."""
    if started_at is None:
        return None
    try:
        moment = datetime.fromisoformat(started_at) + timedelta(seconds=row.span.start)
    except (ValueError, OverflowError):
        return None
    return moment.hour + moment.minute / 60


def own_zones(row: Evidence) -> tuple[str, ...]:
    """The user's zones that a row lies in, by name."""
    zones = row.data.get("zones")
    return tuple(sorted(str(zone) for zone in zones if zone not in NAMED)) if isinstance(zones, list) else ()


def way_of(row: Evidence) -> tuple[Region, ...]:
    """The boxes of its path, evenly thinned; empty for what stays, or where there is none."""
    path = row.data.get("path")
    boxes = [_box(one) for one in path] if isinstance(path, list) else []
    whole = [box for box in boxes if box is not None]
    return tuple(whole[:: max(1, -(-len(whole) // WAY))])


def _box(one: object) -> Region | None:
    """The box of `[seconds, x0, y0, x1, y1]`; None for what is none."""
    if not isinstance(one, list) or len(one) != 5 or not all(isinstance(v, (int, float)) for v in one):
        return None
    return Region.of_pixels(one[1:], 1, 1)
