"""Courses over time averaged: testimony before it is graded, and the score as offline evaluations smooth it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from panda_agent.settings import LoopSettings
from panda_agent.types import ScorePoint

Array = NDArray[np.float64]
INDEPENDENT = 1 / 6
"""Seconds between descriptions of single moments that are two witnesses; nearer ones count by their distance."""
MOST = 6.0
"""Log-odds that descriptions of moments are worth together, at most."""
SILENCE = 0.05
"""Log-odds by which a description of a moment speaks against what it does not tell of."""


@dataclass(frozen=True, slots=True)
class Durations:
    """How long things last, for reading descriptions of single moments; see `loop.*_seconds` of the settings."""

    glance: float
    """A description of less than so many seconds tells of a moment; one of more stands alone."""
    incident: float
    """Seconds that an incident lasts, about."""
    quiet: float
    """Seconds from the end of one to the start of the next, about."""

    @classmethod
    def of(cls, loop: LoopSettings) -> Durations:
        """Those of a case."""
        return cls(loop.glance_seconds, loop.incident_seconds, loop.quiet_seconds)


USUAL = Durations.of(LoopSettings())


def persisting(moments: Array, levels: Array, durations: Durations, *, causal: bool) -> Array:
    """What descriptions of moments say together for something that goes on for a while: log-odds at each moment.

    A Markov chain of two states (it goes on, or not) with the descriptions as evidence (Rabiner, Proceedings of the
    IEEE 1989): forward and backward, or forward only.

    Args:
        moments: (n,) seconds, rising.
        levels: (n,) log-odds by which each description speaks for it; 0 where it tells of no such thing.
        durations: How long it lasts and stays away.
        causal: Only what came before counts.
    """
    gaps = np.diff(moments, prepend=moments[0] - INDEPENDENT)
    told = (levels - SILENCE) * np.minimum(1.0, gaps / INDEPENDENT)
    ends, starts = -np.expm1(-gaps / durations.incident), -np.expm1(-gaps / durations.quiet)
    usual = math.log(durations.incident / durations.quiet)
    past = _carried(told.tolist(), starts.tolist(), ends.tolist(), usual)
    if causal:
        return _bounded(past)
    starts, ends = np.roll(starts, -1), np.roll(ends, -1)  # the gap after each moment, seen from the other end
    future = _carried(told[::-1].tolist(), starts[::-1].tolist(), ends[::-1].tolist(), usual)[::-1]
    return _bounded(past + future - told - usual)


def _bounded(odds: Array) -> Array:
    """In the same order, from 0 where it surely does not go on to never more than what one rule may weigh."""
    height = np.logaddexp(0.0, odds)
    return np.asarray(MOST * height / (MOST + height), np.float64)


def _carried(told: Sequence[float], starts: Sequence[float], ends: Sequence[float], usual: float) -> Array:
    """Log-odds that it goes on, by each moment and those before it."""
    odds, found = math.exp(usual), np.empty(len(told))
    for i, (level, start, end) in enumerate(zip(told, starts, ends, strict=True)):
        share = odds / (1.0 + odds)
        on = share * (1.0 - end) + (1.0 - share) * start
        odds = min(1e12, max(1e-12, on / (1.0 - on) * math.exp(level)))
        found[i] = math.log(odds)
    return found


def averaged(times: Sequence[float] | Array, values: Sequence[float] | Array, over: float, *, causal: bool) -> Array:
    """A course, each value the mean of those around it, weighted by exp(-distance / over).

    Forward and backward exponential averages, which begin at the first and at the last sample: the ends are held, so
    that nothing is known of a video but what was seen of it. A sample weighs by the time since the one before, so the
    rate at which somebody looked does not matter.

    Args:
        times: (n,) seconds, rising.
        values: (n,).
        over: Seconds in which a value's weight falls to 1/e.
        causal: Only what came before counts, as in a video that is still coming in.
    """
    return _averaged(tuple(map(float, times)), tuple(map(float, values)), over, causal)


@lru_cache(maxsize=16)
def _averaged(times: tuple[float, ...], values: tuple[float, ...], over: float, causal: bool) -> Array:
    """Every clip of a video is judged by the same course."""
    at, course = np.array(times), np.array(values)
    if over <= 0 or len(course) < 2:
        return course
    gains = 1.0 - np.exp(-np.diff(at) / over)
    past = _trailing(course, gains)
    return past if causal else (past + _trailing(course[::-1], gains[::-1])[::-1]) / 2


def _trailing(course: Array, gains: Array) -> Array:
    means = np.empty(len(course))
    means[0] = mean = float(course[0])
    for i, (value, gain) in enumerate(zip(course[1:].tolist(), gains.tolist(), strict=True), start=1):
        mean += gain * (value - mean)
        means[i] = mean
    return means


def smoothed(points: Sequence[ScorePoint], seconds: float) -> tuple[ScorePoint, ...]:
    """The score once a second, each the mean of so many seconds around it (PANDA, NeurIPS 2025: 10).

    The ends are padded with the first and the last score. (Padding with zeros would be a hidden prior for the middle
    of a video.) What is shorter than the window gets lower: for an alarm the score as it is says more.

    Args:
        points: Rising; straight lines between them.
        seconds: Length of the window; less than 2 leaves everything as it is.
    """
    width = round(seconds)
    if width < 2 or not points:
        return tuple(points)
    last = points[-1].t
    times = np.append(np.arange(0.0, last), last)
    values = np.interp(times, [point.t for point in points], [point.score for point in points])
    before = width // 2
    padded = np.pad(values, (before, width - 1 - before), mode="edge")
    means = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    return tuple(
        ScorePoint(t=round(float(t), 3), score=round(float(mean), 4)) for t, mean in zip(times, means, strict=True)
    )
