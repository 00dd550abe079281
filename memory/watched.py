"""Cells of normal videos that were watched once, kept so that one more normal video costs one more watch, not all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from panda_agent.perception.cells import NAMES, CellLook

MOST = 4000
"""Looks kept of one video; of longer ones every second look goes, again and again, so an hour costs what minutes do."""


def thinned(looks: Iterable[CellLook]) -> list[CellLook]:
    """Keep at most `MOST` looks, evenly over the video, without holding more than that at any time."""
    kept: list[CellLook] = []
    step = 1
    for i, look in enumerate(looks):
        if i % step:
            continue
        kept.append(look)
        if len(kept) > MOST:
            kept, step = kept[::2], step * 2
    return kept


def keep(file: Path, looks: list[CellLook]) -> None:
    """Write the looks of one video; a reader sees all of them or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        np.savez_compressed(
            out,
            times=np.array([look.time for look in looks]),
            counts=np.array([len(look.features) for look in looks], np.int64),
            shapes=np.array([look.shape for look in looks], np.int64).reshape(-1, 2),
            features=np.concatenate([look.features for look in looks] or [np.zeros((0, len(NAMES)), np.float32)]),
            where=np.concatenate([look.where for look in looks] or [np.zeros((0, 2), np.int16)]),
        )
    part.replace(file)


def kept(file: Path) -> list[CellLook] | None:
    """The looks kept in a file; None where there are none or they can't be read, so that they are measured again."""
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as held:
            return list(_looks(**{name: held[name] for name in ("times", "counts", "shapes", "features", "where")}))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _looks(
    times: np.ndarray, counts: np.ndarray, shapes: np.ndarray, features: np.ndarray, where: np.ndarray
) -> Iterator[CellLook]:
    if counts.sum() != len(features) or len(where) != len(features):
        raise ValueError("the counts don't add up")
    ends = np.cumsum(counts)
    for time, shape, n, end in zip(times.tolist(), shapes.tolist(), counts.tolist(), ends.tolist(), strict=True):
        yield CellLook(time, features[end - n : end], where[end - n : end], (shape[0], shape[1]))
