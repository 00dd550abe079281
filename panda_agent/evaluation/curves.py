"""Curves for pictures: ROC of some scores, thinned so that a page stays small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panda_agent.evaluation.metrics.frames import Scored, pooled

POINTS = 200


def roc_points(videos: Sequence[Scored]) -> list[tuple[float, float]]:
    """(false alarms, hits) as shares of the frames, from the strictest threshold; empty where it is undefined."""
    tally = pooled(videos)
    positives, negatives = tally.positive.sum(), tally.negative.sum()
    if not positives or not negatives:
        return []
    hits = np.concatenate([[0.0], np.cumsum(tally.positive[::-1]) / positives])
    alarms = np.concatenate([[0.0], np.cumsum(tally.negative[::-1]) / negatives])
    kept = np.unique(np.concatenate([_even(alarms), _even(hits)]))
    return [(round(float(alarms[i]), 4), round(float(hits[i]), 4)) for i in kept]


def _even(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.minimum(np.searchsorted(values, np.linspace(0, 1, POINTS // 2)), len(values) - 1)
