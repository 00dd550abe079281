"""The filter that compares every moment with normal life: normal videos where there are some, else the same video."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain, islice, pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.memory.normality import MAX_ROWS, NormalityMemory, farthest, learn, smooth
from panda_agent.memory.packed import PackedLooks
from panda_agent.perception.cells import NAMES, CellLook
from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation, profile_of
from panda_agent.perception.patches import AROUND, HZ, Patches, patches_of, told
from panda_agent.types import Region, TimeSpan

MAX_HZ = 10.5
"""Moments compared a second."""
HIGH, LOW = 1.0, 0.64
"""An episode reaches HIGH times the calibrated limit and lasts while above LOW times it."""
CHAPTER_SECONDS = 120.0
"""The curve is reported in pieces of this length."""
NEAR_LIMIT = 0.4
"""Patches are told of moments, and places, that stray by this part of the calibrated limit."""
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


BLOCK = 256
"""Looks that are packed, and compared, at a time."""
_MOMENT = np.dtype(
    [("time", np.float64), ("value", np.float64), ("cell", np.int16, 2), ("features", np.float32, len(NAMES))]
)
"""A look compared: seconds, distance, and row, column and features of its farthest cell (zeros without a cell)."""
Moments = NDArray[np.void]
"""(n,) of `_MOMENT`: an hour of objects would be ten times as large."""


class UnusualMotion:
    """Reports the whole curve (`normality`), and each stretch that stands out (`unusual`).

    Args:
        rate: Frames per second.
        memory: What is normal for this camera; None compares the video with itself, which is weaker evidence: what is
            wrong throughout has no normal rest to stand out from.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "normality": ("peak", "reference", "given", "moments", "profile", "patches"),
        "unusual": ("surprise", "reference", "given", "feature", "spreads", "seconds", "profile", "path"),
    }

    def __init__(self, rate: float, memory: NormalityMemory | None = None) -> None:
        self._memory = memory
        self._looks: list[CellLook] = []
        """The last few, until there are enough of them to pack."""
        self._packed: list[PackedLooks] = []
        self._moments: list[Moments] = []
        self._patches: list[Patches] = []
        self._due_patches = -1.0
        self._due = -1.0
        self._aspect = (1.0, 1.0)

    def update(self, look: Look) -> list[Observation]:
        """Compare one moment; everything is reported at the end, when the curve can be smoothed."""
        if look.time < self._due:
            return []
        self._due = look.time + 1.0 / MAX_HZ
        side = max(look.size)
        self._aspect = (side / look.size[0], side / look.size[1])
        self._looks.append(extreme(look.cells) if self._memory is None else look.cells)
        if len(self._looks) >= BLOCK:
            self._clear()
        return []

    def _clear(self) -> None:
        """Pack the last looks; where normal life is known, only how they compare with it is kept."""
        if self._memory is None:
            self._packed.append(PackedLooks.of(self._looks))
        else:
            # One by one: near a limit the search may round differently for many cells at a time.
            self._moments += [self._compare(self._memory, look) for look in self._looks]
            self._moments = [np.concatenate(self._moments)]
        self._looks = []

    def _compare(self, memory: NormalityMemory, look: CellLook) -> Moments:
        """Compare one look, and keep where it is odd."""
        odd = memory.strangeness([look])
        if look.time >= self._due_patches:
            self._due_patches = look.time + 1.0 / HZ - 1e-3
            self._patches.append(odd_patches(look, odd[0], self._aspect))
        return compared([look], odd)

    def finish(self) -> list[Observation]:
        """The curve and its episodes."""
        if self._looks:
            self._clear()
        memory = self._memory
        if memory is None:
            memory = own_memory(self._packed)
            self._moments = [] if memory is None else [compare(memory, list(looks)) for looks in self._packed]
        moments = np.concatenate(self._moments or [np.zeros(0, _MOMENT)])
        if memory is None or not len(moments):
            return []
        moments["value"][:1] = moments["value"][1:2]  # the first frame has no flow
        curve = smooth(moments["time"], moments["value"])
        return [*self._chapters(moments["time"].tolist(), curve), *self._episodes(moments, curve, memory)]

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
                "profile": profile_of(times, curve),
                "patches": told(self._patches_in(times[0], times[-1])),
            },
        )

    def _patches_in(self, start: float, end: float) -> Patches:
        known = np.concatenate([np.zeros((0, 6), np.float32), *self._patches])
        return known[(known[:, 0] >= start - 1e-3) & (known[:, 0] <= end + 1e-3) & (known[:, 5] >= NEAR_LIMIT)]

    def _episodes(self, moments: Moments, curve: NDArray[np.float64], memory: NormalityMemory) -> list[Observation]:
        found = []
        i = 0
        while i < len(moments):
            j = i
            while j < len(moments) and curve[j] >= LOW:
                j += 1
            if j > i and float(curve[i:j].max()) >= HIGH:
                found.append(self._episode(moments[i:j], curve[i:j], memory))
            i = max(j, i + 1)
        return found

    def _episode(self, moments: Moments, curve: NDArray[np.float64], memory: NormalityMemory) -> Observation:
        times = moments["time"].tolist()
        top = moments[int(moments["value"].argmax())]
        gaps = memory.differs(top["features"])
        feature = max(gaps, key=lambda name: abs(gaps[name]))
        word = WORDS[feature][gaps[feature] < 0]
        surprise = round(float(curve.max()), 3)
        spreads = round(abs(gaps[feature]), 2)
        return Observation(
            kind="unusual",
            span=TimeSpan(start=round(times[0], 3), end=round(times[-1], 3)),
            region=self._around(top["cell"].tolist()),
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
                "profile": profile_of(times, curve),
                "path": self._path(moments),
            },
        )

    def _path(self, moments: Moments) -> list[JsonValue]:
        """[[seconds, x0, y0, x1, y1], ...]: where the farthest cell was, thinned to `MOST_PLACES`."""
        few = moments[:: math.ceil(len(moments) / MOST_PLACES)]
        places = (
            (time, self._around(cell)) for time, cell in zip(few["time"].tolist(), few["cell"].tolist(), strict=True)
        )
        return [[round(time, 3), place.x0, place.y0, place.x1, place.y1] for time, place in places]

    def _around(self, cell: Sequence[int]) -> Region:
        wx, wy = self._aspect
        y, x = ((index + 0.5) / 48.0 for index in cell)
        box = ((x - AROUND) * wx, (y - AROUND) * wy, (x + AROUND) * wx, (y + AROUND) * wy)
        return Region.of_pixels(box, 1, 1)


