"""How like what was marked as normal a row of a later case is: by kind, place, way, numbers, zones and time of day."""

from __future__ import annotations

from panda_agent.memory.camera_marks import MarkedRow, Measure, hour_of, measured, own_zones, way_of
from panda_agent.types import Evidence, Region

LEAST_SHARE = 0.25
"""What is only so strong in the number that the rule grades by is another thing: a skater is no cart."""
OFF_THE_WAY = 25.0
"""Percentile of a way's nearness to the marked one that counts: three quarters of it must be near."""
MOST_SIZE = 2.5
"""A box so many times as large, or as small, is of another thing."""
LEAST_IOU, GOOD_IOU = 0.2, 0.5
"""Overlap at which boxes begin to be of one place, and at which they are."""
MOST_HOURS = 4.0
"""What was seen further from the marked time of day is another thing, where both are known."""


def likeness(row: Evidence, marked: MarkedRow, started_at: str | None = None) -> float:
    """How like a marked row another one is, 0..1: the least of place, size, numbers, zones and time of day.

    What is weaker in a number that the rule asks for beside is as like as can be; what is twice as strong, or a
    quarter, in the one that it grades by, a box away, or of another kind, is nothing like it. A number that was not
    measured this time counts as such.

    Args:
        row: A row of this case.
        marked: One of a mark.
        started_at: ISO time of second 0 of this case, if known.
    """
    if row.kind != marked.kind or set(own_zones(row)) != set(marked.zones):
        return 0.0
    near = [_along(row, marked), _clock(hour_of(row, started_at), marked.hour)]
    near += [_number(measured(row, one.field), one) for one in marked.measures]
    return round(min(near), 4)


def _number(value: float | int | str | bool | None, measure: Measure) -> float:
    if value is None:
        return 0.0
    if measure.side == "same" or isinstance(value, (str, bool)) or isinstance(measure.value, (str, bool)):
        return float(value == measure.value)
    scale = max(abs(measure.value), measure.scale, 1e-6)
    more = (value - measure.value) / scale
    beyond = {"more": more, "less": -more}.get(measure.side, abs(more))
    if beyond < 0 and measure.graded:
        return max(0.0, 1.0 - _weaker(value, measure) / (1.0 / LEAST_SHARE - 1.0))
    return min(1.0, max(0.0, 1.0 - beyond / (measure.most - 1.0)))


def _weaker(value: float, measure: Measure) -> float:
    """By how many times a number is weaker than the marked one, less one."""
    marked = float(measure.value)
    strong, weak = (marked, value) if measure.side == "more" else (value, marked)
    return max(0.0, strong / max(weak, 1e-6) - 1.0)


def _along(row: Evidence, marked: MarkedRow) -> float:
    """How well the places agree; of what moves, how near the marked way comes to three quarters of its own."""
    way = way_of(row)
    if not way or not marked.way:
        return place(row.region, marked.region)
    near = sorted(max(place(box, other) for other in marked.way) for box in way)
    return near[int(len(near) * OFF_THE_WAY / 100)]


def place(here: Region | None, there: Region | None) -> float:
    """How well two places agree, 0..1: by middle and size, or, where a box was drawn wider around more, by overlap.

    0 where the middles are a box apart or the sizes differ `MOST_SIZE` times, unless the boxes overlap well.
    """
    if here is None or there is None:
        return float(here is there)
    (x, y), (u, v) = here.center, there.center
    wide, high = max(there.x1 - there.x0, 1e-3), max(there.y1 - there.y0, 1e-3)
    away = max(abs(x - u) / wide, abs(y - v) / high)
    small, large = sorted((max(here.area, 1e-6), max(there.area, 1e-6)))
    by_middle = min(1.0 - away, 1.0 - (large / small - 1.0) / (MOST_SIZE - 1.0))
    by_overlap = (here.iou(there) - LEAST_IOU) / (GOOD_IOU - LEAST_IOU)
    return min(1.0, max(0.0, by_middle, by_overlap))


def _clock(here: float | None, there: float | None) -> float:
    if here is None or there is None:
        return 1.0
    apart = abs(here - there) % 24
    return float(min(apart, 24 - apart) <= MOST_HOURS)
