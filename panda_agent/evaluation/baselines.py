"""What needs no reasoning, on the same observations: an agent that is not better than these is not worth its price.

raw          the answers as they came
ema          exponential moving average (alpha 0.33) from the first answer: causal
gaussian     the answers smoothed with one Gaussian, the edges held
every_3rd    each third answer, held until the next, then smoothed by the Gaussian (online by the EMA)
constant     one number a video: the mean of its answers; it says nothing of when
position     no answer at all: how often the *other* videos of the set are anomalous at this share of their length
oracle       the true label of the video, at every moment: no baseline, but what ranking whole videos can reach at most

Online, answers count one observation late, nothing is known before the first (0), and no Gaussian looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from panda_agent.evaluation.metrics.frames import Scored
from panda_agent.evaluation.result import Observed
from panda_agent.evaluation.smoothing import ema, gaussian, held, late
from panda_agent.evaluation.truth import Scores, VideoTruth

ALPHA = 0.33
"""As AnomalyRuler has it; not tuned here."""
EVERY = 3
BINS = 20
"""Steps of relative time of the position prior."""
Smooth = Callable[[Scores], Scores]


@dataclass(frozen=True)
class Baseline:
    """Scores of all videos by one simple means."""

    name: str
    title: str
    scored: tuple[Scored, ...]
    trivial: bool = True
    """Whether it may be compared with: the oracle may not."""


def baselines(
    truths: Sequence[VideoTruth], raws: Sequence[Observed | None], *, sigma: float, online: bool
) -> list[Baseline]:
    """All baselines of a set of videos.

    Args:
        truths: The videos.
        raws: The raw answers of each; where one has none, only those that need none are made.
        sigma: Width of the Gaussian, in answers.
        online: Causal, and one answer late.
    """
    known = [raw for raw in raws if raw is not None]
    made = _of_answers(truths, known, sigma, online) if len(known) == len(raws) else []
    oracle = tuple(Scored(one, np.full(one.frames, float(one.anomalous))) for one in truths)
    return [
        *made,
        Baseline("position", "position in the video, from the others", position_prior(truths)),
        Baseline("oracle", "true label of the video", oracle, trivial=False),
    ]


def _of_answers(truths: Sequence[VideoTruth], raws: Sequence[Observed], sigma: float, online: bool) -> list[Baseline]:
    ways: list[tuple[str, str, Smooth]] = [
        ("raw", "raw answer", _plain),
        ("ema", f"EMA {ALPHA:g}", lambda values: ema(values, ALPHA)),
    ]
    if online:
        ways.append(("every_3rd", f"each {EVERY}rd answer, EMA", lambda values: ema(held(values, EVERY), ALPHA)))
        ways = [(name, f"{title}, one late", _late(smooth)) for name, title, smooth in ways]
    else:
        ways.append(("gaussian", f"Gaussian, sigma {sigma:g}", lambda values: gaussian(values, sigma)))
        ways.append(
            ("every_3rd", f"each {EVERY}rd answer, Gaussian", lambda values: gaussian(held(values, EVERY), sigma))
        )
    ways.append(("constant", "constant per video", lambda values: np.full(len(values), values.mean())))
    return [
        Baseline(name, title, tuple(_scored(one, raw, smooth) for one, raw in zip(truths, raws, strict=True)))
        for name, title, smooth in ways
    ]


def position_prior(truths: Sequence[VideoTruth]) -> tuple[Scored, ...]:
    """For each video, the share of anomalous frames of the others at the same share of their length."""
    places = [np.minimum((np.arange(one.frames) + 0.5) / one.frames * BINS, BINS - 1).astype(int) for one in truths]
    frames = np.array([np.bincount(place, minlength=BINS) for place in places])
    odd = np.array([np.bincount(place[one.labels], minlength=BINS) for one, place in zip(truths, places, strict=True)])
    others = np.maximum(frames.sum(axis=0) - frames, 1)
    shares = (odd.sum(axis=0) - odd) / others
    return tuple(Scored(one, shares[i][places[i]]) for i, one in enumerate(truths))


def _scored(truth: VideoTruth, raw: Observed, smooth: Smooth) -> Scored:
    values = np.asarray(raw.values, float)
    return Scored(truth, raw.at(truth, smooth(values)) if len(values) else np.zeros(truth.frames))


def _plain(values: Scores) -> Scores:
    return values


def _late(smooth: Smooth) -> Smooth:
    return lambda values: late(smooth(values), 1)
