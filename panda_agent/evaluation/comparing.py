"""Two runs side by side: paired differences over the videos that both have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from panda_agent.errors import UserError
from panda_agent.evaluation.bootstrap import Interval, Weights, chance, drawn_figures, interval, quotient, weights
from panda_agent.evaluation.catalogue import MEASURES
from panda_agent.evaluation.folder import RunFolder
from panda_agent.evaluation.metrics.events import mean_tiou
from panda_agent.evaluation.metrics.frames import frame_metrics
from panda_agent.evaluation.metrics.videos import is_right
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.splits import Split, part

OF_VIDEOS: Mapping[str, Callable[[Judged], float | None]] = {
    "video_accuracy": lambda one: float(is_right(one)),
    "mean_tiou": lambda one: mean_tiou([one]),
}
"""Figures that are the mean of one number a video; None leaves the video out."""


@dataclass(frozen=True)
class Difference:
    """One figure of both runs."""

    name: str
    title: str
    first: float | None
    second: float | None
    interval: Interval | None
    """Of the second less the first, over videos; None where it has none."""
    chance: float | None = None
    """How often draws would show as much were there no difference (`bootstrap.chance`)."""

    @property
    def told_apart(self) -> bool | None:
        """Whether the interval leaves 0 out; None where there is no interval."""
        return None if self.interval is None else not self.interval.low <= 0.0 <= self.interval.high


@dataclass(frozen=True)
class Compared:
    """Two runs over the videos that both have."""

    videos: int
    same: bool
    """Every frame has the same score in both."""
    differences: tuple[Difference, ...]


def compare(first: RunFolder, second: RunFolder, split: Split = "all") -> Compared:
    """Compare two finished runs.

    Raises:
        UserError: One is no run folder, they share no video, or their truths differ.
    """
    ours, theirs = shared(first.judged(), second.judged())
    ours, theirs = part(ours, split), part(theirs, split)
    drawn = weights(len(ours))
    rows = {**_of_frames(ours, theirs, drawn), **_of_videos(ours, theirs, drawn)}
    same = all(np.array_equal(a.scored.scores, b.scored.scores) for a, b in zip(ours, theirs, strict=True))
    titles = {one.name: one.title for one in MEASURES}
    return Compared(len(ours), same, tuple(Difference(name, titles[name], *row) for name, row in rows.items()))


def shared(first: Sequence[Judged], second: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    """The videos that both have, in the order of the first.

    Raises:
        UserError: There are none, or they are not the same videos.
    """
    others = {one.name: one for one in second}
    ours = [one for one in first if one.name in others]
    theirs = [others[one.name] for one in ours]
    if not ours:
        raise UserError("The two runs share no video.", hint="Compare runs of one row.")
    for a, b in zip(ours, theirs, strict=True):
        if (a.truth.frames, a.truth.intervals) != (b.truth.frames, b.truth.intervals):
            raise UserError(f"The two runs hold different things true of {a.name}.", hint="Compare runs of one row.")
    return ours, theirs


Row = tuple[float | None, float | None, Interval | None, float | None]


def _of_frames(ours: Sequence[Judged], theirs: Sequence[Judged], drawn: Weights) -> dict[str, Row]:
    a, b = [one.scored for one in ours], [one.scored for one in theirs]
    first, second = frame_metrics(a), frame_metrics(b)
    one, other = drawn_figures(a, drawn), drawn_figures(b, drawn)
    drifts = {name: other[name] - one[name] for name in one}
    known = {name: (interval(drift), chance(drift, len(a))) for name, drift in drifts.items()}
    return {name: (first[name], second[name], *known.get(name, (None, None))) for name in first}


def _of_videos(ours: Sequence[Judged], theirs: Sequence[Judged], drawn: Weights) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for name, measure in OF_VIDEOS.items():
        pairs = [(measure(a), measure(b)) for a, b in zip(ours, theirs, strict=True)]
        known = np.array([a is not None and b is not None for a, b in pairs], bool)
        first, second = (np.array([pair[i] or 0.0 for pair in pairs]) for i in (0, 1))
        if known.any():
            values = quotient(drawn[:, known] @ (second[known] - first[known]), drawn[:, known].sum(axis=1))
            told = interval(values), chance(values, int(known.sum()))
            rows[name] = float(first[known].mean()), float(second[known].mean()), *told
    return rows
