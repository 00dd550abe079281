"""A first look at a video: what it is, and whether it can be read at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from os import PathLike
from typing import BinaryIO

import av
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from panda_agent.errors import EmptyVideo
from panda_agent.video.container import opened
from panda_agent.video.decode import Decoder
from panda_agent.video.frame import VideoInfo
from panda_agent.video.picture import Turn
from panda_agent.video.source import Source
from panda_agent.video.tally import Tally
from panda_agent.video.timeline import Timeline

MAX_PIXELS = 36_000_000
"""Default limit of width × height: an 8K picture (33 million) passes."""
SPOOL_TAG = "panda_agent spool"
"""Comment in the container of frames that were spooled: their times are the caller's and need no repair."""
_USUAL_FPS = 25


@dataclass(frozen=True, slots=True)
class Facts:
    """What the reader needs to know of a stream, besides what it tells others."""

    info: VideoInfo
    size: tuple[int, int]
    """Stored, not upright, width and height."""
    turn: Turn
    tick: Fraction
    """Seconds per tick of a timestamp."""
    base: int = 0
    """Timestamp of the first decodable frame: second 0."""
    trusted: bool = False
    """The times are the caller's (see `Timeline`)."""
    notes: tuple[str, ...] = ()
    """What is already known to be amiss."""

    def timeline(self) -> Timeline[VideoFrame]:
        """Start a timeline for one read."""
        # A spool's header knows no rate that its caller gave.
        rate = None if self.trusted else self.info.declared_fps
        gap = round(1 / self.tick / Fraction(rate or _USUAL_FPS))
        return Timeline(self.tick, gap, base=self.base, trusted=self.trusted)


def probe(source: str | PathLike[str] | BinaryIO, *, max_pixels: int = MAX_PIXELS) -> VideoInfo:
    """Look at a video's header and its first frame.

    Args:
        source: A path or a seekable binary file object.
        max_pixels: Limit of width × height.

    Raises:
        UserError: There is no such file, or it is a folder.
        EmptyVideo: No bytes, or not one frame can be decoded.
        NoVideoStream: Sound or data only.
        Unreadable: No video, cut off, or no decoder for it.
        TooLarge: More pixels than `max_pixels`; found before a frame is decoded.
    """
    return examine(Source.of(source), max_pixels=max_pixels).info


def examine(source: Source, *, max_pixels: int) -> Facts:
    """Look at a source's header and first frame; errors as `probe`."""
    fingerprint = source.fingerprint()
    with opened(source, max_pixels=max_pixels) as (container, stream):
        first = next(iter(Decoder(container, stream, Tally(Timeline(_tick(stream), 1)))), None)
        if first is None:
            raise EmptyVideo(f"Not one frame of {source.name} can be decoded.", hint="Copy or export it again.")
        return _facts(container, stream, first, fingerprint)


def _facts(container: InputContainer, stream: VideoStream, first: VideoFrame, fingerprint: str) -> Facts:
    turn, tick, base = Turn.of(first), _tick(stream), first.pts or 0
    lead = float((base - stream.start_time) * tick) if stream.start_time is not None else 0.0
    late = [f"the first {lead:.1f} s could not be decoded; second 0 is the first picture"] if lead > 1 else []
    return Facts(
        _info(container, stream, turn.size(first.width, first.height), turn.degrees, fingerprint),
        (first.width, first.height),
        turn,
        tick,
        base,
        trusted=container.metadata.get("comment") == SPOOL_TAG,
        notes=tuple(_cut_in_packet(container) + late),
    )


def _info(
    container: InputContainer, stream: VideoStream, size: tuple[int, int], rotation: int, fingerprint: str
) -> VideoInfo:
    rate = stream.average_rate or stream.guessed_rate
    return VideoInfo(
        width=size[0],
        height=size[1],
        rotation=rotation,
        codec=stream.codec_context.codec.canonical_name,
        container=container.format.name,
        declared_fps=float(rate) if rate else None,
        declared_duration=_declared_duration(container, stream),
        has_audio=bool(container.streams.audio),
        created=_created(container.metadata) or _created(stream.metadata),
        fingerprint=fingerprint,
    )


def _tick(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, 90_000)


def _declared_duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration is not None and stream.duration > 0:
        return float(stream.duration * _tick(stream))
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    return None


def _cut_in_packet(container: InputContainer) -> list[str]:
    """A transport stream declares no length; all that shows a cut is a last packet that isn't whole."""
    whole = container.format.name != "mpegts" or any(container.size % size == 0 for size in (188, 192, 204))
    return [] if whole else ["the file ends inside a packet: the recording was cut off"]


def _created(metadata: dict[str, str]) -> str | None:
    try:
        moment = datetime.fromisoformat(metadata.get("creation_time", ""))
    except ValueError:
        return None
    return moment.isoformat() if moment.year > 1970 else None  # 1904 and 1970 are a zeroed clock
