"""How well scores rank: the area under ROC and precision-recall curves, from counts at each distinct score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.evaluation.truth import Flags, Scores


@dataclass(frozen=True)
class Tally:
    """How many positives and negatives have each distinct score; scores rise."""

    scores: Scores
    positive: NDArray[np.int64]
    negative: NDArray[np.int64]

    @classmethod
    def of(cls, labels: Flags, scores: Scores) -> Tally:
        """Count frames."""
        order = np.argsort(scores, kind="stable")
        ranked, hits = scores[order], labels[order].astype(np.int64)
        first = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(ranked) else np.zeros(0, int)
        total = np.diff(np.concatenate([first, [len(ranked)]]))
        positive = np.add.reduceat(hits, first) if len(first) else hits
        return cls(ranked[first], positive, total - positive)

    def roc_auc(self) -> float | None:
        """P(a positive outranks a negative), ties counting half; None without both."""
        positives, negatives = int(self.positive.sum()), int(self.negative.sum())
        if not positives or not negatives:
            return None
        below = np.cumsum(self.negative) - self.negative
        won = (self.positive * (below + self.negative / 2.0)).sum()
        return float(won / (positives * negatives))

    def average_precision(self) -> float | None:
        """Step-wise AP: precision at each distinct score, weighted by the recall gained; None without a positive."""
        curve = self._curve()
        if curve is None:
            return None
        recall, precision = curve
        return float((np.diff(np.concatenate([[0.0], recall])) * precision).sum())

    def pr_auc(self) -> float | None:
        """Area under the precision-recall curve by trapezoids, from (0, 1); None without a positive."""
        curve = self._curve()
        if curve is None:
            return None
        recall, precision = np.concatenate([[0.0], curve[0]]), np.concatenate([[1.0], curve[1]])
        return float((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum())

    def _curve(self) -> tuple[Scores, Scores] | None:
        """Recall and precision, strictest threshold first."""
        positives = int(self.positive.sum())
        if not positives:
            return None
        hits, alarms = np.cumsum(self.positive[::-1]), np.cumsum((self.positive + self.negative)[::-1])
        return hits / positives, hits / alarms


def roc_auc(labels: Flags, scores: Scores) -> float | None:
    """Area under the ROC curve; None without both labels."""
    return Tally.of(labels, scores).roc_auc()
