"""What is different about a clip: its measures against those of the rest of the video, or of normal videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.errors import ToolError
from panda_agent.memory.normality import NormalityMemory, smooth
from panda_agent.memory.unusual import WORDS
from panda_agent.perception.brightness_curve import brightness_curve
from panda_agent.perception.cells import NAMES, CellLook
from panda_agent.perception.observation import Observation
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.usual import distance, heading_of, turned
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.tools.frames import beginning, drained, pixels_ahead, rate_of
from panda_agent.types import Evidence, TimeSpan, clock
from panda_agent.video import Frame

LEAST_WINDOWS = 4
"""Fewer windows say nothing about what is usual."""
MOST_WINDOWS = 400
"""Of more, evenly spread ones are compared with."""
STRAYS = 3.0
"""Spreads from the median that are worth a word."""
RATE, SIDE = 4.0, 96
"""Pictures a second, and their longer side in pixels, that brightness and change are measured on."""
PADDING = 10.0
"""Seconds around the clip from which its background is learnt, where it is compared with normal videos."""
TOP = 95.0
"""Percentile of the clip's cells that is compared: what stands out in it, but no single cell."""
RARE = 0.5
"""Percent of normal cells that may lie beyond it where it differs: ten times as few as would."""
UNITS = {"speed": "picture sides/s", "cover": "share", "cover_around": "share"}
"""Of features of cells; edges are in hundreds of grey levels."""
KINDS = ("track", "agitation", "stop", "unusual")

Against = Literal["the rest of this video", "normal videos"]


class CompareInput(ToolInput):
    """What the clip is held against."""

    against: Against | None = None
    """None takes normal videos where they were given."""


@dataclass(frozen=True)
class Window:
    """What is known of a stretch of the video."""

    rows: Sequence[Evidence]
    curve: NDArray[np.float64]
    """(n, 3), see `brightness_curve`."""

    def numbers(self, kind: str, field: str) -> NDArray[np.float64]:
        """(n,) values of a field of the rows of one kind."""
        found = [row.data.get(field) for row in self.rows if row.kind == kind]
        return np.array([float(value) for value in found if isinstance(value, int | float)])


Measure = Callable[[Window], float | None]


def _agitation(window: Window) -> float | None:
    return float(window.numbers("agitation", "agitation").max(initial=0.0))  # no row: there was none to speak of


def _count(kind: str) -> Measure:
    return lambda window: float(sum(row.kind == kind for row in window.rows))


def _speed(window: Window) -> float | None:
    speeds = window.numbers("track", "speed")
    return float(np.median(speeds)) if len(speeds) else None


def _fastest(window: Window) -> float | None:
    ratios = window.numbers("track", "speed_ratio")
    return float(ratios.max()) if len(ratios) else None


def _mean(column: int) -> Measure:
    return lambda window: float(window.curve[:, column].mean()) if len(window.curve) else None


def _heading(window: Window) -> float | None:
    """The common direction of what is followed, by the length of its way; degrees."""
    headings, ways = window.numbers("track", "heading"), window.numbers("track", "way")
    return heading_of(headings, ways) if len(headings) == len(ways) else None


MEASURES: dict[str, tuple[Measure, float]] = {
    "moving things": (_count("track"), 1.0),
    "speed, body lengths/s": (_speed, 0.2),
    "fastest, times the usual pace": (_fastest, 0.3),
    "agitation": (_agitation, 0.3),
    "hard stops": (_count("stop"), 1.0),
    "brightness, grey levels": (_mean(1), 5.0),
    "area in motion, share": (_mean(2), 0.01),
}
"""What is measured of a window, and the spread below which a difference means nothing; None where nothing can be."""
DIRECTION, LEAST_TURN = "direction, degrees off the usual", 20.0


