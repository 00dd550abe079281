"""The one JSON form in which LaGoVAD (ICLR 2026) publishes many sets, MSAD, TAD and DoTA among them."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets.base import Counts, Dataset
from panda_agent.evaluation.datasets.lengths import lengths
from panda_agent.evaluation.truth import VideoTruth, joined
from panda_agent.types import Model

NORMAL = ("normal", "")


class Row(Model, extra="ignore"):
    """One video; spans are shares of its length, so that the grid of frames must come from elsewhere."""

    path: str = ""
    video_path: str = ""
    class_name: str | list[str] = ""
    anomaly_span: list[tuple[float, float]] = Field(default_factory=list)

    @property
    def name(self) -> str:
        """The file name without its suffix."""
        return Path(self.video_path or self.path).stem

    @property
    def kind(self) -> str | None:
        """The class; None for a normal video."""
        names = [self.class_name] if isinstance(self.class_name, str) else self.class_name
        return ", ".join(name for name in names if name.lower() not in NORMAL) or None


_ROWS = TypeAdapter(list[Row])


def read(folder: Path, file: str, fps: float) -> list[VideoTruth]:
    """Read one set.

    Args:
        folder: Holds the JSON file, and the videos or `frames.csv`.
        file: The JSON file.
        fps: Frames a second, where nothing says otherwise.

    Raises:
        FileNotFoundError: The file is not there.
        UserError: It is not of this form, or nothing says how long a video is.
    """
    try:
        rows = _ROWS.validate_python(json.loads((folder / file).read_text(encoding="utf-8")))
    except (ValidationError, ValueError) as error:
        where = error.errors()[0] if isinstance(error, ValidationError) else error
        raise UserError(f"{file} is not of LaGoVAD's form: {where}.", hint="Fetch it anew.") from error
    known = lengths(folder, [row.name for row in rows], fps)
    return [_truth(row, known[row.name].frames, known[row.name].fps) for row in rows]


def _truth(row: Row, frames: int, fps: float) -> VideoTruth:
    spans = [(round(start * frames), round(end * frames)) for start, end in row.anomaly_span]
    return VideoTruth(row.name, frames, fps, joined(spans, frames), row.kind)


def _set(name: str, title: str, fps: float, counts: Counts, cite: str) -> Dataset:
    file = f"{name}_test.json"
    wanted = f"{file} in LaGoVAD's form, and the videos or frames.csv,"
    return Dataset(name, title, name, wanted, lambda folder: read(folder, file, fps), counts, cite)


MSAD = _set("msad", "MSAD", 30.0, Counts(240, 120), "Zhu et al., NeurIPS 2024")
TAD = _set("tad", "TAD", 25.0, Counts(100, 60), "Lv et al., TIP 2021")
DOTA = _set("dota", "DoTA", 10.0, Counts(1402, 1402), "Yao et al., TPAMI 2022")
