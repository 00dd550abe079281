"""Recordings of your own, and a CSV of what is true of them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets.base import Dataset
from panda_agent.evaluation.sources import Recordings
from panda_agent.evaluation.truth import VideoTruth, joined
from panda_agent.memory.recording import Recording

LEAST_FPS = 10.0
"""Moments a second at which a slow recording (captions, a frame a second) is held against the truth."""
Rows = dict[str, list[tuple[float, float, str | None]]]


def own_dataset(source: Recordings, truth: Path) -> Dataset:
    """A set of the recordings of a folder.

    Args:
        source: The folder.
        truth: CSV `video,start,end[,class]`, seconds; a video is named as its recording, without `.rec`. A row of
            empty start and end says that nothing happens. Each recording needs a row.
    """
    wanted = "one row for each recording"
    return Dataset("own", "Your own recordings", "", wanted, lambda _: read(source.read(), truth))


def read(recordings: Mapping[str, Recording], truth: Path) -> list[VideoTruth]:
    """The truth of each recording, in order of name.

    Raises:
        UserError: The CSV is wrong, or names no recording that is there.
    """
    rows = _rows(truth)
    for name in sorted(set(rows) ^ set(recordings)):
        where = "no row" if name in recordings else "a row, but no recording,"
        raise UserError(f"{truth.name} has {where} for {name!r}.", hint="Each recording needs a row, by its file name.")
    return [_truth(name, recordings[name], rows[name]) for name in sorted(recordings)]


def _truth(name: str, recording: Recording, rows: list[tuple[float, float, str | None]]) -> VideoTruth:
    report = recording.header.report
    seconds = max(report.duration, 1e-3)
    fps = max(LEAST_FPS, report.frames / seconds)
    frames = max(1, round(seconds * fps))
    spans = joined([(round(start * fps), round(end * fps)) for start, end, _ in rows], frames)
    if any(end > seconds + 1.0 for _, end, _ in rows):
        raise UserError(f"Something ends after {name}, which has {seconds:.1f} s.", hint="Times are in seconds.")
    kind = next((kind for _, _, kind in rows if kind), None)
    return VideoTruth(name, frames, fps, spans, kind)


def _rows(path: Path) -> Rows:
    found: Rows = defaultdict(list)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if row and [cell.strip() for cell in row[:3]] != ["video", "start", "end"]:
                    _add(found, [cell.strip() for cell in row], path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read: {error}.", hint="Check the path.") from error
    return dict(found)


def _add(found: Rows, row: list[str], path: Path, number: int) -> None:
    try:
        name, start, end = row[:3]
        kind = row[3] or None if len(row) > 3 else None
        spans = [(float(start), float(end), kind)] if start or end else []
        if any(not 0 <= a < b for a, b, _ in spans):
            raise ValueError("a span begins before it ends, at 0 or later")
    except ValueError as error:
        raise UserError(
            f"Line {number} of {path.name} is wrong: {error}.", hint="Rows are video,start,end[,class], in seconds."
        ) from error
    found[name] += spans
