"""CUHK Avenue (Lu et al., ICCV 2013): 21 test videos, one mask a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.truth import Masks, VideoTruth, intervals_of

FPS = 25.0
LABELS = "testing_label_mask"


def read(folder: Path) -> list[VideoTruth]:
    """Read `testing_label_mask/<i>_label.mat`, whose `volLabel` is a row of masks.

    Raises:
        FileNotFoundError: There are none.
        UserError: One is not such a file.
    """
    files = sorted((folder / LABELS).glob("*_label.mat"), key=lambda path: int(path.name.split("_")[0]))
    if not files:
        raise FileNotFoundError(2, "missing", str(folder / LABELS))
    return [_read(path) for path in files]


def _read(path: Path) -> VideoTruth:
    pictures = np.array([np.asarray(cell) != 0 for cell in _cells(path).ravel()])
    masks = Masks.of(pictures)
    labels = np.array([picture.any() for picture in pictures], bool)
    return VideoTruth(f"{int(path.name.split('_')[0]):02d}", len(masks), FPS, intervals_of(labels), "anomaly", masks)


def _cells(path: Path) -> Any:
    from scipy.io import loadmat  # type: ignore[import-untyped]

    try:
        return loadmat(str(path))["volLabel"]
    except (ValueError, KeyError, NotImplementedError, TypeError) as error:  # the third of MATLAB's newer files (7.3)
        raise UserError(f"{path} holds no volLabel: {error}.", hint="Fetch the labels of Avenue anew.") from error


AVENUE = Dataset(
    name="avenue",
    title="CUHK Avenue",
    place="avenue",
    wanted="testing_label_mask/<i>_label.mat",
    read=read,
    counts=Counts(21),
    cite="Lu et al., ICCV 2013",
)
