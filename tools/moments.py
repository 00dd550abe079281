"""Which moments of a clip to show: evenly spread ones, and those at which something happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from panda_agent.types import Evidence, TimeSpan

APART = 0.2
"""Two moments nearer than this, seconds, show the same."""
OBJECTS = ("track", "object")
"""Kinds whose begin and end are births and deaths of what moves."""
BROAD = ("scene", "crowd", "normality", "facts", "caption", "answer", "opinion", "unanswered", "second_look", "blind")
"""Kinds that tell of a stretch as a whole: their middle is no moment of its own."""


def moments_of(span: TimeSpan, rows: Iterable[Evidence], count: int) -> list[float]:
    """Choose moments of a clip: at least half of them evenly, the others where most happens.

    Field reports of missed short events come from even sampling alone, so motion peaks go first, then births and
    deaths of tracks. Deterministic, and in order of time.

    Args:
        span: The clip.
        rows: Evidence that touches it.
        count: How many moments, at most.

    Returns:
        Seconds, rising, at least `APART` apart.
    """
    telling = _apart(_events(span, rows), count // 2)
    even = _even(span, count - len(telling))
    return sorted(_apart([*telling, *even, *_even(span, count)], count))


def _apart(moments: Iterable[float], count: int) -> list[float]:
    """The first of some moments that are not near to one before, at most so many."""
    chosen: list[float] = []
    for moment in moments:
        if len(chosen) < count and all(abs(moment - other) >= APART for other in chosen):
            chosen.append(moment)
    return chosen


def _even(span: TimeSpan, count: int) -> list[float]:
    """`count` moments from the first to the last; the middle where there is one."""
    if count == 1:
        return [round((span.start + span.end) / 2, 3)]
    return [round(span.start + span.duration * i / (count - 1), 3) for i in range(count)]


def _events(span: TimeSpan, rows: Iterable[Evidence]) -> list[float]:
    """Peaks of what was noticed, the strongest first, then births and deaths of what moves."""
    peaks: list[tuple[float, float]] = []
    turns: list[float] = []
    for row in rows:
        if row.kind in OBJECTS:
            turns += [row.span.start, row.span.end]
        elif row.kind not in BROAD:
            peaks.append((-(row.score or 0.0), _peak(row, span)))
    inside = [at for _, at in sorted(peaks)] + sorted(turns)
    return [round(at, 3) for at in inside if span.start < at < span.end]


def _peak(row: Evidence, span: TimeSpan) -> float:
    """When a row is at its strongest within the clip; its middle where it has no profile."""
    within = [point for point in row.profile if span.start <= point[0] <= span.end]
    if within:
        return max(within, key=lambda point: point[1])[0]
    return (max(row.span.start, span.start) + min(row.span.end, span.end)) / 2


def clips_to_show(clips: Sequence[TimeSpan], rows: Sequence[Evidence], most: int) -> list[int]:
    """Which clips get a paid look, where not all can: half evenly spread, half where most happens.

    Args:
        clips: All clips, in order.
        rows: The evidence of the case.
        most: How many clips, at most.

    Returns:
        Indexes into `clips`, rising.
    """
    if len(clips) <= most:
        return list(range(len(clips)))
    even = [int(len(clips) * (i + 0.5) / max(1, most - most // 2)) for i in range(most - most // 2)]
    telling = [row for row in rows if row.kind not in (*BROAD, *OBJECTS)]
    busy = sorted(range(len(clips)), key=lambda i: (-_eventfulness(clips[i], telling), i))
    return sorted(islice(dict.fromkeys([*even, *busy]), most))


def _eventfulness(clip: TimeSpan, rows: Iterable[Evidence]) -> float:
    return sum(row.score or 0.1 for row in rows if row.span.touches(clip))
