"""Scores of other systems as evidence: whatever a trained detector says of each frame, snippet, second or span.

The file is named by whoever builds the tool, never by a planner. One row comes of it, of kind `score`, whose `profile`
rules may grade by; its family is the system's name, so it is a source of its own beside ours.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.errors import ToolError, UserError
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.types import TimeSpan

Values = NDArray[np.float64]
Unit = Literal["frame", "snippet", "second", "span"]
RATE = 10.0
"""Points a second that are kept of a profile, each the highest of its slot: a peak must not be lost."""
FIELDS = ("score", "value", "prob", "anomaly_score")
"""Names under which tables give a score."""


class ImportScores:
    """Files another system's scores of the video.

    Args:
        path: .npy (one dimension), .csv (with a head), .json or .jsonl.
        unit: What one score is about. `frame`: the frame of that number. `snippet`: `stride` frames. `second`: that
            second. `span`: rows with start and end, in seconds; elsewhere the score is 0.
        name: The system; the file's name by default.
        stride: Frames of one snippet.
        frames: Frames that the system saw, to be held against the video; None takes the length of the file.
        logits: The scores are logits: a sigmoid is taken.
        normal: The scores are probabilities of normal: one minus is taken.
    """

    def __init__(
        self,
        path: Path,
        unit: Unit = "frame",
        *,
        name: str | None = None,
        stride: int = 16,
        frames: int | None = None,
        logits: bool = False,
        normal: bool = False,
    ) -> None:
        self._path, self._unit, self._stride, self._frames = path, unit, stride, frames
        self._logits, self._normal = logits, normal
        self._system = name or path.stem
        self.spec = ToolSpec(
            name="import_scores",
            about=f"Files the scores that {self._system} gave.",
            family=self._system,
            makes={"score": ("profile", "peak", "mean", "system")},
            parallel_safe=True,
            aliases=("external scores", "scores"),
        )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row.

        Raises:
            UserError: The file can't be read, or holds no scores from 0 to 1.
            ToolError: It is about a video of another length.
        """
        scope.check()
        rows = _rows(self._path)
        times, length = _clock(scope)
        if self._unit == "span":
            starts, values = _steps(_spans(rows, self._path))
        else:
            values = _numbers(rows, self._path)
            self._fit(len(values), len(times), length)
            starts = self._starts(len(values), times)
        profile = _profile(starts, self._graded(values), length)
        graded = [value for _, value in profile]
        peak = max(graded)
        data: dict[str, JsonValue] = {
            "profile": [[at, value] for at, value in profile],
            "peak": peak,
            "mean": round(float(np.mean(graded)), 4),
            "system": self._system,
        }
        text = f"{self._system} scores the video by up to {peak:.2f}, {data['mean']} on average."
        yield Observation("score", TimeSpan(start=0.0, end=round(length, 3)), text, data, score=peak)

    def _fit(self, count: int, frames: int, length: float) -> None:
        """Whether so many scores can be about this video: off by one unit at most."""
        due, off = {
            "frame": (self._frames or count, abs((self._frames or count) - frames) > 1),
            "snippet": (count * self._stride, abs((self._frames or count * self._stride) - frames) > self._stride),
            "second": (count, abs(count - length) > 1.5),
        }[self._unit]
        if off:
            there = f"{length:.1f} s" if self._unit == "second" else f"{frames} frames"
            raise ToolError(
                f"The scores of {self._path.name} are for {due} {self._unit}s' length, but the video has {there}.",
                hint="Check unit and stride, and that they are of this video.",
            )

    def _starts(self, count: int, times: Values) -> Values:
        """When each score begins, by the video's own timestamps."""
        if self._unit == "second":
            return np.arange(count, dtype=np.float64)
        places = np.arange(count) * (self._stride if self._unit == "snippet" else 1)
        return np.asarray(times[np.minimum(places, len(times) - 1)], np.float64)

    def _graded(self, values: Values) -> Values:
        """Scores from 0 to 1, higher for worse.

        Raises:
            UserError: They are not.
        """
        if not np.isfinite(values).all():
            raise UserError(f"{self._path.name} holds scores that are no numbers.", hint="Mend the file.")
        graded = 1.0 / (1.0 + np.exp(-np.clip(values, -60, 60))) if self._logits else values
        if graded.min() < 0 or graded.max() > 1:
            raise UserError(
                f"The scores of {self._path.name} reach from {graded.min():g} to {graded.max():g}, not from 0 to 1.",
                hint="Say logits=True where they are logits, or scale them.",
            )
        return 1.0 - graded if self._normal else graded


