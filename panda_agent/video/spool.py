"""Frames that can be taken only once are kept in a lossless file, to be read again."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoFrame
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from panda_agent.errors import EmptyVideo, TooLarge, UserError
from panda_agent.video.frame import VideoInfo
from panda_agent.video.picture import Turn
from panda_agent.video.probe import SPOOL_TAG, Facts

TICK = Fraction(1, 1_000_000)
"""Times are kept to the microsecond."""
_KEY_EVERY = 25
_WANTED = "Give (seconds, array) pairs: times that rise, arrays (height, width, 3) of uint8, all of one size."

Pair = tuple[float, NDArray[np.uint8]]


class Spool:
    """Takes (seconds, RGB array) pairs once, gives them on as pictures, and writes them to a file on the way.

    Args:
        frames: Pairs in order of time; arrays are (height, width, 3) uint8, all of one size.
        path: Where to keep them. The file has this name only when it is complete.
        max_pixels: Limit of width × height.

    Raises:
        EmptyVideo: There is no frame.
        UserError: The first frame is not what it should be.
        TooLarge: The first frame has too many pixels.
    """

    def __init__(self, frames: Iterable[Pair], path: Path, *, max_pixels: int) -> None:
        self.path = path
        self.fingerprint = ""
        """sha256 over all times and pixels; empty until the last frame was taken."""
        self._pairs = iter(frames)
        first = next(self._pairs, None)
        if first is None:
            raise EmptyVideo("The iterator of frames gave none.", hint="Give at least one (seconds, array) pair.")
        self._start, image = _valid(first, 0)
        self._shape = image.shape
        _check_size(self._shape, max_pixels)
        self._waiting: Pair | None = (self._start, image)
        self._digest = hashlib.sha256(repr(self._shape).encode())
        self._writer: _Writer | None = None
        self._count = 0
        self._last = -1
        self._broken = False
        self._closed = False
        self._writing = threading.Lock()

    @property
    def taken(self) -> bool:
        """Whether frames were taken already."""
        return self._count > 0

    def facts(self) -> Facts:
        """What is known of the frames so far."""
        height, width, _ = self._shape
        info = VideoInfo(
            width=width,
            height=height,
            rotation=0,
            codec="rawvideo",
            container="frames",
            declared_fps=None,
            declared_duration=None,
            has_audio=False,
            created=None,
            fingerprint=self.fingerprint,
        )
        return Facts(info, (width, height), Turn(), TICK, trusted=True)

    def __iter__(self) -> Iterator[VideoFrame]:
        """Take the frames that were not taken yet; give each as a picture with its timestamp in `TICK`s.

        Raises:
            UserError: A frame is not what it should be, or an earlier read broke off with an error.
        """
        while not self.fingerprint:
            picture = self._take()
            if picture is not None:
                yield picture

    def close(self) -> None:
        """Let go of the file; what was kept of frames that were not all taken is deleted. Safe from any thread."""
        with self._writing:
            if self._writer is not None and not self.fingerprint:
                self._writer.drop()
            self._closed = True

    def _take(self) -> VideoFrame | None:
        if self._broken:
            raise UserError("The iterator of frames broke off with an error.", hint="Start again with a new iterator.")
        self._broken = True  # until this frame is written: what broke off must never pass for complete
        pair = self._waiting or next(self._pairs, None)  # may wait long, so nobody else may have to wait for it
        self._waiting = None
        with self._writing:
            if self._closed:
                raise UserError("The reader of the frames was closed.", hint="Start again with a new iterator.")
            picture = self._keep(pair) if pair is not None else None
            if pair is None:
                self._complete()
        self._broken = False
        return picture

    def _keep(self, pair: Pair) -> VideoFrame:
        time, image = _valid(pair, self._count)
        ticks = round((time - self._start) / TICK)
        if image.shape != self._shape:
            raise UserError(f"Frame {self._count} has shape {image.shape}, the first had {self._shape}.", hint=_WANTED)
        if ticks <= self._last:
            raise UserError(f"Frame {self._count} at {time} s is not later than the one before.", hint=_WANTED)
        self._digest.update(ticks.to_bytes(8, "little") + image.tobytes())
        self._writer = self._writer or _Writer(self.path, image.shape)
        self._count, self._last = self._count + 1, ticks
        return self._writer.write(ticks, image)

    def _complete(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self.fingerprint = self._digest.hexdigest()


class _Writer:
    """H.264 without loss, in NUT: the codec is fast, the container keeps microseconds."""

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._part = path.with_name(path.name + ".part")
        # Absolute, since FFmpeg takes "name:" for a protocol.
        self._output: OutputContainer = av.open(str(self._part.absolute()), "w", format="nut")
        self._output.metadata["comment"] = SPOOL_TAG
        self._stream: VideoStream = self._output.add_stream("libx264rgb", options={"qp": "0", "preset": "ultrafast"})
        self._stream.height, self._stream.width = shape[:2]
        self._stream.pix_fmt = "rgb24"
        self._stream.codec_context.time_base = TICK
        self._stream.codec_context.gop_size = _KEY_EVERY

    def write(self, ticks: int, image: NDArray[np.uint8]) -> VideoFrame:
        """Write one image; return it as the decoder of the file will give it."""
        frame = VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = ticks, TICK
        self._output.mux(self._stream.encode(frame))
        picture = frame.reformat(format="gbrp")
        picture.pts = ticks
        return picture

    def close(self) -> None:
        """End the file and give it its name."""
        self._output.mux(self._stream.encode(None))
        self._output.close()
        self._part.replace(self._path)

    def drop(self) -> None:
        """Delete what was written."""
        self._output.close()
        self._part.unlink(missing_ok=True)


def _valid(pair: object, number: int) -> Pair:
    if not (isinstance(pair, tuple | list) and len(pair) == 2):
        raise UserError(f"Frame {number} is no pair but a {type(pair).__name__}.", hint=_WANTED)
    time, image = pair
    if isinstance(time, bool | str) or not hasattr(time, "__float__") or not math.isfinite(float(time)):
        raise UserError(f"Frame {number} has {time!r} for a time.", hint=_WANTED)
    if not (isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3):
        kind = f"shape {image.shape} of {image.dtype}" if isinstance(image, np.ndarray) else type(image).__name__
        raise UserError(f"Frame {number} is no RGB image but {kind}.", hint=_WANTED)
    return float(time), image


def _check_size(shape: tuple[int, ...], max_pixels: int) -> None:
    height, width, _ = shape
    if height * width == 0:
        raise UserError(f"The frames are {width}×{height} pixels.", hint=_WANTED)
    if height * width > max_pixels:
        raise TooLarge(
            f"The frames are {width}×{height}, more than the limit of {max_pixels:,} pixels.",
            hint="Scale them down or raise video.max_pixels.",
        )
