"""Which frames to look at: an even choice by time."""

from __future__ import annotations

import math


class Thinner:
    """Chooses at most about `max_fps` frames a second, by their time alone.

    The first frame in each slot of 1/`max_fps` seconds is kept. Slots begin a quarter early, so that a rate equal to
    the video's own keeps every frame although its timestamps are rounded to milliseconds.

    Args:
        max_fps: Frames a second; None keeps all.
    """

    def __init__(self, max_fps: float | None) -> None:
        self._fps = max_fps
        self._slot: int | None = None

    def keeps(self, time: float) -> bool:
        """Whether to keep the frame at `time` (seconds); ask for every frame, in order."""
        slot = self._of(time)
        fresh = slot is None or slot != self._slot
        self._slot = slot
        return fresh

    def since(self, time: float) -> float:
        """From which second on frames must be asked for so that the choice is right from `time` on."""
        slot = self._of(time)
        return time if slot is None or self._fps is None else min(time, (slot - 0.25) / self._fps)

    def _of(self, time: float) -> int | None:
        return None if self._fps is None else math.floor(time * self._fps + 0.25)