def compare(memory: NormalityMemory, looks: list[CellLook]) -> Moments:
    """How far looks are from what is normal."""
    return compared(looks, memory.strangeness(looks))


def compared(looks: Sequence[CellLook], odd: Sequence[NDArray[np.float32]]) -> Moments:
    """The farthest cell of each look, of which is known how odd each of its cells is."""
    values, cells = farthest(looks, odd)
    moments = np.zeros(len(looks), _MOMENT)
    moments["time"], moments["value"] = [look.time for look in looks], values
    for moment, look, cell in zip(moments, looks, cells.tolist(), strict=True):
        if cell >= 0:
            moment["cell"], moment["features"] = look.where[cell], look.features[cell]
    return moments


def odd_patches(look: CellLook, odd: NDArray[np.float32], aspect: tuple[float, float]) -> Patches:
    """Where a look is odd: the farthest cells that lie apart."""
    grid = np.zeros(look.shape, np.float32)
    grid[look.where[:, 0], look.where[:, 1]] = odd
    return patches_of(look.time, grid, aspect)


def extreme(look: CellLook) -> CellLook:
    """Keep the cells that could be the farthest: those with the most motion."""
    if len(look.features) <= MOST_EXTREME:
        return look
    weight = look.features[:, 0] / (look.features[:, 0].std() + 1e-6) + look.features[:, 2] / (
        look.features[:, 2].std() + 1e-6
    )
    picks = np.sort(np.argsort(-weight, kind="stable")[:MOST_EXTREME])
    return CellLook(look.time, look.features[picks], look.where[picks], look.shape)


def own_memory(packed: list[PackedLooks]) -> NormalityMemory | None:
    """A memory of the same video: two halves, interleaved in blocks, calibrate each other."""
    rows = sum(len(looks.features) for looks in packed)
    if rows < 40:
        return None
    few = list(islice(chain.from_iterable(packed), 0, None, max(1, rows // MAX_ROWS)))
    return learn([("this video", few)])
