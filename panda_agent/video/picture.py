"""Decoded pictures become upright RGB arrays, reduced on the way."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import Type
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Turn:
    """How a stored picture is made upright: swap the axes, then mirror. All eight orientations of a display matrix."""

    swap: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Turn:
        """Read the display matrix that came with a frame; slanted ones count as the nearest right angle."""
        # PyAV's stubs describe side data as a dictionary; it is a sequence of typed buffers.
        matrices = [bytes(data) for data in cast(Any, frame.side_data) if data.type is Type.DISPLAYMATRIX]
        if not matrices:
            return cls()
        a, b, _, c, d = struct.unpack("=5i", matrices[0][:20])
        swap = abs(b) > abs(a)
        return cls(swap, (c if swap else a) < 0, (b if swap else d) < 0)

    @property
    def degrees(self) -> int:
        """Counter-clockwise rotation: 0, 90, 180 or 270; a mirror image has the rotation before its mirror_x."""
        if self.swap:
            return 90 if self.mirror_y else 270
        return 180 if self.mirror_y else 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.swap else (width, height)

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn an image (height, width, 3)."""
        if self.swap:
            image = image.transpose(1, 0, 2)
        step_x, step_y = -1 if self.mirror_x else 1, -1 if self.mirror_y else 1
        return np.ascontiguousarray(image[::step_y, ::step_x])


class Converter:
    """Makes upright RGB images of one constant size from decoded pictures.

    swscale reduces (by area averaging) before anything of full size is copied or reaches Python; the colour range and
    matrix are the stream's own.

    Args:
        width: Stored width, pixels.
        height: Stored height, pixels.
        turn: How to make it upright.
        max_side: Longest side of the images, pixels; None keeps the size. Nothing is enlarged.
    """

    def __init__(self, width: int, height: int, turn: Turn, max_side: int | None = None) -> None:
        scale = 1.0 if max_side is None else min(1.0, max_side / max(width, height))
        self._size = max(1, round(width * scale)), max(1, round(height * scale))
        self._turn = turn
        # One for all frames: building swscale's tables anew for each costs more than the conversion.
        self._reducer = VideoReformatter()
        self._colourer = VideoReformatter()

    def fitting(self, size: int) -> int:
        """How many images fit into `size` bytes: from 1 to 8."""
        width, height = self._size
        return min(8, max(1, size // (3 * width * height)))

    def __call__(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """Convert one picture; returns (height, width, 3) RGB."""
        if picture.format.is_planar and not picture.format.is_rgb:
            picture = self._reformat(self._reducer, picture)  # in YUV it is 40 % cheaper than together with the colours
        image = self._reformat(self._colourer, picture, "rgb24").to_ndarray()
        return self._turn.apply(cast(NDArray[np.uint8], image))

    def _reformat(self, scaler: VideoReformatter, picture: VideoFrame, to: str | None = None) -> VideoFrame:
        width, height = self._size
        return scaler.reformat(
            picture, width=width, height=height, format=to, interpolation=Interpolation.AREA, threads=1
        )
