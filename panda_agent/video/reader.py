"""The one video reader: frames with honest times from a path, a file object, or an iterator of arrays."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterable, Iterator
from io import TextIOBase
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TypeGuard

from av import VideoFrame

from panda_agent.errors import PandaError, UserError
from panda_agent.types import TimeSpan
from panda_agent.video.ahead import ahead
from panda_agent.video.frame import Frame, ReadReport, VideoInfo
from panda_agent.video.passes import Passes, Placed, place
from panda_agent.video.picture import Converter
from panda_agent.video.probe import MAX_PIXELS, examine
from panda_agent.video.sampling import Thinner
from panda_agent.video.source import Source, is_binary
from panda_agent.video.spool import Pair, Spool
from panda_agent.video.tally import Tally

_AHEAD_BYTES = 16 << 20


class VideoReader:
    """Reads a video any number of times, whole or in part.

    A frame has the same time and pixels in every read (of a damaged video: in every read of the same span). Memory
    does not grow with length. A read decodes in a thread of its own, a few frames ahead; nothing is open and no thread
    runs once its iterator is used up, closed or dropped.

    Args:
        source: A path, a binary file object, or an iterator of (seconds, RGB array (height, width, 3) uint8).
        max_pixels: Limit of width × height.
        spool: Where to keep what can be taken only once: an iterator's frames, or the bytes of a file object that
            can't seek. The file is the caller's to delete. An iterator is taken step by step during the first
            whole read, in the caller's thread; another read first takes what is left of it.
        threads: How many threads FFmpeg decodes with; 0 is one a core. More than one are faster on large pictures,
            but damaged stretches of a video may then look a little different in each read.

    Raises:
        UserError: There is no such file, it is a folder, or `spool` is needed and missing.
        VideoError: As `probe`.

    Example:
        >>> reader = VideoReader("street.mp4")
        >>> for frame in reader.frames(max_fps=5, max_side=384):
        ...     print(frame.time, frame.image.shape)
        >>> reader.report.blind
    """

    def __init__(
        self,
        source: str | PathLike[str] | BinaryIO | Iterable[Pair],
        *,
        max_pixels: int = MAX_PIXELS,
        spool: Path | None = None,
        threads: int = 1,
    ) -> None:
        self._report: ReadReport | None = None
        self._spool = Spool(source, _needed(spool), max_pixels=max_pixels) if _gives_frames(source) else None
        if self._spool is not None:
            origin = Source(self._spool.path)
            self._facts = self._spool.facts()
        else:
            origin = _seekable(source, spool)
            self._facts = examine(origin, max_pixels=max_pixels)
        self._passes = Passes(origin, self._facts, max_pixels=max_pixels, threads=threads)

    def close(self) -> None:
        """Drop what was kept of an iterator that was not read to its end; in all other cases nothing is open."""
        if self._spool is not None:
            self._spool.close()

    @property
    def info(self) -> VideoInfo:
        """What is known of the video; the fingerprint of an iterator only after its first whole read."""
        return self._facts.info if self._spool is None else self._spool.facts().info

    @property
    def read_to_end(self) -> bool:
        """Whether there is a `report`: the whole video was read to its end at least once."""
        return self._report is not None

    @property
    def report(self) -> ReadReport:
        """How well the last complete read of the whole video went.

        Raises:
            PandaError: The video was not read to its end yet.
        """
        if self._report is None:
            raise PandaError("The video was not read to its end yet.", hint="Read all of frames() first.")
        return self._report

    def frames(
        self, *, span: TimeSpan | None = None, max_fps: float | None = None, max_side: int | None = None
    ) -> Iterator[Frame]:
        """Read frames in order of time.

        Args:
            span: Only frames with start ≤ time ≤ end; None reads all and writes the `report`.
            max_fps: At most about this many frames a second, chosen by time alone: a part read by `span` holds the
                same choice.
            max_side: Longest side of the images, pixels; larger ones are reduced.

        Raises:
            UserError: A limit is not positive.
        """
        if (max_fps is not None and not max_fps > 0) or (max_side is not None and max_side < 1):
            raise UserError(f"max_fps={max_fps} and max_side={max_side} must be positive.")
        convert = Converter(*self._facts.size, self._facts.turn, max_side)
        frames = self._frames(span, Thinner(max_fps), convert)
        if self._spool is not None:
            if span is None and not self._spool.taken:
                return frames  # taken where it is asked for: the caller's iterator may not bear another thread
            self._drain()
        return ahead(frames, convert.fitting(_AHEAD_BYTES))

    def _frames(self, span: TimeSpan | None, thinner: Thinner, convert: Converter) -> Generator[Frame, None, None]:
        placed = self._whole() if span is None else self._passes.near(thinner.since(span.start))
        for time, picture in placed:
            if span is not None and time > span.end:
                return
            if thinner.keeps(time) and (span is None or time >= span.start):
                yield Frame(time, convert(picture), picture.is_corrupt)

    def _whole(self) -> Placed:
        timeline = self._facts.timeline()
        tally = Tally(timeline)
        tally.notes.extend(self._facts.notes)
        yield from place(self._first(tally), timeline, tally)
        self._report = tally.finish(self._facts.info.declared_duration)

    def _first(self, tally: Tally) -> Iterator[VideoFrame]:
        """All pictures; an untouched iterator's come as they are taken."""
        if self._spool is None or self._spool.taken:
            self._drain()
            yield from self._passes.pictures(tally)
            return
        for picture in self._spool:
            tally.packet(picture.pts, picture.pts)
            yield picture

    def _drain(self) -> None:
        if self._spool is not None:
            for _ in self._spool:
                pass


def _gives_frames(source: object) -> TypeGuard[Iterable[Pair]]:
    return isinstance(source, Iterable) and not isinstance(source, str | bytes | TextIOBase) and not is_binary(source)


def _needed(spool: Path | None) -> Path:
    if spool is None:
        raise UserError("What can be read only once needs a place to be kept.", hint="Give spool=PATH of a new file.")
    return spool


def _seekable(source: object, spool: Path | None) -> Source:
    if not is_binary(source) or source.seekable():
        return Source.of(source)
    path = _needed(spool)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(source, file)
    return Source(path)