def _clock(scope: Scope) -> tuple[Values, float]:
    """The time of every frame, and the video's length in seconds."""
    times = []
    for frame in scope.reader.frames(max_side=32):
        scope.check()
        times.append(frame.time)
        scope.progress(frame.time, None)
    return np.array(times), scope.reader.report.duration


def _profile(starts: Values, values: Values, length: float) -> list[tuple[float, float]]:
    """Each score held until the next begins, thinned to the highest of each slot of time."""
    slots = np.floor(starts * RATE + 1e-6).astype(int)
    points: list[tuple[float, float]] = []
    for slot in np.unique(slots):
        inside = slots == slot
        points.append((round(float(starts[inside][0]), 3), round(float(values[inside].max()), 4)))
    ends = [at for at, _ in points[1:]] + [max(length, points[-1][0])]
    held = [
        pair
        for (at, value), end in zip(points, ends, strict=True)
        for pair in ((at, value), (round(end - 1e-3, 3), value))
    ]
    return [pair for pair, before in zip(held, [(-1.0, 0.0), *held], strict=False) if pair[0] > before[0]]


def _rows(path: Path) -> Any:
    """What the file holds: numbers, or rows by name.

    Raises:
        UserError: It can't be read.
    """
    readers: dict[str, Callable[[Path], Any]] = {
        ".npy": lambda file: np.load(file, allow_pickle=False).tolist(),
        ".csv": lambda file: list(csv.DictReader(file.read_text("utf-8").splitlines())),
        ".json": lambda file: json.loads(file.read_text("utf-8")),
        ".jsonl": lambda file: [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()],
    }
    if path.suffix not in readers:
        raise UserError(f"{path.name} is no file of scores.", hint=f"Give one of {', '.join(readers)}.")
    try:
        rows = readers[path.suffix](path)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"The scores {path.name} can't be read: {error}.", hint="Check the file.") from error
    return rows["scores"] if isinstance(rows, dict) and "scores" in rows else rows


def _numbers(rows: Any, path: Path) -> Values:
    """One score a row.

    Raises:
        UserError: They are none, or of more than one dimension.
    """
    try:
        values = np.array([_score(row) for row in rows], np.float64)
    except (TypeError, ValueError, KeyError) as error:
        known = ", ".join(FIELDS)
        raise UserError(f"{path.name} holds no scores.", hint=f"Give numbers, or rows with one of: {known}.") from error
    if not len(values):
        raise UserError(f"{path.name} holds no scores.", hint="Check the file.")
    return values


def _score(row: Any) -> float:
    return float(next(row[name] for name in FIELDS if name in row)) if isinstance(row, dict) else float(row)


def _spans(rows: Any, path: Path) -> list[tuple[float, float, float]]:
    """Start, end, score of each row, in order of time.

    Raises:
        UserError: They are none.
    """
    try:
        spans = sorted((float(row["start"]), float(row["end"]), _score(row)) for row in rows)
    except (TypeError, ValueError, KeyError, StopIteration) as error:
        raise UserError(f"{path.name} holds no spans.", hint="Give rows with start, end and score.") from error
    if not spans or any(start < 0 or end < start for start, end, _ in spans):
        raise UserError(f"{path.name} holds no spans, or some that end before they start.", hint="Mend the file.")
    return spans


def _steps(spans: Sequence[tuple[float, float, float]]) -> tuple[Values, Values]:
    """A step function: at each edge the highest score of the spans that cover what follows, else 0."""
    edges = np.unique([0.0, *(edge for start, end, _ in spans for edge in (start, end))])
    values = [max((score for start, end, score in spans if start <= edge < end), default=0.0) for edge in edges]
    return edges, np.array(values)
