"""The filter that compares every moment with normal life: normal videos where there are some, else the same video."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.memory.normality import MAX_ROWS, NormalityMemory, learn, smooth
from panda_agent.perception.cells import NAMES, CellLook
from panda_agent.perception.look import Look, Observation
from panda_agent.types import Region, TimeSpan

MAX_HZ = 10.5
"""Moments compared a second."""
HIGH, LOW = 1.0, 0.64
"""An episode reaches HIGH times the calibrated limit and lasts while above LOW times it."""
CHAPTER_SECONDS = 120.0
"""The curve is reported in pieces of this length."""
AROUND = 1.0 / 12.0
"""Half the side of the region around the farthest cell, share of the picture's longer side."""
MOST_EXTREME = 12
"""Cells a look keeps for the comparison with its own video; the calm ones can't be the farthest."""
MOST_PLACES = 200
"""Rows of the path of an episode."""
WORDS = {
    "speed": ("faster", "slower"),
    "cover": ("fuller", "sparser"),
    "cover_around": ("larger", "smaller"),
    "upright_edges": ("more upright edges", "fewer upright edges"),
    "level_edges": ("more level edges", "fewer level edges"),
}


@dataclass(frozen=True, slots=True)
class _Moment:
    time: float
    value: float
    cell: tuple[int, int]
    features: NDArray[np.float32]


class UnusualMotion:
    """Reports the whole curve (`normality`), and each stretch that stands out (`unusual`).

    Args:
        rate: Frames per second.
        memory: What is normal for this camera; None compares the video with itself, which is weaker evidence: what is
            wrong throughout has no normal rest to stand out from.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "normality": ("peak", "reference", "given", "moments", "profile"),
        "unusual": ("surprise", "reference", "given", "feature", "spreads", "seconds", "profile", "path"),
    }

    def __init__(self, rate: float, memory: NormalityMemory | None = None) -> None:
        self._memory = memory
        self._looks: list[CellLook] = []
        self._moments: list[_Moment] = []
        self._due = -1.0
        self._aspect = (1.0, 1.0)

    def update(self, look: Look) -> list[Observation]:
        """Compare one moment; everything is reported at the end, when the curve can be smoothed."""
        if look.time < self._due:
            return []
        self._due = look.time + 1.0 / MAX_HZ
        side = max(look.size)
        self._aspect = (side / look.size[0], side / look.size[1])
        cells = look.cells
        if self._memory is None:
            self._looks.append(_extreme(cells))
        else:
            self._moments += _compare(self._memory, [cells])
        return []

    def finish(self) -> list[Observation]:
        """The curve and its episodes."""
        memory = self._memory
        if memory is None and self._looks:
            memory = _own_memory(self._looks)
            self._moments = [] if memory is None else _compare(memory, self._looks)
        if memory is None or not self._moments:
            return []
        times = [moment.time for moment in self._moments]
        curve = smooth(times, np.array([moment.value for moment in self._moments]))
        return [*self._chapters(times, curve), *self._episodes(times, curve, memory)]

    @property
    def _reference(self) -> str:
        return "the rest of this video" if self._memory is None else "normal videos"

    def _chapters(self, times: list[float], curve: NDArray[np.float64]) -> list[Observation]:
        """The whole curve, in pieces that don't grow with the video."""
        ends = np.searchsorted(times, np.arange(times[0], times[-1], CHAPTER_SECONDS)[1:])
        edges = [0, *ends.tolist(), len(times)]
        return [self._chapter(times[i:j], curve[i:j]) for i, j in pairwise(edges) if i < j]

    def _chapter(self, times: list[float], curve: NDArray[np.float64]) -> Observation:
        peak = round(float(curve.max()), 3)
        return Observation(
            kind="normality",
            span=TimeSpan(start=round(times[0], 3), end=round(times[-1], 3)),
            statement=f"Compared with {self._reference}, motion strays by at most {peak:.2f} times "
            "the calibrated limit.",
            data={
                "peak": peak,
                "reference": self._reference,
                "given": int(self._memory is not None),
                "moments": len(times),
                "profile": _profile(times, curve),
            },
        )

    def _episodes(self, times: list[float], curve: NDArray[np.float64], memory: NormalityMemory) -> list[Observation]:
        found = []
        i = 0
        while i < len(times):
            j = i
            while j < len(times) and curve[j] >= LOW:
                j += 1
            if j > i and float(curve[i:j].max()) >= HIGH:
                found.append(self._episode(times[i:j], curve[i:j], self._moments[i:j], memory))
            i = max(j, i + 1)
        return found

    def _episode(
        self, times: list[float], curve: NDArray[np.float64], moments: list[_Moment], memory: NormalityMemory
    ) -> Observation:
        top = moments[int(np.argmax([moment.value for moment in moments]))]
        gaps = memory.differs(top.features)
        feature = max(gaps, key=lambda name: abs(gaps[name]))
        word = WORDS[feature][gaps[feature] < 0]
        surprise = round(float(curve.max()), 3)
        spreads = round(abs(gaps[feature]), 2)
        return Observation(
            kind="unusual",
            span=TimeSpan(start=round(times[0], 3), end=round(times[-1], 3)),
            region=self._around(top.cell),
            statement=(
                f"Motion strays from {self._reference} by {surprise:.2f} times the calibrated limit: {word} by "
                f"{spreads:.2f} normal spreads."
            ),
            data={
                "surprise": surprise,
                "reference": self._reference,
                "given": int(self._memory is not None),
                "feature": word,
                "spreads": spreads,
                "seconds": round(times[-1] - times[0], 2),
                "profile": _profile(times, curve),
                "path": self._path(moments),
            },
        )

    def _path(self, moments: list[_Moment]) -> list[JsonValue]:
        """[[seconds, x0, y0, x1, y1], ...]: where the farthest cell was, thinned to `MOST_PLACES`."""
        few = moments[:: math.ceil(len(moments) / MOST_PLACES)]
        places = ((moment.time, self._around(moment.cell)) for moment in few)
        return [[round(time, 3), place.x0, place.y0, place.x1, place.y1] for time, place in places]

    def _around(self, cell: tuple[int, int]) -> Region:
        wx, wy = self._aspect
        y, x = ((index + 0.5) / 48.0 for index in cell)
        box = ((x - AROUND) * wx, (y - AROUND) * wy, (x + AROUND) * wx, (y + AROUND) * wy)
        return Region.of_pixels(box, 1, 1)