class CompareClips:
    """Tells in numbers and words how a clip differs from the rest of the video, or from normal videos."""

    spec = ToolSpec(
        name="compare_clips",
        about="Tells how a clip differs from the rest of the video, or from normal videos where they were given.",
        family="motion",
        stage="on request",
        input=CompareInput,
        makes={"comparison": ("measures", "differs", "windows", "reference", "strays")},
        settings=("perception",),
        parallel_safe=True,
        after=True,
        aliases=("compare", "compare with normal", "difference"),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row.

        Raises:
            ToolError: There is no clip, or nothing, or too little, to compare it with.
        """
        scope.check()
        wish = scope.input if isinstance(scope.input, CompareInput) else CompareInput()
        if scope.span is None or scope.span.duration <= 0:
            raise ToolError("compare_clips needs one clip, and none was given.")
        against = wish.against or ("the rest of this video" if scope.normality is None else "normal videos")
        if against == "the rest of this video":
            yield _with_the_rest(scope, scope.span)
        elif scope.normality is None:
            raise ToolError("There are no normal videos to compare with.", hint="Give some with --normal.")
        else:
            yield _with_normal(scope, scope.span, scope.normality)


def _with_the_rest(scope: Scope, span: TimeSpan) -> Observation:
    curve = brightness_curve(_checked(scope, scope.reader.frames(max_fps=RATE, max_side=SIDE)))
    length = scope.reader.report.duration
    if span.start >= length:
        raise ToolError(f"There is no picture at {span}: the video ends at {clock(length)}.")
    span = TimeSpan(start=span.start, end=min(span.end, length))
    spans = windows_beside(span, length)
    if len(spans) < LEAST_WINDOWS:
        raise ToolError(f"{span} has only {len(spans)} windows of its length beside it: too few to say what is usual.")
    own, *others = _filled([span, *spans], scope.filed(kinds=KINDS), curve)
    measures: dict[str, JsonValue] = {}
    differs: list[JsonValue] = []
    told: list[str] = []
    for name, value, usual, least in _measured(own, others):
        if len(usual) < LEAST_WINDOWS:
            continue
        found = distance(value, np.array(usual), least)
        measures[name] = {"value": round(value, 3), "usual": round(found.usual, 3), "z": round(found.z, 2)}
        if abs(found.z) >= STRAYS:
            differs.append(name)
            told.append(f"{name}: {value:.3g} where {found.usual:.3g} is usual ({found.z:+.1f} spreads)")
    strays, reference = max(map(_surprise, own.rows), default=(0.0, ""))
    if strays:
        told.append(f"motion strays from {reference} by {strays:.2f} times the calibrated limit")
    data: dict[str, JsonValue] = {
        "measures": measures,
        "differs": differs,
        "windows": len(others),
        "reference": "the rest of this video",
        "strays": strays,
    }
    basis = f"{len(others)} other windows of this video"
    return Observation("comparison", span, _sentence(span, basis, told), data)


def _with_normal(scope: Scope, span: TimeSpan, memory: NormalityMemory) -> Observation:
    """Where the clip's cells lie among those of the normal videos, feature by feature, and how far they stray."""
    looks = [look for look in _cells(scope, span) if span.start <= look.time <= span.end]
    features = np.concatenate([np.zeros((0, len(NAMES)), np.float32), *(look.features for look in looks)])
    if not looks:
        raise ToolError(f"There is no picture at {span}.")
    measures: dict[str, JsonValue] = {}
    differs: list[JsonValue] = []
    told: list[str] = []
    for i, name in enumerate(NAMES if len(features) else ()):
        value = float(np.percentile(features[:, i], TOP))
        below = 100.0 * float((memory.rows[:, i] < value).mean())
        measures[name] = {"value": round(value, 4), "percentile": round(below, 2)}
        if not RARE <= below <= 100 - RARE:
            differs.append(name)
            word, side = (WORDS[name][0], "above") if below > 50 else (WORDS[name][1], "below")
            share = below if side == "above" else 100 - below
            told.append(f"{word} ({value:.3g} {UNITS.get(name, 'edges')}, {side} {share:.1f} % of normal cells)")
    curve = smooth([look.time for look in looks], memory.surprise(looks)[0])
    strays = round(float(curve.max()), 3)
    if strays >= 1:
        told.append(f"motion strays by {strays:.2f} times the calibrated limit")
    basis = f"{len(memory.rows)} cells of {len(memory.sources)} normal videos"
    data: dict[str, JsonValue] = {"measures": measures, "differs": differs, "reference": basis, "strays": strays}
    return Observation("comparison", span, _sentence(span, basis, told), data)


def _cells(scope: Scope, span: TimeSpan) -> Iterator[CellLook]:
    """The cells of the clip and what is around it, seen as the normal videos were."""
    look = scope.settings.perception
    wide = TimeSpan(start=max(0.0, span.start - PADDING), end=span.end + PADDING)
    frames = scope.reader.frames(span=wide, max_fps=look.max_fps, max_side=look.max_side)
    head = beginning(frames, look.lookahead_frames)
    images, rate = [frame.image for frame in head], rate_of(head, look.max_fps)
    perceiver = Perceiver(images, rate, scope.home / "ultralytics")
    with closing(pixels_ahead(perceiver, drained(head, frames))) as pixels:
        for seen in pixels:
            scope.check()
            yield seen.cells


def _sentence(span: TimeSpan, basis: str, told: Sequence[str]) -> str:
    return f"{clock(span.start)} to {clock(span.end)} against {basis}: {'; '.join(told) or 'no measure differs'}."


def _checked(scope: Scope, frames: Iterator[Frame]) -> Iterator[Frame]:
    for frame in frames:
        scope.check()
        scope.progress(frame.time, None)
        yield frame


def _measured(own: Window, others: Sequence[Window]) -> Iterator[tuple[str, float, list[float], float]]:
    """Each measure that can be taken of the clip: its name, value, the other windows' values, and least spread."""
    for name, (measure, least) in MEASURES.items():
        value, usual = measure(own), [measure(one) for one in others]
        if value is not None:
            yield name, value, [one for one in usual if one is not None], least
    heading, headings = _heading(own), [one for one in map(_heading, others) if one is not None]
    common = heading_of(np.array(headings), np.ones(len(headings)))
    if heading is not None and common is not None:
        yield DIRECTION, turned(heading, common), [turned(one, common) for one in headings], LEAST_TURN


def _surprise(row: Evidence) -> tuple[float, str]:
    """By how much a row says that motion strays, in calibrated limits, and from what."""
    surprise = row.data.get("surprise") if row.kind == "unusual" else None
    return (float(surprise), str(row.data.get("reference"))) if isinstance(surprise, int | float) else (0.0, "")


def _filled(spans: Sequence[TimeSpan], rows: Sequence[Evidence], curve: NDArray[np.float64]) -> Iterator[Window]:
    """The windows with what is known of each."""
    starts, ends = (np.array([getattr(row.span, side) for row in rows]) for side in ("start", "end"))
    for span in spans:
        touching = (starts < span.end) & ((ends > span.start) | (starts >= span.start))
        first, last = np.searchsorted(curve[:, 0], [span.start, span.end])
        yield Window([row for row, is_in in zip(rows, touching, strict=True) if is_in], curve[first:last])


def windows_beside(span: TimeSpan, length: float) -> list[TimeSpan]:
    """Windows as long as the clip, side by side before and after it; at most `MOST_WINDOWS`."""
    after = np.arange(span.end, length - span.duration + 1e-6, span.duration)
    before = np.arange(span.start - span.duration, -1e-6, -span.duration)
    starts = sorted([*map(float, before), *map(float, after)])
    even = np.linspace(0, len(starts) - 1, min(len(starts), MOST_WINDOWS)).astype(int).tolist()
    chosen = [max(0.0, starts[i]) for i in dict.fromkeys(even)]
    return [TimeSpan(start=start, end=start + span.duration) for start in chosen]
