"""How much faster than usual the fastest thing goes, at every moment: nothing has to be given, and nobody followed."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.carried import SHRUNK
from panda_agent.perception.kept_pace import KeptSoFar, kept, row_of
from panda_agent.perception.look import Look
from panda_agent.perception.medians import median
from panda_agent.perception.observation import Observation, profile_of
from panda_agent.perception.pace import Pace
from panda_agent.perception.patches import HZ, Patches, patches_of, told
from panda_agent.types import TimeSpan

MOST_HZ = 10.0
"""Moments told a second."""
NEAR = 16
"""Velocity is averaged over this part of the picture's longer side: a faulty match is smaller."""
COVERED = 0.3
"""Share of a point's surroundings that moves, for it to be part of something."""
CROWDED = 0.5
"""Where more of the picture moves, the light changed or the camera turned."""
LEAST_PACE = 0.008
"""What is slower stands, picture heights/s."""
ENOUGH = 30
"""Sights of something that goes which say what is usual."""
PACES = np.geomspace(LEAST_PACE, 4.0, 128)
"""Edges of the tally of paces, picture heights/s; a step is 5 %."""
CALM_SECONDS = 0.6
"""Offline the curve is averaged over so long; what follows paths is steady enough online."""
CHAPTER_SECONDS = 120.0
"""The curve is told in pieces of this length; online in pieces of a second."""
LEAST_SPREAD = 0.4
"""Paces that differ by half are ordinary life, however alike all others are."""
QUARTER = 0.6745
"""Upper quartile of a normal distribution, standard deviations."""

Array = NDArray[np.float64]


class Norm(NamedTuple):
    """What is usual."""

    pace: float
    """Median, picture heights/s."""
    spread: float
    """Of the logarithm of paces above the median, as a standard deviation."""

    def above(self, paces: NDArray[np.floating]) -> Array:
        """How many spreads paces lie above what is usual; 0 for those below."""
        return np.asarray(np.maximum(0.0, np.log(np.maximum(paces, LEAST_PACE) / self.pace) / self.spread), np.float64)


class Usual:
    """Learns the pace of what goes: each box counts once a moment, so that a lorry counts no more than a walker."""

    def __init__(self) -> None:
        self._tally = np.zeros(len(PACES) + 1)

    def update(self, paces: list[float]) -> None:
        """Count the paces of a moment, picture heights/s."""
        np.add.at(self._tally, np.searchsorted(PACES, [pace for pace in paces if pace >= LEAST_PACE]), 1.0)

    @property
    def norm(self) -> Norm | None:
        """What is usual; None while too little went by."""
        total = np.cumsum(self._tally)
        if total[-1] < ENOUGH:
            return None
        half, most = np.interp(total[-1] * np.array([0.5, 0.75]), total[:-1], np.log(PACES)).tolist()
        return Norm(math.exp(half), max(LEAST_SPREAD, (most - half) / QUARTER))


