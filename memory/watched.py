"""Cells of normal videos that were watched once, kept so that one more normal video costs one more watch, not all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from panda_agent.memory.packed import PackedLooks
from panda_agent.perception.cells import CellLook

ARRAYS = ("times", "counts", "shapes", "features", "where")
"""What a file holds, by the names of `PackedLooks`."""
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
    packed = PackedLooks.of(looks)
    with part.open("wb") as out:
        np.savez_compressed(out, **{name: getattr(packed, name) for name in ARRAYS})
    part.replace(file)


def kept(file: Path) -> list[CellLook] | None:
    """The looks kept in a file; None where there are none or they can't be read, so that they are measured again."""
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as held:
            return list(PackedLooks(**{name: held[name] for name in ARRAYS}))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
