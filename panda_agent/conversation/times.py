"""Times as people type them: 0:12, 12s, 1:02.5, "from 0:10 to 0:14", 0:10–0:14."""

from __future__ import annotations

import re

from panda_agent.types import TimeSpan, clock

MOMENT = r"(?:\d+:)?\d{1,2}:\d{1,2}(?:\.\d+)?|\d+(?:\.\d+)?\s*(?:seconds|second|secs|sec|s)?(?![\w.:])"
"""A time on its own."""
CLEAR = r"(?:\d+:)?\d{1,2}:\d{1,2}(?:\.\d+)?|\d+(?:\.\d+)?\s*(?:seconds|second|secs|sec|s)(?![\w.:])"
"""A time that is one in whatever sentence: with a colon or a unit."""
TO = r"\s*(?:to|until|till|and|-|–|—)\s*"
SPAN = rf"(?:(?:from|between|at|around)\s+)?(?:{MOMENT})(?:{TO}(?:{MOMENT}))?"
"""A moment or a stretch on its own."""
_SPAN = re.compile(rf"(?:(?:from|between|at|around)\s+)?({MOMENT})(?:{TO}({MOMENT}))?", re.I)
_IN_WORDS = re.compile(
    rf"\b(?:from|between)\s+({MOMENT}){TO}({MOMENT})|({CLEAR}){TO}({CLEAR})|\b(?:at|around)\s+({MOMENT})|({CLEAR})",
    re.I,
)


def seconds_of(text: str) -> float:
    """Seconds of a moment that matches `MOMENT`."""
    parts = re.sub(r"[^\d.:]", "", text).split(":")
    return float(sum(float(part) * 60**i for i, part in enumerate(reversed(parts))))


def span_of(text: str) -> TimeSpan | None:
    """A moment (a span of no length) or a stretch; None where the text is neither, or ends before it starts."""
    found = _SPAN.fullmatch(text.strip())
    return None if found is None else _span(found[1], found[2])


def span_in(words: str) -> TimeSpan | None:
    """The first time that a sentence names; a bare number counts only after `at` and the like."""
    found = _IN_WORDS.search(words)
    if found is None:
        return None
    first, *rest = (part for part in found.groups() if part is not None)
    return _span(first, rest[0] if rest else None)


def numbers_in(words: str) -> set[float]:
    """Every moment, in seconds, that the digits of a sentence can be read as."""
    return {seconds_of(found) for found in re.findall(rf"{MOMENT}|\d+(?:\.\d+)?", words, re.I)}


def told(span: TimeSpan) -> str:
    """A span in a form that can be typed again."""
    return clock(span.start) if span.start == span.end else f"{clock(span.start)} to {clock(span.end)}"


def _span(first: str, second: str | None) -> TimeSpan | None:
    start = seconds_of(first)
    end = start if second is None else seconds_of(second)
    return TimeSpan(start=start, end=end) if end >= start else None
