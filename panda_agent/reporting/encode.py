"""Writing H.264 files from frames, with the frames' own times."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av

from panda_agent.errors import VideoError
from panda_agent.reporting.json_files import replace_atomic
from panda_agent.video import Frame

TICKS = 90_000
"""Ticks a second; fine enough for any frame rate."""
_OPTIONS = {"crf": "20", "preset": "veryfast"}


def write_mp4(path: Path, frames: Iterable[Frame]) -> None:
    """Encode frames as MP4 (H.264, yuv420p, no sound) that starts at the first frame and plays in any browser.

    Args:
        path: The file; it appears under this name once it is complete.
        frames: Frames of one size, in order of time.

    Raises:
        VideoError: There is not one frame.
    """
    replace_atomic(path, lambda part: _encode(part, frames))


def _encode(path: Path, frames: Iterable[Frame]) -> None:
    stream_of_frames = iter(frames)
    first = next(stream_of_frames, None)
    if first is None:
        raise VideoError("There is no frame to write.", hint="Check the span against the length of the video.")
    height, width = (side - side % 2 for side in first.image.shape[:2])  # yuv420p halves both sides
    with av.open(str(path.absolute()), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("h264", rate=30, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        ticks, gap = 0, TICKS // 30
        for frame in chain([first], stream_of_frames):
            picture = av.VideoFrame.from_ndarray(frame.image[:height, :width], format="rgb24")
            picture.pts = round((frame.time - first.time) * TICKS)
            picture.time_base = Fraction(1, TICKS)
            ticks, gap = picture.pts, (picture.pts - ticks) or gap
            container.mux(stream.encode(picture))
        for packet in stream.encode(None):
            packet.duration = gap  # else the last frame lasts one tick of a rate that the frames do not have
            container.mux(packet)
