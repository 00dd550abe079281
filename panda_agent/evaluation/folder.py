"""A run folder: settings, versions, and a line for each video as soon as it is done, so that a killed run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from panda_agent.errors import UserError
from panda_agent.evaluation.files import dump, write
from panda_agent.evaluation.result import Judged, Result
from panda_agent.evaluation.truth import VideoTruth

SETTINGS, VERSIONS, METRICS = "settings.json", "versions.json", "metrics.json"
TRUTH, SCORES, SECONDS = "truth.jsonl", "scores.jsonl", "seconds.jsonl"


@dataclass(frozen=True)
class RunFolder:
    """Where one run lies."""

    path: Path

    def begin(self, settings: Mapping[str, Any], versions: Mapping[str, Any]) -> None:
        """Write down what the run is, or check that the one that lies there is the same.

        Raises:
            UserError: Another run lies there, or the folder can't be written.
        """
        other = self.other(settings, versions)
        if other is not None:
            raise UserError(f"{self.path} holds {other}.", hint="Choose another --out, or delete it.")
        if not (self.path / SETTINGS).is_file():
            write(self.path / VERSIONS, dump(versions))
            write(self.path / SETTINGS, dump({**settings, "hash": settings_hash(settings)}))

    def other(self, settings: Mapping[str, Any], versions: Mapping[str, Any]) -> str | None:
        """What lies there that is not this run: the end of a sentence; None where it can go on, or begin."""
        if not (self.path / SETTINGS).is_file():
            return None
        before = self.read(SETTINGS)
        if before.get("hash") != settings_hash(settings):
            return f"a run of {before.get('row')} with other settings"
        if self.read(VERSIONS).get("code") != versions.get("code"):
            return "a run of another version of the code"
        return None

    def measured(self, versions: Mapping[str, Any]) -> None:
        """Write down by which code the figures were computed, which may be later than that of the cases."""
        kept = self.read(VERSIONS)
        if kept.get("measured_by") != versions.get("measured_by"):
            write(self.path / VERSIONS, dump({**kept, "measured_by": versions.get("measured_by")}))

    def results(self) -> dict[str, Result]:
        """The videos that are done. A line that was cut off by a kill is not there."""
        path = self.path / SCORES
        if not path.is_file():
            return {}
        found = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                result = Result.model_validate_json(line)
            except ValidationError:
                continue  # half a line: the video is worked again
            found[result.video] = result
        return found

    def add(self, result: Result, seconds: float) -> None:
        """Append a video that is done, and what processor time it took."""
        self._append(SCORES, line_of(result))
        self._append(SECONDS, json.dumps({"video": result.video, "seconds": round(seconds, 3)}).encode() + b"\n")

    def seconds(self) -> dict[str, float]:
        """Processor time of each video; no result depends on it."""
        path = self.path / SECONDS
        rows = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
        return {row["video"]: row["seconds"] for row in rows}

    def order(self, results: Sequence[Result]) -> None:
        """Write all results anew, in the order of the set: the same run gives the same bytes."""
        write(self.path / SCORES, b"".join(map(line_of, results)))

    def read(self, name: str) -> dict[str, Any]:
        """One of its JSON files.

        Raises:
            UserError: It is not there, or none.
        """
        try:
            tree = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError(
                f"{self.path} is no run folder: {name} can't be read.", hint="Make one with `panda eval`."
            ) from error
        return tree if isinstance(tree, dict) else {}

    def keep_truth(self, truths: Sequence[VideoTruth]) -> None:
        """Write down what is true, less the pixels, so that runs can be compared without the data set."""
        rows = [asdict(replace(one, masks=None, boxes=())) for one in truths]
        lines = (json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n" for row in rows)
        write(self.path / TRUTH, "".join(lines).encode())

    def judged(self) -> list[Judged]:
        """Each finished video beside its truth, in the order of the set.

        Raises:
            UserError: It is no run folder.
        """
        try:
            lines = (self.path / TRUTH).read_text(encoding="utf-8").splitlines()
            truths = [_truth(json.loads(line)) for line in lines]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError(f"{self.path} is no run folder: {error}.", hint="Make one with `panda eval`.") from error
        results = self.results()
        return [Judged(one, results[one.name]) for one in truths if one.name in results]

    def _append(self, name: str, line: bytes) -> None:
        path = self.path / name
        torn = path.is_file() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
        with path.open("ab") as file:
            file.write(b"\n" + line if torn else line)


def _truth(row: Mapping[str, Any]) -> VideoTruth:
    intervals = tuple((int(start), int(end)) for start, end in row["intervals"])
    return VideoTruth(row["name"], row["frames"], row["fps"], intervals, row["kind"])


def line_of(result: Result) -> bytes:
    """A result as a line of JSON."""
    return json.dumps(result.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode() + b"\n"


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Twelve hex digits over all that a run is asked for."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:12]
