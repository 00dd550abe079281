"""Normality memory: what motion is like here when nothing is wrong, and how far a moment is from it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panda_agent.errors import StoreError, UserError
from panda_agent.perception.cells import NAMES, VERSION, CellLook, Features

K = 5
"""Neighbours: the distance to the fifth is the surprise of a cell."""
MAX_ROWS = 40_000
"""Cells kept in a memory; more are thinned by a seeded draw."""
FLAT_ROWS = 10_000
"""Up to so many rows exact search is quicker than learning where to search."""
MAX_LOOKS = 400
"""Frames of each normal video that calibrate the scale."""
SMOOTH_SECONDS = 0.3
"""Width (sigma) of the Gaussian over time; the one fixed width that benchmarks state."""
LIMIT_QUANTILE = 0.9
"""A surprise of 1 is what one normal video in ten reaches at its height: one odd video must not stretch the scale."""
HEADER, ROWS = "normality.json", "normality.npy"

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class NormalityMemory:
    """A bank of normal cells with a calibrated scale.

    Args:
        rows: (n, 5) features of normal cells.
        scale: (5,) what a difference in each feature is divided by: its spread over normal cells.
        limit: Distance below which `LIMIT_QUANTILE` of normal videos stay throughout.
        sources: Fingerprints of the videos it was learnt from.
    """

    rows: Features
    scale: NDArray[np.float32]
    limit: float
    sources: tuple[str, ...]

    @cached_property
    def _bank(self) -> _Bank:
        return _Bank(self.rows, self.scale)

    def surprise(self, looks: Sequence[CellLook]) -> tuple[Curve, NDArray[np.int64]]:
        """How far each moment is from normal life, and which of its cells is farthest.

        Returns:
            (n,) distances in units of `limit`, not smoothed; (n,) index of the farthest cell of each look, -1 for a
            look without active cells.
        """
        return farthest(looks, self.strangeness(looks))

    def strangeness(self, looks: Sequence[CellLook]) -> list[NDArray[np.float32]]:
        """How far each active cell is from normal life, look by look, in units of `limit`."""
        return _strangeness(self._bank, looks, self.limit)

    def differs(self, cell: Features) -> dict[str, float]:
        """By how many normal spreads each feature of a cell (5,) differs from its nearest normal cells."""
        _, near = self._bank.search(cell[None])
        gap = (cell - self.rows[near[0]].mean(axis=0)) / self.scale
        return {name: float(value) for name, value in zip(NAMES, gap, strict=True)}

    def save(self, folder: Path) -> None:
        """Write the memory into a folder of its own; a reader sees the old one or the new one, never half of each."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        buffer = io.BytesIO()
        np.save(buffer, self.rows, allow_pickle=False)
        (part / ROWS).write_bytes(buffer.getvalue())
        header = {
            "version": VERSION,
            "features": list(NAMES),
            "count": len(self.rows),
            "scale": [float(v) for v in self.scale],
            "limit": self.limit,
            "sources": list(self.sources),
            "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
        }
        (part / HEADER).write_text(json.dumps(header, indent=1))
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)

    @classmethod
    def load(cls, folder: Path) -> NormalityMemory:
        """Read a memory.

        Raises:
            StoreError: There is none, it is damaged, or it holds features of another version.
        """
        header = read_header(folder)
        try:
            raw = (folder / ROWS).read_bytes()
            if hashlib.sha256(raw).hexdigest() != header["sha256"]:
                raise ValueError("its rows were changed")
            rows = np.load(io.BytesIO(raw), allow_pickle=False)
            scale = np.asarray(header["scale"], np.float32)
            if rows.shape != (header["count"], len(NAMES)) or scale.shape != (len(NAMES),):
                raise ValueError(f"it holds {rows.shape} values, not {header['count']} × {len(NAMES)}")
            return cls(rows, scale, float(header["limit"]), tuple(header["sources"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"The normality memory {folder.name} can't be used: {error}.",
                hint=f"Remove it with `panda memory rm {folder.name}`; it is learnt anew from the normal videos.",
            ) from error


def read_header(folder: Path) -> dict[str, Any]:
    """What a memory says of itself.

    Raises:
        StoreError: There is none, or it is of another version.
    """
    try:
        header: dict[str, Any] = json.loads((folder / HEADER).read_text())
    except (OSError, ValueError) as error:
        raise StoreError(f"There is no readable normality memory in {folder.name}.") from error
    if not isinstance(header, dict) or header.get("version") != VERSION or header.get("features") != list(NAMES):
        raise StoreError(
            f"The normality memory {folder.name} holds other features than this version measures.",
            hint=f"Remove it with `panda memory rm {folder.name}`; it is learnt anew from the normal videos.",
        )
    return header


def learn(videos: Sequence[tuple[str, Sequence[CellLook]]]) -> NormalityMemory:
    """Learn a memory from normal videos and calibrate its scale by leaving each of them out in turn.

    Args:
        videos: (fingerprint, looks) of each; a single video is calibrated by halves.

    Raises:
        UserError: Nothing moves in any of them.
    """
    parts = [list(looks) for _, looks in videos]
    if len(parts) == 1:
        half = len(parts[0]) // 2
        parts = [parts[0][:half], parts[0][half:]]
    pools = [_pool(looks) for looks in parts]
    rows = _thin(np.concatenate(pools)) if pools else np.zeros((0, len(NAMES)), np.float32)
    if len(rows) <= K:
        raise UserError("Hardly anything moves in the normal videos.", hint="Give some in which normal life is seen.")
    scale = np.maximum(rows.std(axis=0), 1e-4).astype(np.float32)
    curves = []
    for i, looks in enumerate(parts):
        others = [pool for j, pool in enumerate(pools) if j != i and len(pool)]
        if others and looks:
            bank = _Bank(_thin(np.concatenate(others)), scale)
            few = looks[:: max(1, len(looks) // MAX_LOOKS)]
            curves.append(smooth([look.time for look in few], farthest(few, _strangeness(bank, few, 1.0))[0]))
    limit = float(np.quantile([curve.max() for curve in curves], LIMIT_QUANTILE)) if curves else 1.0
    return NormalityMemory(rows, scale, max(limit, 1e-3), tuple(sorted(name for name, _ in videos)))


def smooth(times: Sequence[float] | Curve, values: Curve) -> Curve:
    """Smooth a curve with a Gaussian of `SMOOTH_SECONDS`, weights renormalised at the edges (no hidden zeros there)."""
    if len(values) < 2:
        return np.asarray(values, np.float64)
    t = np.asarray(times, np.float64)
    gap = float(np.median(np.diff(t)))
    reach = max(1, int(np.ceil(4 * SMOOTH_SECONDS / max(gap, 1e-3))))
    total, weights = np.zeros(len(t)), np.zeros(len(t))
    for shift in range(-reach, reach + 1):
        i = np.arange(max(0, -shift), min(len(t), len(t) - shift))
        weight = np.exp(-0.5 * ((t[i + shift] - t[i]) / SMOOTH_SECONDS) ** 2)
        total[i] += weight * values[i + shift]
        weights[i] += weight
    return np.asarray(total / weights, np.float64)


class _Bank:
    """Exact or inverted-file search over scaled rows; the same rows always give the same answer."""

    def __init__(self, rows: Features, scale: NDArray[np.float32]) -> None:
        import faiss

        self._scale = scale
        data = np.ascontiguousarray(rows / scale, np.float32)
        if len(data) > FLAT_ROWS:
            self._index = faiss.index_factory(data.shape[1], "IVF64,Flat")
            self._index.train(data)
            faiss.extract_index_ivf(self._index).nprobe = 8
        else:
            self._index = faiss.IndexFlatL2(data.shape[1])
        self._index.add(data)
        self._k = min(K, len(data))

    def search(self, features: Features) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Distances (n,) to the K-th neighbour, and the neighbours (n, K)."""
        squared, near = self._index.search(np.ascontiguousarray(features / self._scale, np.float32), self._k)
        return np.sqrt(np.maximum(squared[:, -1], 0.0)), near


def _strangeness(bank: _Bank, looks: Sequence[CellLook], limit: float) -> list[NDArray[np.float32]]:
    features = _pool(looks)
    distances = bank.search(features)[0] if len(features) else np.zeros(0, np.float32)
    ends = np.cumsum([len(look.features) for look in looks]).tolist()
    own = (distances[end - len(look.features) : end] for look, end in zip(looks, ends, strict=True))
    return [_spread(look, far) / np.float32(limit) for look, far in zip(looks, own, strict=True)]


def farthest(looks: Sequence[CellLook], odd: Sequence[NDArray[np.float32]]) -> tuple[Curve, NDArray[np.int64]]:
    """The value of the oddest cell of each look, and its index, -1 for a look without active cells."""
    values, cells = np.zeros(len(looks)), np.full(len(looks), -1, np.int64)
    for i, grown in enumerate(odd):
        if len(grown):
            cells[i] = int(grown.argmax())
            values[i] = float(grown[cells[i]])
    return values, cells


def _spread(look: CellLook, distances: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over each active cell and its eight neighbours: one odd cell is noise, a patch of them is a thing."""
    grid = np.zeros((look.shape[0] + 2, look.shape[1] + 2), np.float32)
    r, c = look.where[:, 0] + 1, look.where[:, 1] + 1
    grid[r, c] = distances
    total = sum(grid[r + i, c + j] for i in (-1, 0, 1) for j in (-1, 0, 1))
    return np.asarray(total / 9.0, np.float32)


def _pool(looks: Iterable[CellLook]) -> Features:
    rows = [look.features for look in looks if len(look.features)]
    return np.concatenate(rows) if rows else np.zeros((0, len(NAMES)), np.float32)


def _thin(rows: Features) -> Features:
    if len(rows) <= MAX_ROWS:
        return rows
    picks = np.random.default_rng(0).choice(len(rows), MAX_ROWS, replace=False)
    return rows[np.sort(picks)]
