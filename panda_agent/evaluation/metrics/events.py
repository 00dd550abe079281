"""Events: stretches that a verdict calls anomalous against those that are, and alarms as a guard would count them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.truth import Flags

TIOUS = (0.1, 0.2, 0.3, 0.4, 0.5)
GRACE = 3.0
"""Seconds after an event in which an alarm is still about it."""
Span = tuple[float, float]


def event_metrics(videos: Sequence[Judged]) -> dict[str, float | None]:
    """All measures of events; names of event types don't count."""
    at = {f"event_map_{tiou:g}": average_precision(videos, tiou) for tiou in TIOUS}
    known = [value for value in at.values() if value is not None]
    delays, events = detections(videos)
    return {
        **at,
        "event_map": float(np.mean(known)) if known else None,
        "mean_tiou": mean_tiou(videos),
        "events_detected": len(delays) / events if events else None,
        "detection_delay": float(np.median(delays)) if delays else None,
        "false_alarms_per_hour": false_alarms_per_hour(videos),
    }


def tiou(a: Span, b: Span) -> float:
    """Intersection over union of two stretches of time."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return 0.0 if shared <= 0 else shared / (max(a[1], b[1]) - min(a[0], b[0]))


def average_precision(videos: Sequence[Judged], least: float) -> float | None:
    """AP of all spans by their peak: right is the first to overlap an event by so much. None without an event.

    Step-wise: precision at each right span, summed, over the number of events.
    """
    events = sum(len(one.truth.intervals) for one in videos)
    if not events:
        return None
    found = [(span.peak, i, (span.start, span.end)) for i, one in enumerate(videos) for span in one.result.spans]
    taken: set[tuple[int, int]] = set()
    right, total = 0, 0.0
    for n, (_, i, span) in enumerate(sorted(found, key=lambda row: (-row[0], row[1], row[2])), 1):
        near = [(tiou(span, event), k) for k, event in enumerate(videos[i].truth.spans) if (i, k) not in taken]
        best, k = max(near, default=(0.0, -1))
        if best >= least:
            taken.add((i, k))
            right += 1
            total += right / n
    return total / events


def mean_tiou(videos: Sequence[Judged]) -> float | None:
    """Mean over anomalous videos of the overlap of all that was found with all that is so, frame by frame."""
    overlaps = [_overlap(one) for one in videos if one.truth.anomalous]
    return float(np.mean(overlaps)) if overlaps else None


def detections(videos: Sequence[Judged]) -> tuple[list[float], int]:
    """Seconds from the start of each event to the first alarm about it, where there is one; and how many events."""
    delays, events = [], 0
    for one in videos:
        times = one.truth.times
        alarmed = one.scored.scores >= one.result.threshold
        for start, end in one.truth.spans:
            events += 1
            hits = times[alarmed & (times >= start) & (times <= end + GRACE)]
            if len(hits):
                delays.append(float(hits[0]) - start)
    return delays, events


def false_alarms_per_hour(videos: Sequence[Judged]) -> float | None:
    """Spans that touch no event, by the hour of time without one; None where there is no such time."""
    calm = sum((one.truth.frames - one.truth.anomalous_frames) / one.truth.fps for one in videos)
    wrong = sum(
        not any(tiou((span.start, span.end), event) > 0 for event in one.truth.spans)
        for one in videos
        for span in one.result.spans
    )
    return wrong / (calm / 3600) if calm else None


def _overlap(one: Judged) -> float:
    found, labels = _covered(one), one.truth.labels
    union = int((found | labels).sum())
    return float((found & labels).sum() / union)


def _covered(one: Judged) -> Flags:
    times = one.truth.times
    covered = np.zeros(len(times), bool)
    for span in one.result.spans:
        covered |= (times >= span.start) & (times < span.end)
    return covered
