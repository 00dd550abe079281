"""UCF-Crime's test videos (Sultani et al., CVPR 2018)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.lengths import lengths
from panda_agent.evaluation.truth import VideoTruth, joined

FPS = 30.0
GIVEN = "ground_truth.json"
ORIGINAL = "Temporal_Anomaly_Annotation*.txt"


def read(folder: Path) -> list[VideoTruth]:
    """Read `ground_truth.json`, else the original list of annotations.

    Raises:
        FileNotFoundError: Neither is there.
    """
    if (folder / GIVEN).is_file():
        return read_json(folder / GIVEN)
    found = sorted(folder.glob(ORIGINAL))
    if not found:
        raise FileNotFoundError(2, "missing", str(folder / GIVEN))
    return read_original(found[0])


def read_json(path: Path) -> list[VideoTruth]:
    """Rows of {video, n_frames, fps, anomalous_intervals}, start inside and end outside."""
    return [
        VideoTruth(
            name=row["video"],
            frames=row["n_frames"],
            fps=float(row["fps"]),
            intervals=joined([(a, b) for a, b in row["anomalous_intervals"]], row["n_frames"]),
            kind=kind_of(row["video"]),
        )
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def read_original(path: Path, *, end_inclusive: bool = False) -> list[VideoTruth]:
    """One line a video: file name, class, and two pairs of start and end, -1 where there is none.

    Args:
        path: Frames are counted in the videos beside it, or in `frames.csv`.
        end_inclusive: Count the last frame of an interval in, as LAVAD and MoniTor do; VadCLIP and VERA do not.
    """
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    names = [re.sub(r"\.mp4$", "", row[0]) for row in rows]
    known = lengths(path.parent, names, FPS)
    truths = []
    for name, row in zip(names, rows, strict=True):
        numbers = [int(word) for word in row[2:6]]
        pairs = [(a, b + end_inclusive) for a, b in zip(numbers[::2], numbers[1::2], strict=True) if a >= 0]
        kind = None if row[1] == "Normal" else row[1]
        truths.append(VideoTruth(name, known[name].frames, FPS, joined(pairs, known[name].frames), kind))
    return truths


def kind_of(name: str) -> str | None:
    """The class, which is the beginning of the name; None for a normal video."""
    kind = re.sub(r"(_Videos)?_?\d+_x264$", "", name)
    return None if kind == "Normal" else kind


UCF_CRIME = Dataset(
    name="ucf-crime",
    title="UCF-Crime",
    place="ucf_crime",
    wanted="ground_truth.json, or Temporal_Anomaly_Annotation.txt with the videos or frames.csv,",
    read=read,
    counts=Counts(290, 140, 1_111_808, 88_094),
    cite="Sultani et al., CVPR 2018",
)
