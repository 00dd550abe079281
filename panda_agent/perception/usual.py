"""What is usual, and how far one value is from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAD = 1.4826
"""Median absolute deviation to standard deviation, where values are normal."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distance:
    """One value against many."""

    value: float
    usual: float
    """Median of the others."""
    z: float
    """Spreads from the median: median absolute deviations, scaled to standard deviations."""
    others: int
    """How many there are."""


def distance(value: float, others: Values, least: float) -> Distance:
    """How far a value is from what is usual; robust against a few odd ones among the others.

    Args:
        value: The value.
        others: (n,) ≥ 1.
        least: Spread below which a difference means nothing.
    """
    middle = float(np.median(others))
    spread = max(least, MAD * float(np.median(np.abs(others - middle))))
    return Distance(value, middle, (value - middle) / spread, len(others))


def heading_of(degrees: Values, weights: Values) -> float | None:
    """The common direction of some, degrees 0..360; None where they go every way (or there are none).

    Args:
        degrees: (n,).
        weights: (n,).
    """
    if not weights.sum() > 0:
        return None
    x, y = (float((weights * wave(np.radians(degrees))).sum() / weights.sum()) for wave in (np.cos, np.sin))
    return float(np.degrees(np.arctan2(y, x)) % 360) if np.hypot(x, y) >= 0.5 else None


def turned(one: float, other: float) -> float:
    """Angle between two directions, degrees 0..180."""
    return abs((one - other + 180) % 360 - 180)
