"""The sound of a video: samples with the same seconds as its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

from panda_agent.errors import ToolError
from panda_agent.video.causal import behind
from panda_agent.video.container import AV_ERRORS, opened
from panda_agent.video.footage import Footage
from panda_agent.video.reader import VideoReader

SMOOTH = 0.1
"""Seconds by which timestamps may stray from the count of samples: containers round them."""
FAR = 5.0
"""Seconds past the end of the pictures from which a timestamp is no gap but another clock."""
READ_FAILURES = 16
"""Failures in a row to get another packet before the rest is given up."""

Samples = NDArray[np.float32]
"""(channels, n), -1..1."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A short stretch of sound."""

    time: float
    """Seconds of its first sample; 0 is the first decodable picture."""
    samples: Samples
    rate: int
    """Samples a second."""

    @property
    def end(self) -> float:
        """Seconds after its last sample."""
        return self.time + float(self.samples.shape[1]) / self.rate


class Sound:
    """The first sound stream of a video, decoded as it is asked for, from its start.

    Packets that can't be decoded are counted and leave a gap. Memory does not grow with length.

    Args:
        footage: A video that was opened from a file or a file object.
        end: Seconds of the last picture: what is dated far behind it was dated by another clock, and follows on
            what came before. None believes all timestamps that rise.

    Raises:
        ToolError: The video has no sound, or is not at hand.
    """

    def __init__(self, footage: Footage, *, end: float | None = None) -> None:
        if not footage.info.has_audio:
            raise ToolError("The video has no sound.")
        footage = behind(footage)
        if not isinstance(footage, VideoReader):
            raise ToolError("A recording holds no sound.", hint="Give the video too.")
        self.damaged = 0
        """Packets that could not be read or decoded, so far."""
        self.tracks = 1
        """Sound streams that the video holds."""
        self._source, self._facts = footage._passes._source, footage._facts
        self._max_pixels = footage._passes._max_pixels
        self._end = float("inf") if end is None else end + FAR
        self._shift = 0.0

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return "the sound track" if self.tracks == 1 else f"the first of {self.tracks} sound tracks"

    def __iter__(self) -> Iterator[Heard]:
        """Decode to the end.

        Raises:
            ToolError: There is no decoder for it.
        """
        self.damaged, self._shift = 0, 0.0
        due: float | None = None
        with opened(self._source, max_pixels=self._max_pixels) as (container, picture):
            self.tracks = len(container.streams.audio)
            stream = _sound_of(container)
            picture.discard, stream.discard = Discard.all, Discard.default
            zero = self._facts.base * self._facts.tick
            for frame in self._frames(container, stream):
                heard = Heard(self._time(frame, zero, due), samples_of(frame), frame.sample_rate)
                due = heard.end
                yield heard

    def _time(self, frame: AudioFrame, zero: Fraction, due: float | None) -> float:
        """Seconds of a frame, where `due` is when the one before it ended."""
        if frame.pts is None or frame.time_base is None:
            return due or 0.0
        time = float(frame.pts * frame.time_base - zero) + self._shift
        if due is None:
            return time
        if time < due - SMOOTH or time > self._end:
            self._shift += due - time
            return due
        return due if time < due + SMOOTH else time

    def _frames(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        failures = 0
        while failures < READ_FAILURES:
            try:
                for packet in container.demux(stream):
                    failures = 0
                    try:
                        yield from stream.codec_context.decode(packet)
                    except AV_ERRORS:
                        self.damaged += 1
                return
            except AV_ERRORS:
                failures += 1
                self.damaged += 1


def _sound_of(container: InputContainer) -> AudioStream:
    for stream in container.streams.audio:
        if stream.codec_context is not None:
            return stream
    raise ToolError(
        "There is no decoder here for the sound of this video.",
        hint="Convert it first: ffmpeg -i INPUT -c:v copy -c:a aac OUTPUT.mp4",
    )


def samples_of(frame: AudioFrame) -> Samples:
    """Samples of a decoded frame of any format, as shares of full scale; what is no number counts as silence."""
    packed: NDArray[Any] = frame.to_ndarray()
    values = packed if frame.format.is_planar else packed.reshape(-1, frame.layout.nb_channels).T
    scaled: NDArray[Any]
    if values.dtype.kind == "u":
        scaled = (values.astype(np.float32) - 128) / 128
    elif values.dtype.kind == "i":
        scaled = values.astype(np.float32) / 2.0 ** (8 * values.dtype.itemsize - 1)
    else:
        scaled = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    return np.asarray(np.clip(scaled, -1.0, 1.0), np.float32)
