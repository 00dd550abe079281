"""A recording: what every look at a video showed, so that the case can be worked again without the video.

A gzip file of JSON lines. The first is the header; each other one is a probe: the tool, a key over everything that
decided what it saw, and its observations. Nothing in it is code, and reading it imports nothing that it names.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, ValidationError

from panda_agent.errors import StoreError, UserError
from panda_agent.perception.observation import Observation
from panda_agent.types import Model, Region, TimeSpan
from panda_agent.video.frame import ReadReport, VideoInfo

VERSION = 1
MAX_LINE = 256 << 20
"""Characters of one line, at most: a file that unpacks to more is not ours."""


class RecordedTool(Model):
    """A tool that was at hand, without its code."""

    name: str
    version: int
    about: str
    family: str
    stage: Literal["overview", "second look", "on request"]
    makes: dict[str, tuple[str, ...]]
    settings: tuple[str, ...] = ()


class Header(Model):
    """What is known of the video without looking at it."""

    format: Literal["panda-recording"] = "panda-recording"
    version: int = VERSION
    video: str
    """The video's display name: untrusted text."""
    info: VideoInfo
    report: ReadReport
    tier: str
    hashes: dict[str, str] = Field(default_factory=dict)
    """Weights that were used."""
    tools: tuple[RecordedTool, ...]
    normal: int = 0
    """Normal videos that it was compared with."""
    source: str | None = None
    """Where the observations come from, where they are not ours."""
    without: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    """Tools that were taken out again, for an ablation; those that work from rows are left out by it as well."""


class Probe(Model):
    """One run of one tool."""

    tool: str
    """`name@version`."""
    key: str
    """Hash over everything that decided what it saw."""
    failed: str | None = None
    """Why the tool could not work, if so."""
    rows: list[dict[str, JsonValue]] = Field(default_factory=list)


@dataclass(frozen=True)
class Recording:
    """A recording, read."""

    header: Header
    sha256: str
    probes: Mapping[str, Probe] = field(repr=False)

    def find(self, key: str) -> Probe | None:
        """The probe of a key; None is a miss."""
        return self.probes.get(key)


def probe_key(tool: str, inputs: Mapping[str, Any]) -> str:
    """Content address of a probe.

    Args:
        tool: `name@version`.
        inputs: Everything that decides what the tool sees, JSON-able.
    """
    text = json.dumps({"tool": tool, "inputs": inputs}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def packed(seen: Observation) -> dict[str, JsonValue]:
    """An observation as JSON; what is not set is left out."""
    span, region = seen.span, seen.region
    row: dict[str, JsonValue] = {
        "kind": seen.kind,
        "span": [span.start, span.end],
        "statement": seen.statement,
        "data": dict(seen.data),
        "region": None if region is None else [region.x0, region.y0, region.x1, region.y1],
        "score": seen.score,
        "family": seen.family,
        "call_id": seen.call_id,
        "known_at": seen.known_at,
    }
    return {name: value for name, value in row.items() if value is not None}


def unpacked(row: Mapping[str, Any]) -> Observation:
    """An observation from JSON.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    region = row.get("region")
    return Observation(
        kind=str(row["kind"]),
        span=TimeSpan(start=row["span"][0], end=row["span"][1]),
        statement=str(row["statement"]),
        data=dict(row["data"]),
        region=None if region is None else Region(x0=region[0], y0=region[1], x1=region[2], y1=region[3]),
        score=row.get("score"),
        family=row.get("family"),
        call_id=row.get("call_id"),
        known_at=row.get("known_at"),
    )


def write_recording(path: Path, header: Header, probes: Iterable[Probe]) -> None:
    """Write a recording in one rename; the same content gives the same bytes.

    Raises:
        UserError: The file can't be written.
    """
    scratch = path.with_name(path.name + ".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out:
            for line in (header, *probes):
                out.write(_line(line).encode() + b"\n")
        os.replace(scratch, path)
    except OSError as error:
        raise UserError(
            f"The recording {path} can't be written: {error.strerror}.", hint="Choose another place."
        ) from error


def _line(model: Model) -> str:
    return json.dumps(model.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_recording(path: Path) -> Recording:
    """Read a recording.

    Raises:
        UserError: There is no such file, or it is no recording.
        StoreError: It is damaged, or of a newer version.
    """
    if not path.is_file():
        raise UserError(f"There is no recording {path}.", hint="Make one with `panda record VIDEO --out case.rec`.")
    lines = _lines(path)
    header = _header(next(lines, ""), path)
    probes = {probe.key: probe for probe in (_probe(line, path) for line in lines)}
    with path.open("rb") as file:
        return Recording(header, hashlib.file_digest(file, "sha256").hexdigest(), probes)


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            while line := file.readline(MAX_LINE):
                yield line
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error


def _header(line: str, path: Path) -> Header:
    try:
        tree = json.loads(line)
        version = tree["version"] if tree["format"] == Header.model_fields["format"].default else None
    except (ValueError, TypeError, KeyError, RecursionError):
        version = None
    if not isinstance(version, int):
        raise UserError(f"{path} is no recording.", hint="Make one with `panda record VIDEO --out case.rec`.")
    if version > VERSION:
        raise StoreError(f"The recording {path} was written by a newer panda_agent: upgrade panda_agent.")
    try:
        return Header.model_validate(tree)
    except ValidationError as error:
        raise _damaged(path, _place(error)) from error


def _probe(line: str, path: Path) -> Probe:
    try:
        probe = Probe.model_validate_json(line)
        for row in probe.rows:
            unpacked(row)
    except (ValidationError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        problem = _place(error) if isinstance(error, ValidationError) else repr(error)
        raise _damaged(path, problem) from error
    return probe


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(f"The recording {path} is damaged, or none: {problem}.", hint="Record the video again.")


def _place(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'a line'}: {first['msg']}"
