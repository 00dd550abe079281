"""Does a row of evidence meet a condition? Yes, no, or can't tell."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from panda_agent.types import Condition, Evidence, Predicate, Ramp
from panda_agent.words import mentions


@lru_cache(maxsize=2**17)
def _says(text: str, phrases: str) -> bool:
    """Whether a text mentions one of some phrases; a captioner says the same of many moments."""
    return mentions(text, json.loads(phrases))


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
    "in": lambda found, wanted: found in wanted,
    "mentions": lambda text, phrases: _says(str(text), phrases),
}


def value_of(row: Evidence, field: str, started_at: str | None = None) -> Any:
    """A measured value of a row by name; None when it was not measured.

    Args:
        row: The evidence.
        field: A key of `row.data` or one of `ROW_FIELDS`.
        started_at: ISO time of second 0, needed for `hour`.
    """
    if field in row.data:
        return row.data[field]
    if field == "score":
        return row.score
    if field == "duration":
        return row.span.duration
    if field == "hour":
        return None if started_at is None else _hour(started_at, row.span.start)
    if row.region is None:
        return None
    return {"area": row.region.area, "x": row.region.center[0], "y": row.region.center[1]}.get(field)


def meets(row: Evidence, predicate: Predicate, started_at: str | None = None) -> bool | None:
    """Test one predicate; None when the field was not measured or can't be compared."""
    found = value_of(row, predicate.field, started_at)
    if found is None:
        return None
    if isinstance(found, list):  # e.g. the zones a track went through
        return (predicate.value in found) != (predicate.op == "!=")
    try:
        return bool(OPERATORS[predicate.op](found, predicate.wanted))
    except TypeError:
        return None


def matches(row: Evidence, condition: Condition, started_at: str | None = None) -> bool | None:
    """Test all predicates of a condition: no beats can't tell, can't tell beats yes."""
    unmeasured = False
    for predicate in condition.where:
        met = meets(row, predicate, started_at)
        if met is False:
            return False
        unmeasured = unmeasured or met is None
    return None if unmeasured else True


def related(anchor: Evidence, row: Evidence, condition: Condition) -> bool:
    """Whether a row lies near enough to the first condition's row: in time, and by track or place if asked."""
    if not anchor.span.touches(row.span, within=condition.within):
        return False
    if abs(anchor.span.start - row.span.start) < condition.apart:
        return False
    if condition.same == "track":
        return bool(_tracks(anchor) & _tracks(row))
    if condition.same == "region":
        return anchor.region is None or row.region is None or anchor.region.iou(row.region) > 0.0
    return True


def same_episode(row: Evidence, other: Evidence) -> bool:
    """Whether two rows tell of one episode, one of them online while it lasted: neither is company to the other."""
    if row.kind != other.kind or not (row.data.get("so_far") or other.data.get("so_far")):
        return False
    one, two = _tracks(row), _tracks(other)
    return bool(one & two) if one or two else row.span.start == other.span.start


def ramp(row: Evidence, scale: Ramp | None, started_at: str | None = None) -> float:
    """Strength of a firing, 0..1; without a ramp, or where its field is missing, 1."""
    if scale is None:
        return 1.0
    found = value_of(row, scale.field, started_at)
    return rise(float(found), scale) if isinstance(found, (int, float)) else 1.0


def rise(value: float, scale: Ramp) -> float:
    """Place a value on a ramp, clipped to 0..1."""
    width = scale.high - scale.low
    if width == 0:
        return float(value >= scale.high)
    return min(1.0, max(0.0, (value - scale.low) / width))


def _tracks(row: Evidence) -> set[Any]:
    tracks = row.data.get("tracks")
    single = row.data.get("track")
    return set(tracks if isinstance(tracks, list) else []) | ({single} if single is not None else set())


def _hour(started_at: str, seconds: float) -> float:
    moment = datetime.fromisoformat(started_at) + timedelta(seconds=seconds)
    return moment.hour + moment.minute / 60
