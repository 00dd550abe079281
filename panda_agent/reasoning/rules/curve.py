"""Belief over time: the score, the height of each hypothesis, and the spans in which it is anomalous."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from panda_agent.reasoning.base import Findings
from panda_agent.reasoning.rules.beliefs import spans_above
from panda_agent.reasoning.rules.engine import Times, Weighed
from panda_agent.types import AnomalySpan, ScorePoint, TimeSpan

JOIN_SECONDS = 1.0
"""Stretches of one event type nearer than this are one span."""
SAME = 0.5
"""Spans of two event types of a larger temporal IoU than this are one span with two names."""
CATCH_ALL = frozenset(["unusual", "incident"])
"""Event types that only say unlike normal life, or that something is wrong: any other is the better name."""
MOST_GAP = 1.0
"""Seconds between points of the timeline at most, so that the nearest point is never far."""
DIGITS = 4
"""Digits of a score in the timeline."""
STRAIGHT = 1e-6
"""A score nearer than this to the line between its neighbours lies on it; half a last digit would move an AUC."""


@dataclass(frozen=True, slots=True)
class Height:
    """The best moment of a hypothesis."""

    belief: float
    time: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Belief over time: the largest of those that the case is about, and the height of each event type."""

    times: Times
    score: Times
    heights: Mapping[str, Height]
    """By event type."""
    spans: tuple[AnomalySpan, ...]
    """Rising by start."""

    @property
    def peak(self) -> float:
        """The highest score; 0 for a video without a moment."""
        return float(self.score.max(initial=0.0))


def draw(findings: Findings, weighed: Weighed) -> Curve:
    """Belief at the rate of perception, and the spans in which it says anomalous."""
    settings, plan, duration = findings.brief.settings, findings.plan, findings.brief.duration
    times = weighed.moments(duration, settings.perception.max_fps)
    score = np.zeros(len(times))
    heights: dict[str, Height] = {}
    spans: list[AnomalySpan] = []
    for event in plan.event_types:  # one at a time: all of them at every moment would be most of a long case's memory
        belief = weighed.belief(event, times)
        top = int(belief.argmax())
        heights[event.id] = Height(float(belief[top]), float(times[top]))
        if not plan.asked or event.id in plan.asked:
            np.maximum(score, belief, out=score)
            spans += _spans(event.id, times, belief, settings.loop.threshold, duration)
    return Curve(times, score, heights, tuple(one_name_each(spans)))


def _spans(name: str, times: Times, belief: Times, threshold: float, duration: float) -> Iterator[AnomalySpan]:
    """The stretches in which one hypothesis reaches the threshold, as long as it keeps half of it."""
    if float(belief.max(initial=0.0)) < threshold:
        return
    for span, peak in _joined(spans_above(times.tolist(), belief, threshold, threshold / 2, duration)):
        yield AnomalySpan(start=round(span.start, 3), end=round(span.end, 3), event_type=name, peak=round(peak, 4))


def _joined(stretches: Sequence[tuple[TimeSpan, float]]) -> list[tuple[TimeSpan, float]]:
    joined: list[tuple[TimeSpan, float]] = []
    for span, peak in stretches:
        if joined and span.start - joined[-1][0].end <= JOIN_SECONDS:
            before, best = joined.pop()
            span, peak = before.hull(span), max(best, peak)
        joined.append((span, peak))
    return joined


def one_name_each(spans: Sequence[AnomalySpan]) -> list[AnomalySpan]:
    """Give one name to what several event types say of the same stretch; others stay apart. Rising by start.

    The strongest name stands, a catch-all before none; what a catch-all says of part of another's span is no news.
    """
    kept: list[AnomalySpan] = []
    for span in sorted(spans, key=rank):
        same = next((i for i, other in enumerate(kept) if _is_same(span, other)), None)
        if same is None:
            kept.append(span)
        else:
            kept[same] = _hull(kept[same], span)
    return sorted(kept, key=lambda span: (span.start, span.end, span.event_type))


def rank(span: AnomalySpan) -> tuple[bool, float, float, str]:
    """Sort key of spans: the best name first, then the strongest, then the earliest."""
    return span.event_type in CATCH_ALL, -span.peak, span.start, span.event_type


def _is_same(span: AnomalySpan, other: AnomalySpan) -> bool:
    shared = min(span.end, other.end) - max(span.start, other.start)
    length, further = span.end - span.start, other.end - other.start
    if span.event_type in CATCH_ALL and shared > SAME * length:
        return True
    return shared > SAME * (length + further - shared)


def _hull(span: AnomalySpan, other: AnomalySpan) -> AnomalySpan:
    return span.model_copy(
        update={
            "start": min(span.start, other.start),
            "end": max(span.end, other.end),
            "peak": max(span.peak, other.peak),
        }
    )


def timeline(curve: Curve) -> tuple[ScorePoint, ...]:
    """The score at the moments that say something; straight lines between them give it at every other moment."""
    kept = telling(curve.times.tolist(), curve.score.tolist())
    return tuple(
        ScorePoint(t=round(float(curve.times[i]), 3), score=round(float(curve.score[i]), DIGITS)) for i in kept
    )


def telling(times: Sequence[float], scores: Sequence[float]) -> list[int]:
    """Positions of as few points as give the others to `STRAIGHT`, at least one in `MOST_GAP` seconds.

    The swing filter of Elmeleegy et al. (VLDB 2009): from the last point that was kept, lines of some slopes pass near
    enough to all points since; the point before the first that none of them reaches is kept next.

    Args:
        times: Seconds, rising.
        scores: As many.
    """
    kept, low, high = [0], -math.inf, math.inf
    for i in range(1, len(times)):
        gap, rise = times[i] - times[kept[-1]], scores[i] - scores[kept[-1]]
        if gap > MOST_GAP or not low <= rise / gap <= high:
            if kept[-1] != i - 1:
                kept.append(i - 1)
            gap, rise = times[i] - times[i - 1], scores[i] - scores[i - 1]
            low, high = -math.inf, math.inf
        low, high = max(low, (rise - STRAIGHT) / gap), min(high, (rise + STRAIGHT) / gap)
    return [*kept, len(times) - 1] if len(times) > 1 else kept[: len(times)]
