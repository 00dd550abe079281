"""Opening a container: FFmpeg's many ways to fail become three errors that say what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.stream import VideoStream

from panda_agent.errors import NoVideoStream, TooLarge, Unreadable
from panda_agent.video.source import Bytes, Source

AV_ERRORS = (av.FFmpegError, ValueError, LookupError, ArithmeticError, AttributeError, OSError)
"""What PyAV raises on bad files: its own tree, and plain Python errors from its inside."""
OPEN_SECONDS = 20.0
_CONVERT = "Convert it first: ffmpeg -i INPUT -c:v libx264 output.mp4"
_CUT_OFF = (
    "The recording was cut off before its index was written: let the recorder end it properly, "
    "or record to .mkv or fragmented .mp4, which survive a cut."
)


@contextmanager
def opened(source: Source, *, max_pixels: int) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a source and its largest picture stream; nothing is decoded yet.

    Raises:
        UserError: The path names no readable file.
        Unreadable: The bytes are no video, are cut off, or need a decoder that is not there.
        NoVideoStream: There is only sound or data.
        TooLarge: The picture has more than `max_pixels` pixels.
    """
    with source.open() as data:
        try:
            container = av.open(
                data, "r", metadata_errors="replace", timeout=(OPEN_SECONDS, None), io_open=_refuse, buffer_size=1 << 17
            )
        except AV_ERRORS as error:
            raise _unreadable(data, source.name) from error
        with container:
            yield container, _stream(container, data, source.name, max_pixels)


def _stream(container: InputContainer, data: Bytes, name: str, max_pixels: int) -> VideoStream:
    if container.format.name.endswith("_pipe"):
        raise Unreadable(f"{name} is a single picture, not a video.", hint="Give a video file.")
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise NoVideoStream(f"{name} holds no picture, only sound or data.", hint="Give a file with a video stream.")
    decodable = [s for s in streams if s.codec_context is not None]
    if not decodable:
        raise Unreadable(f"{name} is coded as {_codec_tag(data)}, for which there is no decoder here.", hint=_CONVERT)
    stream = max(decodable, key=lambda s: s.codec_context.width * s.codec_context.height)
    _check_size(stream, name, max_pixels)
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    return stream


def _check_size(stream: VideoStream, name: str, max_pixels: int) -> None:
    context = stream.codec_context
    if context.width * context.height > max_pixels:
        raise TooLarge(
            f"{name} is {context.width}×{context.height}, more than the limit of {max_pixels:,} pixels.",
            hint="Scale it down (ffmpeg -i INPUT -vf scale=1920:-2 output.mp4) or raise video.max_pixels.",
        )
    # A header can understate; the decoder then refuses larger pictures, which count as damage.
    context.options = {"max_pixels": str(max_pixels)}


def _refuse(url: str, flags: int, options: dict[str, Any]) -> NoReturn:
    """A playlist or an external reference inside a file must not open other files or hosts."""
    raise PermissionError(f"the file refers to another one: {url!r}")


def _unreadable(data: Bytes, name: str) -> Unreadable:
    if _lacks_index(data):
        return Unreadable(f"{name} can't be read: its index (moov) is missing.", hint=_CUT_OFF)
    return Unreadable(f"{name} is no video that FFmpeg can read.", hint=f"Check that the file is complete. {_CONVERT}")


def _lacks_index(data: Bytes) -> bool:
    """Whether it is an MP4 or MOV whose top-level boxes hold no `moov`."""
    size, at, kinds = data.seek(0, os.SEEK_END), 0, set[bytes]()
    while at + 8 <= size and len(kinds) < 16:
        data.seek(at)
        head = data.read(16)
        kinds.add(head[4:8])
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length < 8:
            break
        at += length
    return b"moov" not in kinds and bool(kinds & {b"ftyp", b"mdat", b"wide"})


def _codec_tag(data: Bytes) -> str:
    """Name a codec that FFmpeg doesn't, from the container's own tag (MP4 sample entry, Matroska CodecID)."""
    size = data.seek(0, os.SEEK_END)
    for start in (0, max(0, size - (1 << 20))):
        data.seek(start)
        found = re.search(rb"stsd.{12}([ -~]{4})|(V_[A-Z0-9_/]{3,24})", data.read(1 << 20), re.DOTALL)
        if found:
            return repr((found[1] or found[2]).decode("ascii"))
    return "an unknown format"
