"""Scores of other systems as evidence: whatever a trained detector says of each frame, snippet, second or span.

The file is named by whoever builds the tool, never by a planner. One row comes of it, of kind `score`, whose `profile`
rules may grade by; its family is the system's name, so it is a source of its own beside ours.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from pydantic import JsonValue

from panda_agent.errors import ToolError, UserError
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.score_files import Scores, Values, read_scores
from panda_agent.types import Region, TimeSpan

Unit = Literal["frame", "snippet", "second", "span"]
Profile = list[tuple[float, float]]
"""(seconds, score), in order."""
Place = tuple[float, Region, float]
"""Seconds, box, and the score there."""
RATE = 10.0
"""Points a second that are kept of a profile, each the highest of its slot: a peak must not be lost."""
MOST_PLACES = 200
"""Boxes that are kept of a path."""
LONGEST_NAME = 80
"""Characters of a system's name."""
EDGE = 1e-3
"""Seconds between the last moment of one score and the first of the next."""
ROUNDED = 1e-6
"""By how much a score may leave its range: networks that answer in 32 bits round."""
DRIFT = 2e-3
"""Share of the length by which a nominal frame rate may be wrong: 30 is written for 29.97."""


class ImportScores:
    """Files another system's scores of the video.

    Args:
        path: .npy, .csv, .json or .jsonl; see `score_files.read_scores`. It is read when the tool runs.
        unit: What one score is about. `frame`: the frame of that number. `snippet`: `stride` frames. `second`: that
            second. `span`: rows with start and end, in seconds; elsewhere the score is 0.
        name: The system. With a name the tool is called after it, so that several systems can be heard; by default
            the system is called as the file.
        stride: Frames of one snippet.
        fps: Frames a second that the system saw, where it resampled the video; None takes the video's own frames, at
            their own times.
        n_frames: Frames that the system saw, to be held against the video and the scores.
        between: The lowest and the highest score that the system can give.
        logits: The scores are logits: a sigmoid is taken, and `between` does not matter.
        normal: The scores are probabilities of normal: one minus is taken.
        where: .npy of boxes or masks, one a score.

    Raises:
        UserError: There is no such unit, a number is not positive, or `between` is no range.
    """

    def __init__(
        self,
        path: Path,
        unit: Unit = "frame",
        *,
        name: str | None = None,
        stride: int = 16,
        fps: float | None = None,
        n_frames: int | None = None,
        between: tuple[float, float] = (0.0, 1.0),
        logits: bool = False,
        normal: bool = False,
        where: Path | None = None,
    ) -> None:
        if unit not in get_args(Unit):
            raise UserError(f"There is no unit {unit!r}.", hint=f"Say one of {', '.join(get_args(Unit))}.")
        if not (stride > 0 and (fps is None or fps > 0) and (n_frames is None or n_frames > 0)):
            raise UserError(f"stride={stride}, fps={fps} and n_frames={n_frames} must be positive.")
        if not -math.inf < between[0] < between[1] < math.inf:
            raise UserError(f"between={between} is no range.", hint="Give the lowest and the highest score.")
        self._path, self._unit, self._where = path, unit, where
        self._step, self._fps, self._n_frames = stride if unit == "snippet" else 1, fps, n_frames
        self._between, self._logits, self._normal = between, logits, normal
        self._system = _printable(name or path.stem)
        self.spec = ToolSpec(
            name="import_scores" if name is None else f"import_scores_{_plain(name)}",
            about=f"Files the scores that {self._system} gave.",
            family=self._system,
            makes={"score": ("profile", "peak", "mean", "system", "yes_no", "path")},
            parallel_safe=True,
            aliases=("external scores", "scores", self._system),
        )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row.

        Raises:
            UserError: The file can't be read, or holds no scores of the range.
            ToolError: It is about a video of another length.
        """
        scope.check()
        scores = read_scores(self._path, spans=self._unit == "span", where=self._where)
        graded = self._graded(scores.values)
        times, length = _clock(scope)
        scope.check()
        if scores.spans is not None:
            self._demand_within(scores.spans, length)
            starts, values = steps(scores.spans, graded)
        else:
            self._demand_fitting(len(graded), len(times), length)
            starts, values = self._starts(len(graded), times), graded
        yield self._row(profile_of(starts, values, length), length, self._placed(scores, starts, graded))

    def _graded(self, values: Values) -> Values:
        """Scores from 0 to 1, higher for worse.

        Raises:
            UserError: They are not of the range.
        """
        if self._logits:
            graded = 1.0 / (1.0 + np.exp(-np.clip(values, -60, 60)))
        else:
            (low, high), least, most = self._between, values.min(), values.max()
            graded = (values - low) / (high - low)
            if graded.min() < -ROUNDED or graded.max() > 1 + ROUNDED:
                raise UserError(
                    f"The scores of {self._path.name} reach from {least:g} to {most:g}, not from {low:g} to {high:g}.",
                    hint="Say logits=True where they are logits, or between=(lowest, highest).",
                )
        graded = np.clip(graded, 0.0, 1.0)
        return 1.0 - graded if self._normal else graded

    def _demand_fitting(self, count: int, frames: int, length: float) -> None:
        """So many scores must be about this video: off by one score at most.

        Raises:
            ToolError: They are of another.
        """
        covered, step = count * self._step, self._step
        if self._unit == "second":
            told, off = f"{count} seconds", abs(count - length) > 1.5
        elif self._fps is not None:
            seen, rate = self._n_frames or covered, self._fps
            told, off = f"{seen / rate:.1f} s", abs(seen / rate - length) > max(step / rate, DRIFT * length)
        else:
            told, off = f"{self._n_frames or covered} frames", abs((self._n_frames or covered) - frames) > step
        if off or (self._n_frames is not None and self._unit != "second" and abs(covered - self._n_frames) > step):
            raise ToolError(
                f"{self._path.name} holds {count} scores ({self._unit}) for {told}, but the video has "
                f"{frames} frames in {length:.1f} s.",
                hint="Check unit, stride, fps and n_frames, and that the scores are of this video.",
            )

    def _demand_within(self, spans: Values, length: float) -> None:
        """No span may lie past the end.

        Raises:
            ToolError: One does.
        """
        if spans[:, 1].max() > length + 1.0 or spans[:, 0].max() >= length:
            raise ToolError(
                f"{self._path.name} tells of {spans[:, 1].max():.1f} s, but the video has {length:.1f} s.",
                hint="Give spans in seconds, and check that they are of this video.",
            )

    def _starts(self, count: int, times: Values) -> Values:
        """When each score begins, by the video's own timestamps unless the system had a rate of its own."""
        places = np.arange(count) * self._step
        if self._unit == "second":
            return places.astype(np.float64)
        if self._fps is not None:
            return places / self._fps
        return np.asarray(times[np.minimum(places, len(times) - 1)], np.float64)

    def _placed(self, scores: Scores, starts: Values, graded: Values) -> list[Place]:
        """When and where, with the score there; at most `MOST_PLACES`, and the highest among them."""
        if scores.boxes is None:
            return []
        known = np.flatnonzero(np.isfinite(scores.boxes).all(axis=1))
        if not len(known):
            return []
        even = known[np.unique(np.linspace(0, len(known) - 1, min(len(known), MOST_PLACES - 1)).astype(int))]
        at = starts if scores.spans is None else scores.spans[:, 0]
        places = (
            (round(float(at[i]), 3), Region.of_pixels(scores.boxes[i].tolist(), 1, 1), float(graded[i]))
            for i in np.union1d(even, known[int(graded[known].argmax())])
        )
        return sorted(places, key=lambda place: place[0])

    def _row(self, profile: Profile, length: float, places: list[Place]) -> Observation:
        held = [(after[0] - before[0], before[1]) for before, after in pairwise(profile) if after[1] == before[1]]
        seconds = sum(span for span, _ in held)
        peak = max(value for _, value in profile)
        mean = sum(span * value for span, value in held) / seconds if seconds > 0 else peak
        data: dict[str, JsonValue] = {
            "profile": [[at, value] for at, value in profile],
            "peak": peak,
            "mean": round(mean, 4),
            "system": self._system,
            "yes_no": 0,
        }
        if places:
            data["path"] = [[at, box.x0, box.y0, box.x1, box.y1] for at, box, _ in places]
        return Observation(
            "score",
            TimeSpan(start=0.0, end=round(length, 3)),
            f"{self._system} scores the video by up to {peak:.2f}, {mean:.2f} on average.",
            data,
            region=max(places, key=lambda place: place[2])[1] if places else None,
            score=peak,
        )


