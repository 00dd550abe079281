"""What the reader gives: frames, what the header says of a video, and how well it could be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.types import Model, TimeSpan


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and its moment."""

    time: float
    """Seconds by presentation timestamp, 0 at the first decodable frame; rises from frame to frame."""
    image: NDArray[np.uint8]
    """(height, width, 3), RGB, upright."""
    damaged: bool = False
    """The decoder guessed parts of this picture because its data are damaged."""


class VideoInfo(Model):
    """What is known of a video before it is read. Times and rates are the header's word and may be wrong."""

    width: int
    """Pixels of the upright picture."""
    height: int
    rotation: int
    """Degrees counter-clockwise by which the stored picture was turned to stand upright: 0, 90, 180 or 270."""
    codec: str
    container: str
    declared_fps: float | None
    declared_duration: float | None
    """Seconds."""
    has_audio: bool
    created: str | None
    """When it was recorded, ISO 8601, where the container says so."""
    fingerprint: str
    """sha256 of the content (see `source.fingerprint`); of an iterator's frames, empty until all were read."""


class ReadReport(Model):
    """How well a full pass could read the video."""

    frames: int
    """Frames decoded and placed in time, including those that `max_fps` thinned out."""
    damaged_packets: int
    """Packets that could not be decoded, or only by guessing."""
    damaged_share: float
    """`damaged_packets` / all packets, 0..1."""
    damaged: tuple[TimeSpan, ...]
    """From each damage to the next key frame: until then, pictures may be smeared."""
    blind: tuple[TimeSpan, ...]
    """Stretches without a picture: nothing can be said about them."""
    duration: float
    """Seconds: time of the last frame plus one typical gap between frames."""
    notes: tuple[str, ...]
    """What a reader of the verdict should know, e.g. "declared 20.0 s, decoded 10.1 s"."""
