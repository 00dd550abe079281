"""What came to rest: foreground that keeps its look, since when, however often somebody walks past in front of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SAME = 14.0
"""Grey levels within which a pixel keeps its look; the background model takes as much for noise."""
SETTLED_SECONDS = 1.0
"""After so long a pixel rests; a passer-by at walking pace is past it by then."""
LEARNS = 0.2
"""Part of the way that what is kept goes towards what is seen, a look."""
BARE_LOOKS = 3
"""So many looks in a row at the bare ground mean that what rested is gone."""


class Resting:
    """Keeps, for each pixel, since when it rests.

    Args:
        gray: First picture (h, w).
        time: Its second.
    """

    def __init__(self, gray: Gray, time: float) -> None:
        self.since: NDArray[np.float32] = np.full(gray.shape, np.inf, np.float32)
        """(h, w) seconds; infinite where nothing rests."""
        self.shows: NDArray[np.float32] = gray.astype(np.float32)
        """What rests there, grey levels."""
        self.ground: NDArray[np.float32] = gray.astype(np.float32)
        """What was seen there without foreground, lately."""
        self._now = self.shows.copy()
        self._now_since: NDArray[np.float32] = np.full(gray.shape, time, np.float32)
        self._bare = np.zeros(gray.shape, np.uint8)

    def update(self, gray: Gray, moving: Mask, time: float) -> None:
        """Take a picture and its foreground, both (h, w)."""
        picture, still = gray.astype(np.float32), ~moving
        other = still | (cv2.absdiff(picture, self._now) >= SAME)
        cv2.accumulateWeighted(picture, self._now, LEARNS, mask=(~other).view(np.uint8))
        np.copyto(self._now, picture, where=other)
        np.copyto(self._now_since, np.float32(time), where=other)
        rests = moving & (self._now_since <= time - SETTLED_SECONDS)
        changed = np.isinf(self.since) | (cv2.absdiff(self._now, self.shows) >= SAME)
        np.copyto(self.since, self._now_since, where=rests & changed)
        np.copyto(self.shows, self._now, where=rests)
        cv2.accumulateWeighted(picture, self.ground, LEARNS, mask=still.view(np.uint8))
        self._bare = np.where(moving, 0, np.minimum(self._bare + 1, BARE_LOOKS)).astype(np.uint8)
        self.since[self._bare >= BARE_LOOKS] = np.inf
