"""The picture as it last stood still: each pixel keeps its last calm value, whatever moves in front of it now."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

SETTLE_SECONDS = 3.0
"""A pixel is calm once it kept its value this long; smoke boils and people fidget, so they don't settle."""
CHANGE_NOISE = 8.0
"""Farther from the settled value than so many deviations of the noise is something else; half of it is still calm."""
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

    def __init__(self, first: NDArray[np.uint8], time: float) -> None:
        self.picture: Picture = first.astype(np.float32)
        """What is settled, (h, w), grey levels."""
        self.expected: Picture = self.picture.copy()
        """The settled picture at the present exposure."""
        self.before: Picture = self.picture.copy()
        """What each pixel showed before it settled last."""
        self.since: NDArray[np.float32] = np.full(first.shape, time, np.float32)
        """Seconds when it took its settled value; the first frame's time where it never changed."""
        self.before_since: NDArray[np.float32] = self.since.copy()
        """The same for `before`."""
        self.fresh: NDArray[np.bool_] = np.zeros(first.shape, np.bool_)
        """What settled to something new in the last update."""
        self._run = self.picture.copy()
        self._calm = np.zeros(first.shape, np.float32)
        self._covered = np.zeros(first.shape, np.bool_)
        self._covered_at = self.since.copy()
        self._time = time
        self._looks = 1
        self.change = CHANGE_LEVELS[0]
        """Grey levels beyond which a pixel has changed."""

    def update(self, gray: NDArray[np.uint8], time: float) -> NDArray[np.bool_]:
        """Take a frame (h, w); returns where it differs from what is expected."""
        step = max(1e-3, time - self._time)
        self._time = time
        now = gray.astype(np.float32)
        self._rest(now, step)
        self.expected = self.picture * self._gain(now)
        covered = np.asarray(cv2.absdiff(now, self.expected) > self.change)
        self._covered_at[covered & ~self._covered] = time
        self._covered = covered
        self._looks += 1
        # The first looks are averaged, because a single frame holds its noise.
        follow = np.float32(min(1.0, max(step / DRIFT_SECONDS, 1.0 / self._looks)))
        self.picture += np.where(self._covered, np.float32(0), follow) * (now - self.picture)
        self._settle(self._covered & (self._calm >= SETTLE_SECONDS), time)
        return self._covered

    def _rest(self, now: Picture, step: float) -> None:
        away = cv2.absdiff(now, self._run)
        # Median |x - mean| of normal noise is 0.67 deviations; one pixel in fifteen is plenty.
        self.change = float(np.clip(CHANGE_NOISE * np.median(away[::5, ::3]) / 0.67, *CHANGE_LEVELS))
        same = away < self.change / 2
        self._calm = np.where(same, self._calm + np.float32(step), np.float32(0))
        self._run = np.where(same, self._run + np.float32(0.2) * (now - self._run), now)

    def _gain(self, now: Picture) -> np.float32:
        """Median ratio of the uncovered pixels to their settled values (one pixel in fifteen is plenty)."""
        usable = ~self._covered[::5, ::3] & (self.picture[::5, ::3] > 8)
        if usable.sum() < 50:
            return np.float32(1)
        return np.float32(np.clip(np.median((now[::5, ::3] / (self.picture[::5, ::3] + 1e-3))[usable]), *GAIN_RANGE))

    def _settle(self, fresh: NDArray[np.bool_], time: float) -> None:
        self.fresh = fresh
        self.before[fresh] = self.picture[fresh]
        self.before_since[fresh] = self.since[fresh]
        self.picture[fresh] = self._run[fresh]
        self.since[fresh] = np.maximum(time - self._calm[fresh], self._covered_at[fresh])
