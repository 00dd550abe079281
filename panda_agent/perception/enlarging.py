"""Pictures made larger: by interpolation, which shows nothing new, or by a network that was trained to guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.errors import ToolError
from panda_agent.perception.picture_quality import Picture

NAMES = re.compile(r"esrgan|super.?res|(^|[^a-z])sr([^a-z]|x|$)", re.IGNORECASE)
"""File names by which super-resolution networks are known, e.g. `realesrgan_x4.onnx` or `sr_x2.onnx`."""
TILE = 64
"""Pixels: side of the pieces that a network sees, unless it was exported at a size of its own."""
MARGIN = 8
"""Pixels around a piece that the network sees too and that are cut off again, so that no seams show."""


def enlarged(image: Picture, scale: float, interpolation: int = cv2.INTER_CUBIC) -> Picture:
    """Interpolate a picture (h, w, 3) to `scale` times its size."""
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def network_in(folder: Path | None) -> Path | None:
    """The first super-resolution network, by name, of a folder of weights; None where there is none."""
    if folder is None or not folder.expanduser().is_dir():
        return None
    files = (path for path in sorted(folder.expanduser().iterdir()) if path.suffix.lower() == ".onnx")
    return next((path for path in files if NAMES.search(path.stem) and path.is_file()), None)


class Network:
    """A super-resolution network in an ONNX file: RGB in 0..1, (1, 3, h, w), to the same, larger.

    That is what exports of Real-ESRGAN (Wang et al., ICCVW 2021) and its kin take and give.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, image: Picture, check: Callable[[], None]) -> Picture:
        """Enlarge a picture (h, w, 3), piece by piece.

        Args:
            image: The picture.
            check: Called before each piece.

        Raises:
            ToolError: The file can't be run, or does not do what such a network does.
        """
        inner = self._tile - 2 * MARGIN
        height, width = image.shape[:2]
        below, right = -height % inner, -width % inner
        edges = (MARGIN, MARGIN + below, MARGIN, MARGIN + right)
        wide = np.asarray(cv2.copyMakeBorder(image, *edges, cv2.BORDER_REPLICATE), np.uint8)
        out: Picture | None = None
        for y, x in _corners(height, width, inner):
            check()
            piece = self._larger(wide[y : y + self._tile, x : x + self._tile])
            scale = piece.shape[0] // self._tile
            out = np.zeros(((height + below) * scale, (width + right) * scale, 3), np.uint8) if out is None else out
            cut = slice(MARGIN * scale, (MARGIN + inner) * scale)
            out[y * scale : (y + inner) * scale, x * scale : (x + inner) * scale] = piece[cut, cut]
        assert out is not None
        scale = out.shape[0] // (height + below)
        return np.ascontiguousarray(out[: height * scale, : width * scale])

    @cached_property
    def _session(self) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise ToolError(
                f"{self.path.name} can't be run: onnxruntime is missing.", hint="pip install onnxruntime"
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # boundary: another library reads a file of unknown make
            raise self._unusable("it is no network that onnxruntime loads") from error

    @cached_property
    def _tile(self) -> int:
        shape = self._session.get_inputs()[0].shape
        if len(self._session.get_inputs()) != 1 or len(shape) != 4 or shape[1] != 3:
            raise self._unusable("it does not take one picture of three colours")
        sides = [side for side in shape[2:] if isinstance(side, int)]
        if len({*sides}) > 1 or any(side <= 2 * MARGIN for side in sides):
            raise self._unusable(f"it takes pictures of {' × '.join(map(str, sides))} only")
        return sides[0] if sides else TILE

    def _larger(self, piece: Picture) -> Picture:
        values = np.ascontiguousarray(piece.transpose(2, 0, 1)[None], np.float32) / 255
        try:
            got: NDArray[Any] = self._session.run(None, {self._session.get_inputs()[0].name: values})[0]
        except Exception as error:  # boundary: a network of unknown make
            raise self._unusable("it can't be run") from error
        side = got.shape[-1] if got.ndim == 4 else 0
        if got.shape != (1, 3, side, side) or side % self._tile or side < 2 * self._tile:
            raise self._unusable(f"it makes {got.shape} of {values.shape}, which is no larger picture")
        if not np.isfinite(got).all():
            raise self._unusable("it makes values that are no numbers")
        return np.asarray(np.rint(np.clip(got[0], 0, 1) * 255).transpose(1, 2, 0), np.uint8)

    def _unusable(self, why: str) -> ToolError:
        return ToolError(
            f"{self.path.name} is of no use for super resolution: {why}.",
            hint="Remove it from the folder of weights to enlarge by interpolation instead.",
        )


def _corners(height: int, width: int, step: int) -> Iterator[tuple[int, int]]:
    yield from ((y, x) for y in range(0, height, step) for x in range(0, width, step))
