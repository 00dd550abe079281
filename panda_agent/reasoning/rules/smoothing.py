"""The score smoothed over time, as offline evaluations do it (PANDA, NeurIPS 2025: mean of 10 at 1 frame/s)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panda_agent.types import ScorePoint


def smoothed(points: Sequence[ScorePoint], seconds: float) -> tuple[ScorePoint, ...]:
    """The score once a second, each the mean of so many seconds around it.

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
