"""The picture as it last stood still: each pixel keeps its last calm value, whatever moves in front of it now."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.medians import median

Frame = NDArray[np.uint8]
"""(h, w) or (h, w, 3)."""
Picture = NDArray[np.float32]
"""The same in fractions of grey levels."""

SETTLE_SECONDS = 3.0
"""A pixel is calm once it kept its value this long; smoke boils and people fidget, so they don't settle."""
CHANGE_NOISE = 8.0
"""Farther from the settled value than so many deviations of the noise is something else, even in a single frame."""
CHANGE_LEVELS = (12.0, 28.0)
"""Bounds of the same, grey levels: below, compression artefacts count; above, dark clothes on a dark road don't."""
DRIFT_SECONDS = 5.0
"""Time in which a settled pixel follows slow changes of light."""
GAIN_RANGE = (0.5, 2.0)
"""Exposure steps beyond one stop are a change of light that the picture has to settle to anew."""


class Settled:
    """Keeps the settled picture, and for each pixel what it showed before and since when it changed.

    The first frame counts as settled, so that what happens in a video's first second is seen too. A common
    gain of what is uncovered is taken out first: cameras adapt their exposure when a bright car passes.
    Consistency over time in place of a learning rate follows Lin et al., "Abandoned object detection via
    temporal consistency modeling and back-tracing verification" (IEEE TIFS 2015), section III.
    """

    def __init__(self, first: Frame, time: float) -> None:
        shape = first.shape[:2]
        self.picture: Picture = first.astype(np.float32)
        """What is settled."""
        self.gain = 1.0
        """Present exposure, as a factor on the settled picture."""
        self.change = CHANGE_LEVELS[0]
        """Grey levels beyond which a pixel of a single frame has changed."""
        self.before: Picture = self.picture.copy()
        """What each pixel showed before it settled last."""
        self.since: NDArray[np.float32] = np.full(shape, time, np.float32)
        """(h, w): seconds when what was settled before was last seen; the first frame's time where nothing changed."""
        self.before_since: NDArray[np.float32] = self.since.copy()
        """The same for `before`."""
        self.fresh: NDArray[np.bool_] = np.zeros(shape, np.bool_)
        """(h, w): what settled to something new in the last update."""
        self.covered_at: NDArray[np.float32] = np.full(shape, np.inf, np.float32)
        """(h, w): seconds since when something else is in front; infinite where nothing is."""
        self._run = self.picture.copy()
        self._calm = np.zeros(shape, np.float32)
        self._time, self._looks = time, 1

    def update(self, frame: Frame, time: float) -> NDArray[np.bool_]:
        """Take a frame of the first one's shape; returns where (h, w) it differs from what is expected."""
        step = max(1e-3, time - self._time)
        self._time, self._looks = time, self._looks + 1
        self._rest(frame, step)
        self.gain = self._exposure(frame)
        expected = self.expected()
        covered = distance(frame, expected) > self.change
        # The running mean holds a third of the noise, so that a dark bag in a dark street shows in it.
        other = distance(_levels(self._run), expected) > max(self.change / 2, CHANGE_LEVELS[0] * 0.75)
        self.covered_at = np.where(other, np.minimum(self.covered_at, np.float32(time)), np.float32(np.inf))
        self._settle(other & (self._calm >= SETTLE_SECONDS), time)
        # The first looks are averaged, because a single frame holds its noise.
        follow = min(1.0, max(step / DRIFT_SECONDS, 1.0 / self._looks))
        cv2.accumulateWeighted(frame, self.picture, follow, mask=(~(covered | other)).view(np.uint8))
        return covered

    def expected(self) -> Frame:
        """The settled picture at the present exposure."""
        return _levels(self.picture, self.gain)

    def _rest(self, frame: Frame, step: float) -> None:
        away = distance(frame, _levels(self._run))
        # Median |x - mean| of normal noise is 0.67 deviations; one pixel in fifteen is plenty.
        self.change = float(np.clip(CHANGE_NOISE * median(away[::5, ::3]) / 0.67, *CHANGE_LEVELS))
        same = away < self.change / 2
        self._calm = (self._calm + np.float32(step)) * same
        cv2.accumulateWeighted(frame, self._run, 0.2, mask=same.view(np.uint8))
        np.copyto(self._run, frame, where=_broad(~same, frame))

    def _exposure(self, frame: Frame) -> float:
        """Median ratio of the uncovered pixels to their settled values (one pixel in fifteen is plenty)."""
        settled = self.picture[::5, ::3]
        usable = _broad(np.isinf(self.covered_at[::5, ::3]), settled) & (settled > 8)
        ratio = (frame[::5, ::3] / np.maximum(settled, 1))[usable]
        return float(np.clip(median(ratio), *GAIN_RANGE)) if ratio.size > 50 else 1.0

    def _settle(self, fresh: NDArray[np.bool_], time: float) -> None:
        self.fresh = fresh
        if fresh.any():
            self.before[fresh] = self.picture[fresh]
            self.before_since[fresh] = self.since[fresh]
            self.picture[fresh] = self._run[fresh]
            self.since[fresh] = self.covered_at[fresh]


def distance(a: Frame, b: Frame) -> NDArray[np.uint8]:
    """Absolute difference (h, w) of two frames in grey levels; of colours, the channel that differs most."""
    apart = cv2.absdiff(a, b)
    if apart.ndim == 2:
        return np.asarray(apart, np.uint8)
    red, green, blue = cv2.split(apart)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _levels(picture: Picture, gain: float = 1.0) -> Frame:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


def _broad(mask: NDArray[np.bool_], like: NDArray[np.generic]) -> NDArray[np.bool_]:
    return mask if like.ndim == 2 else mask[..., None].repeat(like.shape[2], axis=2)