class Fastest:
    """Filter of kinds `fastest` and `kept_pace`: how far above what is usual in this video the fastest place goes.

    What is carried along (`CarriedFlow`) is compared, so that a rider, who glides, is told from a leg that swings.

    Args:
        rate: Frames per second.
        online: Tell the curve second by second, against what was usual until then; all of it again at the end.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "fastest": ("peak", "ratio", "usual", "moments", "profile", "patches"),
        "kept_pace": ("peak", "ratio", "least_seconds", "profile", "live"),
    }

    def __init__(self, rate: float, *, online: bool = False) -> None:
        self._online = online
        self._due, self._due_patches = Pace(MOST_HZ, rate), Pace(HZ, rate)
        self._usual = Usual()
        self._curve: list[tuple[float, float]] = []
        self._patches: list[Patches] = []
        self._open: list[tuple[float, float, float, float]] = []
        """Seconds, pace, level, kept level: what is not told yet."""
        self._kept = KeptSoFar()
        self._first: float | None = None

    def update(self, look: Look) -> list[Observation]:
        """Measure one moment."""
        if self._first is None:  # there is no flow before the second frame
            self._first = look.time
            return []
        if look.foreground.share > CROWDED or not self._due.due(look.time):
            return []
        fast, paces = measured(look)
        self._usual.update(paces)
        peak = float(fast.max(initial=0.0))
        self._curve.append((look.time, peak))
        side = max(look.size)
        if self._due_patches.due(look.time):
            self._patches.append(patches_of(look.time, fast, (side / look.size[0], side / look.size[1])))
        return self._tell(look.time, peak) if self._online else []

    def finish(self) -> list[Observation]:
        """The whole curve against what was usual in the whole video."""
        told, norm = self._close(), self._usual.norm
        if norm is None or not self._curve:
            return told
        curve = np.array([(self._first, self._curve[0][1]), *self._curve])  # the second frame speaks for the first
        curve[:, 1] = calm(*curve.T)
        kept_pace = kept(curve[:, 0], norm.above(curve[:, 1]))
        edges = np.searchsorted(curve[:, 0], np.arange(curve[0, 0], curve[-1, 0], CHAPTER_SECONDS)[1:])
        rest = np.concatenate([np.zeros((0, 6), np.float32), *self._patches])
        parts = [slice(i, j) for i, j in pairwise([0, *edges.tolist(), len(curve)]) if i < j]
        lasting = [row_of(curve[part, 0], kept_pace[part], norm.spread) for part in parts]
        return [*told, *(_chapter(curve[part], rest, norm) for part in parts), *filter(None, lasting)]

    def _tell(self, time: float, peak: float) -> list[Observation]:
        over = bool(self._open) and int(self._open[0][0]) != int(time)
        told = self._close() if over else []
        norm = self._usual.norm
        if norm is not None:
            level = float(norm.above(np.array(peak)))
            self._open.append((time, peak, level, self._kept.update(time, level)))
        return told

    def _close(self) -> list[Observation]:
        told, norm = np.array(self._open).reshape(-1, 4), self._usual.norm
        self._open = []
        if not len(told) or norm is None:
            return []
        curve, levels, lasting = told[:, :2], told[:, 2], told[:, 3]
        row = _chapter(curve, np.zeros((0, 6), np.float32), norm, levels)
        rows = [row, *filter(None, [row_of(curve[:, 0], lasting, norm.spread)])]
        for one in rows:
            one.data["live"] = True
        return rows


def measured(look: Look) -> tuple[Array, list[float]]:
    """The pace of what moves at each place, and the pace of each box; picture heights/s.

    Returns:
        (h / `SHRUNK`, w / `SHRUNK`), 0 where nothing moves; a list.
    """
    width, height = look.size
    pace = cv2.magnitude(*cv2.split(look.carried)) / np.float32(height)
    size = pace.shape[1], pace.shape[0]
    moving = cv2.resize(look.foreground.moving, size, interpolation=cv2.INTER_AREA) > COVERED * 255
    window = max(1, max(width, height) // NEAR // SHRUNK)
    around = cv2.boxFilter(pace, -1, (window, window))
    boxes = (np.asarray(look.boxes) / SHRUNK).astype(int).tolist()
    inside = ((pace[y0 : y1 + 1, x0 : x1 + 1], moving[y0 : y1 + 1, x0 : x1 + 1]) for x0, y0, x1, y1 in boxes)
    return np.where(moving, around, 0.0), [median(p[m]) for p, m in inside if m.sum() > 3]


def calm(times: Array, values: Array) -> Array:
    """Means over `CALM_SECONDS` around each of (n,) values; fewer of them at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    first, last = (np.searchsorted(times, times + side * (CALM_SECONDS / 2 + 1e-6)) for side in (-1, 1))
    return np.asarray((total[last] - total[first]) / (last - first), np.float64)


def _chapter(curve: Array, patches: Patches, norm: Norm, levels: Array | None = None) -> Observation:
    """A row about (n, 2) seconds and paces; online `levels` were compared with what was usual at each moment."""
    start, end = float(curve[0, 0]), float(curve[-1, 0])
    above = norm.above(curve[:, 1]) if levels is None else levels
    peak, ratio = float(above.max()), float(curve[:, 1].max()) / norm.pace
    here = patches[(patches[:, 0] >= start - 1e-3) & (patches[:, 0] <= end + 1e-3)].copy()
    here[:, 5] = norm.above(here[:, 5])
    return Observation(
        kind="fastest",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=f"What goes fastest reaches {ratio:.2f} times the pace that is usual in this video, "
        f"{norm.pace:.3f} picture heights/s: {peak:.2f} spreads above it.",
        data={
            "peak": round(peak, 3),
            "ratio": round(ratio, 3),
            "usual": round(norm.pace, 4),
            "moments": len(curve),
            "profile": profile_of(curve[:, 0], above),
            "patches": told(here[here[:, 5] > 0]),
        },
    )
