"""What is true of a video: its frames, the stretches that are anomalous, and, where known, the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.errors import UserError

Flags = NDArray[np.bool_]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Masks:
    """Which pixels are anomalous, one bit each."""

    packed: NDArray[np.uint8]
    """(frames, bytes): each row is a picture, row by row, as `numpy.packbits` packs it."""
    height: int
    width: int

    @classmethod
    def of(cls, pictures: Flags) -> Masks:
        """Pack an array of (frames, height, width)."""
        frames, height, width = pictures.shape
        return cls(np.packbits(pictures.reshape(frames, -1), axis=1), height, width)

    def picture(self, frame: int) -> Flags:
        """The mask of one frame, (height, width)."""
        bits = np.unpackbits(self.packed[frame], count=self.height * self.width)
        return bits.reshape(self.height, self.width).astype(bool)

    def __len__(self) -> int:
        return len(self.packed)


@dataclass(frozen=True)
class TrackBox:
    """An anomalous thing in one frame, for RBDC and TBDC."""

    track: int
    frame: int
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in pixels; the ends are outside."""


@dataclass(frozen=True)
class VideoTruth:
    """The truth about one video."""

    name: str
    frames: int
    fps: float
    intervals: tuple[tuple[int, int], ...] = ()
    """Anomalous frames, rising: start inside, end outside."""
    kind: str | None = None
    """The data set's name of what happens, where it has one."""
    masks: Masks | None = None
    boxes: tuple[TrackBox, ...] = ()

    def __post_init__(self) -> None:
        last = 0
        for start, end in self.intervals:
            if not last <= start < end <= self.frames:
                raise UserError(
                    f"The truth about {self.name} is wrong: frames {start} to {end} of {self.frames}.",
                    hint="Intervals are start inside, end outside, rising, and apart.",
                )
            last = end

    @property
    def labels(self) -> Flags:
        """One flag a frame."""
        flags = np.zeros(self.frames, bool)
        for start, end in self.intervals:
            flags[start:end] = True
        return flags

    @property
    def times(self) -> Scores:
        """Seconds of the middle of each frame."""
        return (np.arange(self.frames, dtype=np.float64) + 0.5) / float(self.fps)

    @property
    def spans(self) -> list[tuple[float, float]]:
        """The anomalous stretches in seconds."""
        return [(start / self.fps, end / self.fps) for start, end in self.intervals]

    @property
    def seconds(self) -> float:
        """Length."""
        return self.frames / self.fps

    @property
    def anomalous(self) -> bool:
        """Whether anything anomalous happens in it."""
        return bool(self.intervals)

    @property
    def anomalous_frames(self) -> int:
        """How many frames are."""
        return sum(end - start for start, end in self.intervals)


def intervals_of(labels: Sequence[int] | NDArray[np.generic]) -> tuple[tuple[int, int], ...]:
    """The stretches of a row of flags: start inside, end outside."""
    flags = np.concatenate([[0], np.asarray(labels).astype(bool).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(flags))
    return tuple((int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))


def joined(intervals: Sequence[tuple[int, int]], frames: int) -> tuple[tuple[int, int], ...]:
    """Cut intervals to the length of the video, drop the empty ones, and join those that touch."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((max(0, a), min(b, frames)) for a, b in intervals):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
