"""How many frames a video has, for sets whose annotations do not say: from frames.csv, else from the videos."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.video import SUFFIXES

TABLE = "frames.csv"


@dataclass(frozen=True)
class Length:
    """Of one video."""

    frames: int
    fps: float


def lengths(folder: Path, names: Iterable[str], fps: float) -> dict[str, Length]:
    """The length of each video.

    Args:
        folder: Holds `frames.csv` (`name,frames[,fps]`), or the videos, at any depth.
        names: Names without suffix.
        fps: Frames a second, where the table names none.

    Raises:
        UserError: A video is in neither.
    """
    table = _table(folder / TABLE, fps) if (folder / TABLE).is_file() else {}
    files: dict[str, Path] | None = None
    found = {}
    for name in names:
        if name not in table:
            files = _files(folder) if files is None else files
            if name not in files:
                raise UserError(
                    f"Nothing says how many frames {name} has.",
                    hint=f"Put the video, or {TABLE} with rows name,frames,fps, into {folder}.",
                )
            table[name] = _counted(files[name], fps)
        found[name] = table[name]
    return found


def listed(folder: Path) -> list[str]:
    """The names of all videos of a folder, by its table, else by its files."""
    names = _table(folder / TABLE, 1.0) if (folder / TABLE).is_file() else _files(folder)
    return list(names)


def _table(path: Path, fps: float) -> dict[str, Length]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row and row[0] != "name"]
    try:
        return {row[0]: Length(int(row[1]), float(row[2]) if len(row) > 2 and row[2] else fps) for row in rows}
    except (IndexError, ValueError) as error:
        raise UserError(f"{path} is no table of lengths: {error}.", hint="Its rows are name,frames,fps.") from error


def _files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES}


def _counted(path: Path, fps: float) -> Length:
    """Packets are counted, not decoded: a data set has hundreds of hours."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or fps)
        return Length(sum(1 for packet in container.demux(stream) if packet.size), rate)
