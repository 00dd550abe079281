"""UCSD Ped2 (Mahadevan et al., CVPR 2010): frames, pixels, and the boxes of what is anomalous."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.boxes import boxes_of_components
from panda_agent.evaluation.truth import Masks, VideoTruth, joined

INTERVALS, MASKS, LABELS, BOXES = "gt_intervals.json", "gt_masks_packbits.npz", "frame_labels_ped2.npy", "gt_boxes.json"


def read(folder: Path) -> list[VideoTruth]:
    """Read intervals and masks, and hold them against the list of frame labels.

    Raises:
        FileNotFoundError: A file is missing.
        UserError: Intervals and labels differ.
    """
    tree = json.loads((folder / INTERVALS).read_text(encoding="utf-8"))
    width, height = tree["size_wh"]
    boxes = json.loads((folder / BOXES).read_text(encoding="utf-8"))["boxes"]
    truths = []
    with np.load(folder / MASKS, allow_pickle=False) as packed:
        for name, pairs in tree["anomalous_intervals_inclusive_0based"].items():
            masks = Masks(packed[name], height, width)
            spans = joined([(a, b + 1) for a, b in pairs], len(masks))
            found = boxes_of_components(boxes[name])
            truths.append(VideoTruth(name, len(masks), float(tree["fps"]), spans, "anomaly", masks, found))
    _agree(truths, np.load(folder / LABELS, allow_pickle=False))
    return truths


def _agree(truths: list[VideoTruth], labels: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    if not np.array_equal(np.concatenate([one.labels for one in truths]), labels.astype(bool)):
        raise UserError(f"{INTERVALS} and {LABELS} of Ped2 differ.", hint="Fetch its files anew.")


PED2 = Dataset(
    name="ped2",
    title="UCSD Ped2",
    place="ped2",
    wanted=f"{INTERVALS}, {MASKS}, {BOXES} and {LABELS}",
    read=read,
    counts=Counts(12, 12, 2010, 1648),
    cite="Mahadevan et al., CVPR 2010",
)
