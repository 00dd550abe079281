"""All figures of a row: of its results, of the baselines on the same observations, and of the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panda_agent.evaluation.baselines import Baseline, baselines
from panda_agent.evaluation.bootstrap import DRAWS, SEED, Interval, drawn_figures, interval, intervals, weights
from panda_agent.evaluation.metrics.cost import cost_metrics
from panda_agent.evaluation.metrics.events import event_metrics
from panda_agent.evaluation.metrics.frames import Scored, frame_metrics
from panda_agent.evaluation.metrics.pixels import pixel_auc
from panda_agent.evaluation.metrics.regions import region_metrics
from panda_agent.evaluation.metrics.videos import video_metrics
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.splits import part
from panda_agent.evaluation.truth import Scores

COMPARED = ("micro_auc", "within_video_auc")
"""What is held against each baseline, draw by draw."""
Figures = dict[str, Any]


def measured(videos: Sequence[Judged], *, sigma: float, online: bool) -> Figures:
    """The figures of all videos, and as blocks those of `dev` and `held`.

    Args:
        videos: Results beside the truth, in the order of the set.
        sigma: Width of the Gaussian of the smoothed baselines, in answers.
        online: Whether baselines must be causal.
    """
    blocks = {split: _block(part(videos, split), sigma, online) for split in ("dev", "held")}
    return {**_block(videos, sigma, online), **blocks}


def _block(videos: Sequence[Judged], sigma: float, online: bool) -> Figures:
    scored = [one.scored for one in videos]
    drawn = weights(len(videos))
    figures = drawn_figures(scored, drawn)
    others = baselines(
        [one.truth for one in videos], [one.result.observed for one in videos], sigma=sigma, online=online
    )
    rivals = {other.name: _rival(other, scored, figures, drawn_figures(other.scored, drawn)) for other in others}
    best = best_trivial(rivals)
    return {
        "n_videos": len(videos),
        "n_frames": sum(one.truth.frames for one in videos),
        "n_anomalous_videos": sum(one.truth.anomalous for one in videos),
        **frame_metrics(scored),
        "pixel_auc": pixel_auc(videos),
        **region_metrics(videos),
        **event_metrics(videos),
        **video_metrics(videos),
        **cost_metrics(videos),
        "ci": {**{name: pair(one) for name, one in intervals(figures).items()}, "draws": DRAWS, "seed": SEED},
        "baselines": rivals,
        "best_baseline": best,
        "gain": rivals[best]["gain"] if best else None,
    }


def _rival(
    other: Baseline, scored: Sequence[Scored], ours: Mapping[str, Scores], theirs: Mapping[str, Scores]
) -> Figures:
    here, there = frame_metrics(scored), frame_metrics(other.scored)
    gains = {name: difference(here[name], there[name], ours[name] - theirs[name]) for name in COMPARED}
    return {"title": other.title, "trivial": other.trivial, **there, "gain": gains}


def difference(ours: float | None, theirs: float | None, drawn: Scores) -> Figures | None:
    """A paired difference with its interval; None where one of the two is undefined."""
    if ours is None or theirs is None:
        return None
    return {"difference": ours - theirs, "interval": pair(interval(drawn))}


def best_trivial(rivals: Mapping[str, Figures]) -> str | None:
    """The trivial baseline of the highest micro AUC; None where it is undefined."""
    known = {name: one["micro_auc"] for name, one in rivals.items() if one["trivial"] and one["micro_auc"] is not None}
    return max(known, key=lambda name: known[name], default=None)


def pair(one: Interval | None) -> list[float] | None:
    """An interval as JSON has it."""
    return None if one is None else [one.low, one.high]
