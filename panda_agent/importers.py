"""Other people's captions as recordings, so that our rules can be tried on what their models saw.

Two shapes of JSON lines are known: one caption a frame, `{video, frame, description}` (as AnomalyRuler, ECCV 2024,
published for Ped2 and ShanghaiTech), and one answer a second, `{video, second, text, flag}` (as CoReVAD published for
UCF-Crime). A `label` in a row is the truth, and is never read.

Online a description is known when what it tells of is over. So an answer about a second is used one second late, which
it has to be: who published such answers had compared each with its neighbours.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from panda_agent.errors import UserError
from panda_agent.memory.recording import Header, Probe, RecordedTool, packed, probe_key
from panda_agent.perception.observation import Observation
from panda_agent.types import Model, TimeSpan
from panda_agent.video.frame import ReadReport, VideoInfo

CAPTIONS = RecordedTool(
    name="imported_captions",
    version=1,
    about="Captions that somebody else's model wrote.",
    family="caption",
    stage="overview",
    makes={"caption": ("told", "model"), "score": ("profile", "peak", "mean", "system", "yes_no", "live")},
)
NOTHING: dict[str, Any] = {"span": None, "region": None, "input": {}, "about": [], "zones": [], "settings": {}}
"""What decided the one look: see `tools.replay.key_of`."""
FLAG = "caption/flag"
"""Family of a captioner's yes or no: it adds to what he describes, and is the same source."""
ANSWER = re.compile(
    r"^\W*(?:normal|abnormal|anomalous|anomaly|unusual|suspicious)(?:\s+(?:scenes?|videos?|clips?))?[.:!]\s*", re.I
)
"""The yes or no in words, with which some begin: `flag` says it already."""


class FrameRow(Model, extra="ignore"):
    """A caption of one frame."""

    video: str
    frame: int = Field(ge=0)
    description: str


class SecondRow(Model, extra="ignore"):
    """An answer about one second; `flag` is the model's own word on whether it is anomalous."""

    video: str
    second: int = Field(ge=0)
    text: str
    flag: float | None = Field(default=None, ge=0, le=1)


Row = FrameRow | SecondRow
_ROW: TypeAdapter[Row] = TypeAdapter(Row)


class Captioned(Model):
    """What was told of one video."""

    video: str
    rows: tuple[Row, ...]
    length: int | None = None
    """Rows that the whole video has, where these are some of them."""


def read_captions(path: Path, fps: float | None) -> list[Captioned]:
    """Read a file of captions; videos in the order of the file, rows in order of time.

    Args:
        path: JSON lines, plain or gzip.
        fps: Frames a second, where rows number frames.

    Raises:
        UserError: The file can't be read, a line is neither shape, or `fps` is needed and missing.
    """
    videos: dict[str, list[Row]] = {}
    for number, line in enumerate(_lines(path), start=1):
        row = _row(line, path, number)
        if isinstance(row, FrameRow) and fps is None:
            raise UserError(f"{path.name} numbers frames, so it needs --fps.", hint="Ped2 has 10, ShanghaiTech 24.")
        videos.setdefault(row.video, []).append(row)
    if not videos:
        raise UserError(f"{path.name} holds no captions.", hint="Check the file.")
    return [Captioned(video=name, rows=tuple(sorted(rows, key=_place))) for name, rows in videos.items()]


def as_recording(captioned: Captioned, fps: float | None, source: str) -> tuple[Header, list[Probe]]:
    """The captions of one video as a recording.

    Args:
        captioned: Its rows.
        fps: Frames a second, where rows number frames.
        source: Whose captions they are: the name of the file.
    """
    step = 1.0 if fps is None else 1.0 / fps
    spans = [_span(row, step) for row in captioned.rows]
    pairs = list(zip(spans, captioned.rows, strict=True))
    end = max(spans[-1].end, round((captioned.length or 0) * step, 3))
    header = Header(
        video=captioned.video,
        info=_info(captioned),
        report=_report(len(pairs), end),
        tier="model",
        tools=(CAPTIONS,),
        source=source,
    )
    return header, [_probe(pairs, source, online=False), _probe(pairs, source, online=True)]


def _probe(pairs: Sequence[tuple[TimeSpan, Row]], source: str, *, online: bool) -> Probe:
    """What a case is told, all of it at once or as it comes."""
    tool = f"{CAPTIONS.name}@{CAPTIONS.version}"
    told = [_caption(row, span, source) for span, row in pairs]
    flags = [(span, row.flag) for span, row in pairs if isinstance(row, SecondRow) and row.flag is not None]
    if not online:
        rows = [*told, _score(flags, source)] if flags else told
        return Probe(tool=tool, key=probe_key(tool, NOTHING), rows=[packed(one) for one in rows])
    late = [replace(one, known_at=one.span.end) for one in told]
    late += [_as_it_comes(span, flag, source) for span, flag in flags]
    return Probe(tool=tool, key=probe_key(tool, NOTHING | {"online": True}), rows=[packed(one) for one in late])


def _as_it_comes(span: TimeSpan, flag: float, source: str) -> Observation:
    """One flag, felt from when it is known."""
    one = _score([(span, flag)], source)
    return replace(one, data={**one.data, "profile": [[span.end, flag]], "live": True}, known_at=span.end)


def _place(row: Row) -> int:
    return row.frame if isinstance(row, FrameRow) else row.second


def _span(row: Row, step: float) -> TimeSpan:
    return TimeSpan(start=round(_place(row) * step, 3), end=round((_place(row) + 1) * step, 3))


def _caption(row: Row, span: TimeSpan, source: str) -> Observation:
    text = row.description if isinstance(row, FrameRow) else row.text
    if isinstance(row, SecondRow) and row.flag is not None:
        text = ANSWER.sub("", text)
    return Observation("caption", span, text or "(nothing)", {"told": text, "model": source})


def _score(flags: list[tuple[TimeSpan, float]], source: str) -> Observation:
    """The model's own flags over time, each held for its second."""
    points = [[at, flag] for span, flag in flags for at in (span.start, round(span.end - 0.001, 3))]
    mean = sum(flag for _, flag in flags) / len(flags)
    whole = TimeSpan(start=flags[0][0].start, end=flags[-1][0].end)
    text = f"The captioner itself flags {mean:.0%} of {len(flags)} seconds."
    peak = max(flag for _, flag in flags)
    data: dict[str, Any] = {"profile": points, "peak": peak, "mean": round(mean, 4), "system": source, "yes_no": 1}
    return Observation("score", whole, text, data, family=FLAG)


def _info(captioned: Captioned) -> VideoInfo:
    text = json.dumps([row.model_dump() for row in captioned.rows], sort_keys=True)
    return VideoInfo(
        width=0,
        height=0,
        rotation=0,
        codec="none",
        container="captions",
        declared_fps=None,
        declared_duration=None,
        has_audio=False,
        created=None,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
    )


def _report(frames: int, duration: float) -> ReadReport:
    return ReadReport(
        frames=frames, damaged_packets=0, damaged_share=0.0, damaged=(), blind=(), duration=duration, notes=()
    )


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.name.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} can't be read: {error}.", hint="Check the file.") from error


def _row(line: str, path: Path, number: int) -> Row:
    try:
        tree: Mapping[str, Any] = json.loads(line)
        return _ROW.validate_python(tree)
    except (ValueError, ValidationError, RecursionError) as error:
        raise UserError(
            f"Line {number} of {path.name} is no caption.",
            hint="Known are {video, frame, description} and {video, second, text, flag}.",
        ) from error
