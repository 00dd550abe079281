"""What is different about a clip: its measures against those of equally long windows of the rest of the video.

With normal videos given, what strays from them is told too: by the rows that the normality memory made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from pydantic import JsonValue

from panda_agent.errors import ToolError
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.types import Evidence, TimeSpan, clock

LEAST_WINDOWS = 4
"""Fewer windows say nothing about what is usual."""
STRAYS = 3.0
"""Spreads from the median that are worth a word."""
MAD = 1.4826
"""Median absolute deviation to standard deviation, where values are normal."""
LEAST = {"moving things": 1.0, "fastest, times the usual pace": 0.3, "agitation": 0.3, "hard stops": 1.0}
"""Spread below which a difference means nothing, in the unit of each measure."""

Measure = Callable[[Sequence[Evidence]], float]


def _most(kind: str, field: str) -> Measure:
    def measure(rows: Sequence[Evidence]) -> float:
        found = [row.data.get(field) for row in rows if row.kind == kind]
        return max((float(value) for value in found if isinstance(value, int | float)), default=0.0)

    return measure


def _count(kind: str) -> Measure:
    return lambda rows: float(sum(row.kind == kind for row in rows))


MEASURES: dict[str, Measure] = {
    "moving things": _count("track"),
    "fastest, times the usual pace": _most("track", "speed_ratio"),
    "agitation": _most("agitation", "agitation"),
    "hard stops": _count("stop"),
}
KINDS = ("track", "agitation", "stop", "unusual")


class CompareClips:
    """Tells in numbers and words how a clip differs from the rest of the video, and from normal videos."""

    spec = ToolSpec(
        name="compare_clips",
        about="Tells how a clip differs from the rest of the video, and from normal videos where they were given.",
        family="motion",
        stage="on request",
        makes={"comparison": ("measures", "differs", "windows", "reference", "strays")},
        parallel_safe=True,
        after=True,
        aliases=("compare", "compare with normal", "difference"),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row.

        Raises:
            ToolError: There is no clip, or too little beside it to compare with.
        """
        scope.check()
        if scope.span is None or scope.span.duration <= 0:
            raise ToolError("compare_clips needs one clip, and none was given.")
        rows = scope.filed(kinds=KINDS)
        windows = _windows(scope.span, _length(scope))
        if len(windows) < LEAST_WINDOWS:
            raise ToolError(
                f"{scope.span} has only {len(windows)} windows of its length beside it: too few to say what is usual."
            )
        yield _comparison(scope.span, rows, windows)


def _comparison(span: TimeSpan, rows: Sequence[Evidence], windows: Sequence[TimeSpan]) -> Observation:
    own = _inside(rows, span)
    others = [_inside(rows, window) for window in windows]
    measures: dict[str, JsonValue] = {}
    differs: list[JsonValue] = []
    told: list[str] = []
    for name, measure in MEASURES.items():
        value, usual = measure(own), np.array([measure(one) for one in others])
        middle = float(np.median(usual))
        spread = max(LEAST[name], MAD * float(np.median(np.abs(usual - middle))))
        z = (value - middle) / spread
        measures[name] = {"value": round(value, 2), "usual": round(middle, 2), "z": round(z, 2)}
        if abs(z) >= STRAYS:
            differs.append(name)
            told.append(f"{name} {value:.3g} where {middle:.3g} is usual")
    strays = max((float(row.score or 0.0) for row in own if row.kind == "unusual"), default=0.0)
    if strays:
        told.append(f"motion strays from what is normal (score {strays:.2f})")
    what = "; ".join(told) if told else "no measure differs"
    data: dict[str, JsonValue] = {
        "measures": measures,
        "differs": differs,
        "windows": len(windows),
        "reference": "the rest of this video",
        "strays": round(strays, 4),
    }
    text = f"{clock(span.start)} to {clock(span.end)} against {len(windows)} other windows of this video: {what}."
    return Observation("comparison", span, text, data)


def _inside(rows: Sequence[Evidence], span: TimeSpan) -> list[Evidence]:
    return [row for row in rows if row.span.overlap(span) > 0 or span.start <= row.span.start < span.end]


def _windows(span: TimeSpan, length: float) -> list[TimeSpan]:
    """Windows as long as the clip, side by side before and after it."""
    after = np.arange(span.end, length - span.duration + 1e-6, span.duration)
    before = np.arange(span.start - span.duration, -1e-6, -span.duration)
    starts = sorted([*map(float, before), *map(float, after)])
    return [TimeSpan(start=max(0.0, start), end=start + span.duration) for start in starts]


def _length(scope: Scope) -> float:
    if not scope.reader.read_to_end:
        for _ in scope.reader.frames(max_side=64):
            scope.check()
    return scope.reader.report.duration
