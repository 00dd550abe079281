"""The picture as a camera gives it: frozen, black, blurred or covered."""

from __future__ import annotations

from collections import deque
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.pace import Pace, half
from panda_agent.perception.runs import Run

HZ = 5.0
CELLS = (8, 6)
"""Columns and rows in which sharpness and layout are compared."""
USUAL_LOOKS = 50
"""So many good looks (10 s) say what is usual."""
WARM_UP = 5
"""Looks before anything can be called unusual."""
BLACK_LUMA, BLACK_SPREAD = 24 / 255, 5 / 255
"""Black video has level 16 and no contrast; a dark night still has lamps and noise."""
DULL = 0.5
"""A cell that keeps less of its usual fine contrast is dull."""
DULL_SHARE = 0.6
"""Share of the cells that must be dull: a lorry in front hides less, or passes."""
SAME_LAYOUT = 0.6
"""Correlation of the coarse picture with the usual one, above which the view is still there behind the blur."""
TEXTURED = 2.5
"""Grey levels of fine contrast below which a cell has nothing to lose but noise."""
LEAST_TEXTURED = 6
"""So many of the 48 cells must have some."""
MOTION_LEVELS = 12
"""Grey levels by which a moving pixel differs from the frame before."""
FROZEN_LEVELS = 0.03
"""Mean difference of two frames in grey levels. Sensor noise makes more; yet coders skip still blocks (see `live`)."""


class _Sample(NamedTuple):
    luma: float
    spread: float
    fine: NDArray[np.float32]
    """(6, 8): fine contrast of each cell, grey levels."""
    coarse: NDArray[np.float32]
    """(6, 8): mean of each cell."""


class CameraState:
    """Reports stretches in which the picture says more about the camera than about the scene.

    A still scene is not a frozen one, but coders can make it bit-identical too. What tells them apart is what
    was going on: `live` is the mean frame difference of the ten seconds before, and `stopped` the share of the
    picture that still moved, away from its borders, in the last two frames that differed. Somebody frozen in the
    middle of a step leaves `stopped` above 0.001; who walks out of the picture leaves nothing (ABODA's fourth
    video stands bit-still for 2.7 s behind a man who left). Rules decide; nothing under a second is reported.

    Args:
        rate: Frames per second that `update` is called with.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "camera_frozen": ("change", "live", "stopped", "seconds"),
        "camera_black": ("luma", "spread", "seconds"),
        "camera_blurred": ("sharpness", "layout", "share", "seconds"),
        "camera_covered": ("sharpness", "layout", "share", "luma", "spread", "seconds"),
    }

    def __init__(self, rate: float) -> None:
        self._pace = Pace(HZ, rate)
        self._usual: deque[_Sample] = deque(maxlen=USUAL_LOOKS)
        self._frozen, self._is_black = _Frozen(rate), False
        self._black = Run("camera_black", 0.4, "The picture is black for {seconds} s (mean brightness {luma} of 1).")
        self._blurred = Run(
            "camera_blurred",
            1.0,
            "The picture is blurred for {seconds} s: {sharpness} of its usual fine contrast is left.",
        )
        self._covered = Run(
            "camera_covered",
            1.0,
            "Something covers {share} of the picture for {seconds} s; the usual view can't be seen.",
        )

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a state is reported when it ends."""
        found = self._frozen.update(look, self._is_black)
        if not self._pace.due(look.time):
            return found
        now = _sample(look.gray)
        black = self._is_black = now.luma < BLACK_LUMA and now.spread < BLACK_SPREAD
        dull = None if black or len(self._usual) < WARM_UP else self._dull(now)
        same = dull is not None and dull["layout"] >= SAME_LAYOUT
        if (dull is None and not black) or self._blurred.seconds + self._covered.seconds > USUAL_LOOKS / HZ * 3:
            self._usual.append(now)
        found += self._black.update(look.time, {"luma": now.luma, "spread": now.spread} if black else None)
        found += self._blurred.update(look.time, dull if same else None)
        cover = None if dull is None or same else dull | {"luma": now.luma, "spread": now.spread}
        return found + self._covered.update(look.time, cover)

    def finish(self) -> list[Observation]:
        """Return the states that had not ended."""
        return [*self._frozen.close(), *self._black.close(), *self._blurred.close(), *self._covered.close()]

    def _dull(self, now: _Sample) -> dict[str, float] | None:
        """How far most cells have lost their usual fine contrast, or nothing where they have not."""
        fine = np.median([sample.fine for sample in self._usual], axis=0)
        coarse = np.median([sample.coarse for sample in self._usual], axis=0)
        textured = fine > TEXTURED
        if textured.sum() < LEAST_TEXTURED:
            return None
        layout = float(np.corrcoef(now.coarse.ravel(), coarse.ravel())[0, 1]) if now.coarse.std() > 0 else 0.0
        ratio = now.fine[textured] / fine[textured]
        if layout >= SAME_LAYOUT:
            # Dusk dims edges and areas alike: a blur takes more from the edges than from the whole picture.
            ratio /= min(1.0, max(0.3, now.spread / float(np.median([sample.spread for sample in self._usual]))))
        share = float((ratio < DULL).mean())
        return {"sharpness": float(np.median(ratio)), "layout": layout, "share": share} if share >= DULL_SHARE else None


class _Frozen:
    """Frames that don't differ."""

    def __init__(self, rate: float) -> None:
        self._run = Run(
            "camera_frozen", 1.0, "The picture doesn't change for {seconds} s ({change} grey levels a frame)."
        )
        self._last: NDArray[np.uint8] | None = None
        self._changes: deque[float] = deque(maxlen=max(10, round(10 * rate)))
        self._moving: deque[float] = deque(maxlen=2)
        self._before = {"live": 0.0, "stopped": 0.0}

    def update(self, look: Look, black: bool) -> list[Observation]:
        last, self._last = self._last, look.gray
        if last is None:
            return []
        steps = cv2.absdiff(look.gray, last)
        change = float(cv2.mean(steps)[0])
        if change > FROZEN_LEVELS or black:
            height, width = steps.shape
            inner = steps[height // 10 : height - height // 10, width // 10 : width - width // 10]
            self._changes.append(change)
            self._moving.append(float((inner > MOTION_LEVELS).mean()))
            return self._run.update(look.time, None)
        if self._run.seconds == 0.0:
            self._before = {"live": _median(self._changes), "stopped": max(self._moving, default=0.0)}
        return self._run.update(look.time, {"change": change, **self._before})

    def close(self) -> list[Observation]:
        return self._run.close()


def _sample(gray: NDArray[np.uint8]) -> _Sample:
    gray = half(gray)
    fine = cv2.absdiff(gray, cv2.blur(gray, (3, 3)))
    mean, deviation = cv2.meanStdDev(gray)
    return _Sample(
        luma=float(mean[0, 0]) / 255,
        spread=float(deviation[0, 0]) / 255,
        fine=np.asarray(cv2.resize(fine.astype(np.float32), CELLS, interpolation=cv2.INTER_AREA), np.float32),
        coarse=np.asarray(cv2.resize(gray, CELLS, interpolation=cv2.INTER_AREA), np.float32),
    )


def _median(values: deque[float]) -> float:
    return float(np.median(values)) if values else 0.0