def _compare(memory: NormalityMemory, looks: list[CellLook]) -> list[_Moment]:
    values, cells = memory.surprise(looks)
    nothing = np.zeros(len(NAMES), np.float32)
    return [
        _Moment(
            look.time,
            float(value),
            (0, 0) if cell < 0 else (int(look.where[cell, 0]), int(look.where[cell, 1])),
            nothing if cell < 0 else look.features[cell],
        )
        for look, value, cell in zip(looks, values, cells, strict=True)
    ]


def _extreme(look: CellLook) -> CellLook:
    """Keep the cells that could be the farthest: those with the most motion."""
    if len(look.features) <= MOST_EXTREME:
        return look
    weight = look.features[:, 0] / (look.features[:, 0].std() + 1e-6) + look.features[:, 2] / (
        look.features[:, 2].std() + 1e-6
    )
    picks = np.sort(np.argsort(-weight, kind="stable")[:MOST_EXTREME])
    return CellLook(look.time, look.features[picks], look.where[picks], look.shape)


def _own_memory(looks: list[CellLook]) -> NormalityMemory | None:
    """A memory of the same video: two halves, interleaved in blocks, calibrate each other."""
    rows = sum(len(look.features) for look in looks)
    if rows < 40:
        return None
    few = looks[:: max(1, rows // MAX_ROWS)]
    return learn([("this video", few)])


def _profile(times: list[float], curve: NDArray[np.float64]) -> list[JsonValue]:
    return [[round(t, 3), round(float(v), 3)] for t, v in zip(times, curve, strict=True)]
