"""The scene as a whole: light, picture quality, and how much moves."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from panda_agent.perception.look import Look
from panda_agent.perception.medians import median
from panda_agent.perception.observation import Observation
from panda_agent.types import TimeSpan

EVERY = 0.5
"""Seconds between measurements: light and quality change slowly."""
MIN_TRACK_SECONDS = 1.0


class Scene:
    """Sums the video up in one `scene` row.

    Args:
        rate: Frames per second; unused, every filter is made the same way.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "scene": ("luma", "contrast", "noise", "sharpness", "objects", "density", "motion", "camera_moves")
    }

    def __init__(self, rate: float) -> None:
        self._first: float | None = None
        self._last = 0.0
        self._due = -1.0
        self._sums = np.zeros(7)
        self._looks = 0
        self._objects = 0

    def update(self, look: Look) -> list[Observation]:
        """Measure now and then; count tracks as they end."""
        self._first = look.time if self._first is None else self._first
        self._last = look.time
        self._objects += sum(track.last - track.rows[0][0] >= MIN_TRACK_SECONDS for track in look.ended)
        if look.time >= self._due:
            self._due = look.time + EVERY
            self._sums += _measure(look)
            self._looks += 1
        return []

    def finish(self) -> list[Observation]:
        """The one row."""
        if self._first is None:
            return []
        luma, contrast, noise, sharpness, density, motion, moves = (self._sums / max(1, self._looks)).tolist()
        data = {
            "luma": round(luma, 1),
            "contrast": round(contrast, 1),
            "noise": round(noise, 2),
            "sharpness": round(sharpness, 4),
            "objects": int(self._objects),
            "density": round(density, 2),
            "motion": round(motion, 4),
            "camera_moves": round(moves, 3),
        }
        span = TimeSpan(start=round(self._first, 3), end=round(self._last, 3))
        return [Observation(kind="scene", span=span, statement=_statement(data, span), data=data)]


def _measure(look: Look) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    smooth = cv2.medianBlur(look.gray, 3)
    noise = float(np.mean(cv2.absdiff(look.gray, smooth)))
    sharpness = float(cv2.Laplacian(smooth, cv2.CV_32F).std()) / 255.0
    speed = median(np.hypot(look.flow[::8, ::8, 0], look.flow[::8, ::8, 1]))
    moves = float(speed > 0.02 * look.gray.shape[1])  # half the picture drifts by 2 % of its width a second
    return np.array(
        [look.gray.mean(), look.gray.std(), noise, sharpness, len(look.boxes), look.foreground.share, moves], np.float64
    )


def _statement(data: dict[str, float], span: TimeSpan) -> str:
    light = "dark" if data["luma"] < 45 else "dim" if data["luma"] < 80 else "well lit"
    return (
        f"A {light} scene of {span.duration:.1f} s (mean brightness {data['luma']:.0f} of 255); "
        f"{data['objects']} things moved for a second or more, {data['density']:.1f} at a time on average; "
        f"{data['motion']:.1%} of the picture was in motion."
    )