def _clock(scope: Scope) -> tuple[Values, float]:
    """The time of every frame, and the video's length in seconds."""
    times = array("d")
    for frame in scope.reader.frames(max_side=32):
        scope.check()
        times.append(frame.time)
        scope.progress(frame.time, None)
    return np.array(times), scope.reader.report.duration


def steps(spans: Values, values: Values) -> tuple[Values, Values]:
    """A step function: from each edge on the highest score of the spans that cover what follows, else 0.

    Args:
        spans: (n, 2) seconds; one without length lasts for a slot.
        values: (n,).

    Returns:
        (m,) seconds and (m,) values.
    """
    ends = np.maximum(spans[:, 1], spans[:, 0] + 1.0 / RATE)
    edges = np.unique([0.0, *spans[:, 0], *ends])
    held = np.zeros(len(edges))
    firsts, lasts = np.searchsorted(edges, spans[:, 0]), np.searchsorted(edges, ends)
    for first, last, value in zip(firsts, lasts, values, strict=True):
        held[first:last] = np.maximum(held[first:last], value)
    return edges, held


def profile_of(starts: Values, values: Values, length: float) -> Profile:
    """Each score held until the next begins, thinned to the highest of each slot of time; pairs (seconds, score).

    Args:
        starts: (n,) seconds, rising.
        values: (n,).
        length: Seconds of the video; nothing is told of what lies behind.
    """
    inside = max(1, int(np.searchsorted(starts, length)))
    starts, values = starts[:inside], values[:inside]
    _, first = np.unique(np.floor(starts * RATE + ROUNDED), return_index=True)
    highest = np.round(np.maximum.reduceat(values, first), 4)
    change = np.flatnonzero(np.diff(highest, prepend=np.nan))
    at, told = starts[first][change], highest[change]
    until = np.maximum([*(at[1:] - EDGE), length], at)
    pairs = np.stack([np.stack([at, told], 1), np.stack([until, told], 1)], 1).reshape(-1, 2)
    return [(round(float(time), 3), float(value)) for time, value in pairs]


def _printable(name: str) -> str:
    """A name in one line: a file's may hold anything."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return plain[:LONGEST_NAME].strip() or "system"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())[:LONGEST_NAME].strip("_") or "system"
