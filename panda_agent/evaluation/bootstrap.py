"""Paired bootstrap over videos: how far a figure, or the difference of two, depends on which videos were drawn.

A draw gives each video a weight: how often it was taken. The AUC of a draw needs no frame again: a pair of a positive
and a negative frame is won or lost whatever else was drawn, so with wins[i, j] (pairs of positives of video i and
negatives of video j) it is w·wins·w over w·pairs·w. A thousand draws of UCF-Crime's 1.1 million frames are products of
matrices of 290 by 290, and exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.evaluation.metrics.frames import Scored, macro_auc, within_video_auc
from panda_agent.evaluation.metrics.ranking import Tally
from panda_agent.evaluation.truth import Scores

DRAWS = 2000
SEED = 2024
LEVEL = 0.95
Weights = NDArray[np.float64]
"""(draws, videos): how often each video was taken."""
Measure = Callable[[Weights], Scores]
"""A figure for each draw; NaN where it is undefined."""
MEASURES = ("micro_auc", "macro_auc", "abnormal_only_auc", "within_video_auc")


@dataclass(frozen=True)
class Interval:
    """What 95 of 100 draws lie in."""

    low: float
    high: float


def weights(videos: int, draws: int = DRAWS, seed: int = SEED) -> Weights:
    """Draw as many videos as there are, with replacement, so many times."""
    chosen = np.random.default_rng(seed).integers(0, max(videos, 1), (draws, videos))
    drawn = np.zeros((draws, videos))
    np.add.at(drawn, (np.arange(draws)[:, None], chosen), 1.0)
    return drawn


def interval(values: Scores) -> Interval | None:
    """The middle 95 % of the draws in which the figure is defined; None where it hardly ever is."""
    known = values[np.isfinite(values)]
    if len(known) < max(1, len(values) // 2):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def chance(values: Scores, videos: int) -> float | None:
    """How often draws fall on the other side of 0, both sides counted: a p-value for a difference that is none.

    Never below 2^(1 − videos), the least that any test by signs can reach: draws of a few videos know too little of
    others.

    Args:
        values: The difference in each draw.
        videos: From how many was drawn.

    Returns:
        None where the difference is hardly ever defined.
    """
    known = values[np.isfinite(values)]
    if len(known) < max(1, len(values) // 2):
        return None
    fewer = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return float(min(1.0, max(2 * (1 + fewer) / (1 + len(known)), 2.0 ** (1 - videos))))


def measures(videos: Sequence[Scored]) -> dict[str, Measure]:
    """The figures of frames as functions of how often each video was drawn."""
    wins, pairs = _wins(videos)
    odd = np.array([one.truth.anomalous for one in videos], bool)
    within = np.array([_or_nan(within_video_auc([one])) for one in videos])
    macro = np.array([_or_nan(macro_auc([one])) for one in videos])
    return {
        "micro_auc": lambda drawn: _ratio(drawn, wins, pairs),
        "macro_auc": lambda drawn: _mean(drawn, macro),
        "abnormal_only_auc": lambda drawn: _ratio(drawn[:, odd], wins[np.ix_(odd, odd)], pairs[np.ix_(odd, odd)]),
        "within_video_auc": lambda drawn: _mean(drawn, within),
    }


def drawn_figures(videos: Sequence[Scored], drawn: Weights) -> dict[str, Scores]:
    """Each figure of frames for each draw."""
    return {name: measure(drawn) for name, measure in measures(videos).items()}


def intervals(figures: Mapping[str, Scores]) -> dict[str, Interval | None]:
    """The interval of each figure."""
    return {name: interval(values) for name, values in figures.items()}


def _wins(videos: Sequence[Scored]) -> tuple[Scores, Scores]:
    """(videos, videos): pairs of a positive of the row and a negative of the column that are won, and all pairs."""
    tallies = [Tally.of(one.truth.labels, one.scores) for one in videos]
    positives = np.array([tally.positive.sum() for tally in tallies], float)
    negatives = np.array([tally.negative.sum() for tally in tallies], float)
    values, counts, starts = _stacked(tallies)
    wins = np.zeros((len(videos), len(videos)))
    for j, tally in enumerate(tallies):
        has = tally.negative > 0
        ranked, below = tally.scores[has], np.concatenate([[0], np.cumsum(tally.negative[has])])
        at = np.searchsorted(ranked, values, "left"), np.searchsorted(ranked, values, "right")
        won = counts * (below[at[0]] + below[at[1]]) / 2.0
        sums = np.concatenate([[0.0], np.cumsum(won)])
        wins[:, j] = sums[starts[1:]] - sums[starts[:-1]]
    return wins, np.outer(positives, negatives)


def _stacked(tallies: Sequence[Tally]) -> tuple[Scores, NDArray[np.int64], NDArray[np.int64]]:
    """The distinct scores of positives of all videos, how many have each, and where each video's begin."""
    kept = [tally.positive > 0 for tally in tallies]
    values = np.concatenate([np.zeros(0), *(tally.scores[has] for tally, has in zip(tallies, kept, strict=True))])
    counts = np.concatenate(
        [np.zeros(0, np.int64), *(tally.positive[has] for tally, has in zip(tallies, kept, strict=True))]
    )
    starts = np.concatenate([[0], np.cumsum([int(has.sum()) for has in kept])]).astype(np.int64)
    return values, counts, starts


def _ratio(drawn: Weights, wins: Scores, pairs: Scores) -> Scores:
    won, all_pairs = ((drawn @ wins) * drawn).sum(axis=1), ((drawn @ pairs) * drawn).sum(axis=1)
    return quotient(won, all_pairs)


def _mean(drawn: Weights, values: Scores) -> Scores:
    known = np.isfinite(values)
    total = drawn[:, known].sum(axis=1)
    return quotient(drawn[:, known] @ values[known], total)


def quotient(part: Scores, whole: Scores) -> Scores:
    """One by the other, draw by draw; NaN where there is no whole."""
    found = np.full(len(whole), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
