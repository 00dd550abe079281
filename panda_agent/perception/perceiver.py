"""One frame's way through perception: background, flow, boxes, tracks, then every filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.background import Background
from panda_agent.perception.boxes import motion_boxes
from panda_agent.perception.carried import CarriedFlow
from panda_agent.perception.cells import cells_of
from panda_agent.perception.flow import DenseFlow, FineFlow
from panda_agent.perception.look import Look, Pixels
from panda_agent.perception.tracks import MotionTracker

BACKGROUND_SAMPLES = 40
"""Frames of the lookahead whose median becomes the first background."""


class Perceiver:
    """Turns frames into looks, in two steps that may run in two threads: `pixels` (OpenCV alone), then `look`.

    Args:
        head: The first frames, RGB (h, w, 3); the background is learnt from them before the first is looked at.
        rate: Frames per second.
        config_dir: Where Ultralytics may keep its settings file.
        ignore: Mask (h, w) whose non-zero pixels are never foreground (zones to ignore).
    """

    def __init__(
        self,
        head: Sequence[NDArray[np.uint8]],
        rate: float,
        config_dir: Path,
        ignore: NDArray[np.uint8] | None = None,
    ) -> None:
        picks = np.unique(np.linspace(0, len(head) - 1, min(len(head), BACKGROUND_SAMPLES)).astype(int))
        self._background = Background([to_gray(head[i]) for i in picks], rate)
        self._flow = DenseFlow()
        self._fine = FineFlow()
        self._carried = CarriedFlow()
        self._tracker = MotionTracker(rate, config_dir)
        self._ignore = ignore

    def pixels(self, time: float, rgb: NDArray[np.uint8]) -> Pixels:
        """Take the next frame.

        Args:
            time: Seconds, rising.
            rgb: (h, w, 3), always of one size.
        """
        gray = to_gray(rgb)
        flow = self._flow.update(gray, time)
        foreground = self._background.update(gray)
        if self._ignore is not None:
            foreground.moving[self._ignore > 0] = 0
        carried = self._carried.update(self._fine.update(gray, time), time, gray.shape)
        cells = cells_of(time, gray, carried, foreground.moving)
        return Pixels(time, rgb, gray, flow, foreground, motion_boxes(foreground.moving), cells=cells, carried=carried)

    def look(self, seen: Pixels) -> Look:
        """Follow what moves in the next frame."""
        ended = self._tracker.update(seen.time, seen.boxes, seen.flow)
        return Look(
            seen.time,
            seen.rgb,
            seen.gray,
            seen.flow,
            seen.foreground,
            seen.boxes,
            self._tracker.live,
            ended,
            cells=seen.cells,
            carried=seen.carried,
        )

    def last_tracks(self, look: Look) -> Look:
        """The last look again, with every live track ended: filters hear of tracks that the video's end cut off."""
        ended = self._tracker.finish()
        return replace(look, boxes=look.boxes[:0], live={}, ended=ended)


def to_gray(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB (h, w, 3) to gray (h, w)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
