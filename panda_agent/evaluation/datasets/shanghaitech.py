"""ShanghaiTech Campus (Luo et al., ICCV 2017): its own test videos, and the re-mixed ones of weak supervision."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np

from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.lengths import lengths
from panda_agent.evaluation.truth import VideoTruth, intervals_of

FPS = 24.0
FRAME_MASKS = "testing/test_frame_mask"
CAPTIONS = "shanghaitech_cogvlm.jsonl.gz"
WEAK = "weak_test.txt"


def read(folder: Path) -> list[VideoTruth]:
    """The truth from `testing/test_frame_mask/*.npy`, else from the labels beside each frame's caption.

    Raises:
        FileNotFoundError: Neither is there.
    """
    masks = sorted((folder / FRAME_MASKS).glob("*.npy"))
    if masks:
        return [_of_mask(path) for path in masks]
    return read_labels(folder.parent / "captions" / CAPTIONS, FPS)


def read_labels(path: Path, fps: float) -> list[VideoTruth]:
    """The `label` of each row of {video, frame, label}."""
    labels: dict[str, dict[int, int]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            labels.setdefault(row["video"], {})[row["frame"]] = row["label"]
    return [
        VideoTruth(name, len(rows), fps, intervals_of([rows[frame] for frame in sorted(rows)]))
        for name, rows in labels.items()
    ]


def read_weak(folder: Path) -> list[VideoTruth]:
    """The 199 test videos of Zhong et al. (CVPR 2019): a list of names; those of the training set are normal.

    A line is a name, with or without suffix; what follows it after white space or a comma is not read.

    Raises:
        FileNotFoundError: The list is not there.
    """
    lines = (folder / WEAK).read_text(encoding="utf-8").splitlines()
    names = [re.sub(r"\.(avi|mp4|npy)$", "", re.split(r"[\s,]", line)[0]) for line in lines if line.strip()]
    masks = {name: folder / FRAME_MASKS / f"{name}.npy" for name in names}
    normal = lengths(folder, [name for name in names if not masks[name].is_file()], FPS)
    return [
        VideoTruth(name, normal[name].frames, normal[name].fps) if name in normal else _of_mask(masks[name])
        for name in names
    ]


def _of_mask(path: Path) -> VideoTruth:
    labels = np.load(path, allow_pickle=False)
    return VideoTruth(path.stem, len(labels), FPS, intervals_of(labels))


SHANGHAITECH = Dataset(
    name="shanghaitech",
    title="ShanghaiTech Campus",
    place="shanghaitech",
    wanted="testing/test_frame_mask/*.npy",
    read=read,
    counts=Counts(107, None, 40_791, 17_326),
    cite="Luo et al., ICCV 2017",
)
SHANGHAITECH_WEAK = Dataset(
    name="shanghaitech-weak",
    title="ShanghaiTech Campus, split of weak supervision",
    place="shanghaitech",
    wanted="weak_test.txt (the list of Zhong et al.), testing/test_frame_mask/*.npy, the training videos or frames.csv",
    read=read_weak,
    counts=Counts(199),
    cite="Zhong et al., CVPR 2019",
)
