"""A pace that is kept: who rides or drives goes faster than the rest for seconds on end, a swinging arm does not."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.observation import Observation, profile_of
from panda_agent.types import TimeSpan

SECONDS = 4.0
"""So long a pace is kept. (UCSD Ped2: of 16 normal videos none is two spreads above the usual pace for longer than
0.3 s at a stretch, of 7 with riders and carts six are for 2 to 14 s.) Who hurries for so long passes for a rider."""
GAP = 1.0
"""Seconds without a measurement, as while the light changes, after which nothing is known to be kept."""
LEAST = 1.0
"""Spreads above the usual pace; what is kept below says nothing."""

Array = NDArray[np.float64]


def kept(times: Array, levels: Array) -> Array:
    """The highest level that is kept for `SECONDS` around each moment: an opening of each unbroken stretch.

    Args:
        times: (n,) seconds, rising.
        levels: (n,).

    Returns:
        (n,), 0 where nothing lasts so long.
    """
    found = np.zeros(len(levels))
    ends = np.searchsorted(times, times + SECONDS - 1e-6)
    gaps = np.concatenate([[0], np.cumsum(np.diff(times) > GAP)])
    for i, end in enumerate(ends.tolist()):
        if end < len(times) and gaps[i] == gaps[end]:
            lowest = levels[i : end + 1].min()
            np.maximum(found[i : end + 1], lowest, out=found[i : end + 1])
    return found


class KeptSoFar:
    """The same as a video comes in: what was kept for the last `SECONDS`."""

    def __init__(self) -> None:
        self._last: deque[tuple[float, float]] = deque()
        self._first: float | None = None

    def update(self, time: float, level: float) -> float:
        """The level that was kept until now; 0 while too little was seen."""
        if self._first is None or time - self._last[-1][0] > GAP:
            self._first = time
        self._last.append((time, level))
        while self._last[0][0] < time - SECONDS - 1e-6:
            self._last.popleft()
        return min(level for _, level in self._last) if time - self._first >= SECONDS - 1e-6 else 0.0


def row_of(times: Array, levels: Array, spread: float) -> Observation | None:
    """What is kept in a stretch of a video; None where nothing is.

    Args:
        times: (n,) seconds, rising.
        levels: (n,) spreads above the usual pace, kept.
        spread: Of the logarithm of paces.
    """
    if not len(levels) or levels.max() < LEAST:
        return None
    above = times[levels >= LEAST]
    peak, start, end = float(levels.max()), float(above[0]), float(above[-1])
    ratio = math.exp(peak * spread)
    return Observation(
        kind="kept_pace",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=f"What goes fastest keeps at least {ratio:.2f} times the pace that is usual in this video, for "
        f"{SECONDS:.0f} s or longer, seen between {start:.1f} s and {end:.1f} s.",
        data={
            "peak": round(peak, 3),
            "ratio": round(ratio, 3),
            "least_seconds": SECONDS,
            "profile": profile_of(times, levels),
        },
    )
