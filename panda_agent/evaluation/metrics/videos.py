"""Whole videos: is the label right, how often is there one, and is the confidence worth what it says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panda_agent.evaluation.result import Judged

BINS = 10
"""Equal steps of confidence in which it is held against what came true."""


def video_metrics(videos: Sequence[Judged]) -> dict[str, float | None]:
    """All measures of labels. `inconclusive` is not right, and raises no alarm."""
    right = [is_right(one) for one in videos]
    decided = [one for one in videos if one.result.label != "inconclusive"]
    alarms = [one for one in videos if one.result.label == "anomalous"]
    hits = sum(one.truth.anomalous for one in alarms)
    anomalous = sum(one.truth.anomalous for one in videos)
    return {
        "video_accuracy": _share(sum(right), len(videos)),
        "video_precision": _share(hits, len(alarms)),
        "video_recall": _share(hits, anomalous),
        "video_f1": _share(2 * hits, len(alarms) + anomalous),
        "coverage": _share(len(decided), len(videos)),
        "decided_accuracy": _share(sum(map(is_right, decided)), len(decided)),
        "ece": ece(decided),
        "brier": brier(decided),
    }


def is_right(one: Judged) -> bool:
    """Whether the label is the truth; `inconclusive` never is."""
    return one.result.label == ("anomalous" if one.truth.anomalous else "normal")


def ece(decided: Sequence[Judged]) -> float | None:
    """Expected calibration error: |confidence − share right| of ten equal steps, weighted by their videos."""
    points = reliability(decided)
    return sum(n * abs(sure - right) for sure, right, n in points) / len(decided) if decided else None


def brier(decided: Sequence[Judged]) -> float | None:
    """Mean square of confidence less whether it was right."""
    return float(np.mean([(one.result.confidence - is_right(one)) ** 2 for one in decided])) if decided else None


def reliability(decided: Sequence[Judged]) -> list[tuple[float, float, int]]:
    """(mean confidence, share that is right, videos) of each step of confidence that has any."""
    steps: dict[int, list[Judged]] = {}
    for one in decided:
        steps.setdefault(min(int(one.result.confidence * BINS), BINS - 1), []).append(one)
    return [
        (
            float(np.mean([one.result.confidence for one in some])),
            float(np.mean([is_right(one) for one in some])),
            len(some),
        )
        for _, some in sorted(steps.items())
    ]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
