"""Frame level: one score a frame against one label a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panda_agent.evaluation.metrics.ranking import Tally, roc_auc
from panda_agent.evaluation.truth import Scores, VideoTruth


@dataclass(frozen=True)
class Scored:
    """A video and a score for each of its frames."""

    truth: VideoTruth
    scores: Scores

    @property
    def name(self) -> str:
        """The video's name."""
        return self.truth.name


def micro_auc(videos: Sequence[Scored]) -> float | None:
    """All frames of all videos in one ROC curve."""
    return pooled(videos).roc_auc()


def macro_auc(videos: Sequence[Scored]) -> float | None:
    """Mean of the AUC of each video, to which one normal frame of score 0 and one anomalous of score 1 are added.

    These sentinels are the convention of one-class sets: they define the AUC of videos of one label, and raise it.
    """
    if not videos:
        return None
    aucs = [
        roc_auc(np.concatenate([[False], one.truth.labels, [True]]), np.concatenate([[0.0], one.scores, [1.0]]))
        for one in videos
    ]
    return float(np.mean([auc for auc in aucs if auc is not None]))


def abnormal_only_auc(videos: Sequence[Scored]) -> float | None:
    """All frames of the videos in which something happens."""
    return pooled([one for one in videos if one.truth.anomalous]).roc_auc()


def within_video_auc(videos: Sequence[Scored]) -> float | None:
    """Mean of the AUC of each video that has frames of both labels, without sentinels."""
    aucs = [auc for one in videos if (auc := roc_auc(one.truth.labels, one.scores)) is not None]
    return float(np.mean(aucs)) if aucs else None


def frame_metrics(videos: Sequence[Scored]) -> dict[str, float | None]:
    """All measures of frames."""
    everything = pooled(videos)
    return {
        "micro_auc": everything.roc_auc(),
        "macro_auc": macro_auc(videos),
        "abnormal_only_auc": abnormal_only_auc(videos),
        "within_video_auc": within_video_auc(videos),
        "ap": everything.average_precision(),
        "pr_auc_trapz": everything.pr_auc(),
    }


def pooled(videos: Sequence[Scored]) -> Tally:
    """The frames of all videos, counted."""
    labels = np.concatenate([np.zeros(0, bool), *(one.truth.labels for one in videos)])
    return Tally.of(labels, np.concatenate([np.zeros(0), *(one.scores for one in videos)]))
