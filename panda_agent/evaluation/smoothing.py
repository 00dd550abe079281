"""The ways in which scores are commonly carried through time. None of them knows a position in the video."""

from __future__ import annotations

import numpy as np

from panda_agent.evaluation.truth import Scores


def ema(values: Scores, alpha: float) -> Scores:
    """Exponential moving average, causal, from the first value."""
    smooth = np.empty(len(values))
    level = float(values[0]) if len(values) else 0.0
    for i, value in enumerate(values):
        level = alpha * float(value) + (1 - alpha) * level
        smooth[i] = level
    return smooth


def gaussian(values: Scores, sigma: float) -> Scores:
    """Smoothed with a Gaussian of `sigma` samples, the edges held."""
    reach = int(4 * sigma + 0.5)
    if not len(values) or reach == 0:
        return values.astype(float)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def held(values: Scores, every: int) -> Scores:
    """Each `every`th value, held until the next."""
    return np.repeat(values[::every], every)[: len(values)]


def late(values: Scores, samples: int) -> Scores:
    """The same, so many samples later; before, nothing is known, and the value is 0."""
    return np.concatenate([np.zeros(min(samples, len(values))), values[: max(0, len(values) - samples)]])
