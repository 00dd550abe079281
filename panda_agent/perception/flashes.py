"""Flashes: sudden brightening that passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.types import Region, TimeSpan

Small = NDArray[np.float32]
"""(h, w): the gray picture at a quarter of its sides, grey levels."""

FLASH_LEVELS = 40.0
"""Grey levels by which a spot must brighten from one frame to the next."""
FLASH_AREA = 0.004
"""Share of the picture that must, at least; gun flashes near the camera start here."""
FLASH_SECONDS = 1.0
"""What stays brighter for longer is no flash."""
RISE_SECONDS = 0.12
"""A flash may grow for a frame or two."""
HOMECOMING = 0.6
"""Share of the spot that must look as before afterwards; behind a passing white van it does too."""
LEAST_THICK = 0.4
"""Strips along the edges of what moves (or of everything, where the camera shakes) stay below; see the class."""
MOST_LEFT = 0.3
"""Share of the spot that may be bright nearby once the spot is dark again."""


def _small(look: Look) -> Small:
    height, width = look.gray.shape
    return np.asarray(
        cv2.resize(look.gray, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA), np.float32
    )


@dataclass(slots=True)
class _Flash:
    start: float
    before: Small
    spot: NDArray[np.bool_]
    rise: float
    peak: float
    lit: float


class Flashes:
    """Finds what lights up for a moment: explosions, muzzle flashes, lightning, short circuits.

    A flash brightens a compact spot within a frame or two and lets go of it in place. What a bright thing covers
    from one frame to the next is a thin strip along its front instead, so `thick` (diameter of the largest circle
    in the spot over the square root of its area; a disc has 1.1, a strip of one to ten 0.3) tells them apart.

    Args:
        rate: Frames per second that `update` is called with.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "flash": ("area", "rise", "peak", "seconds", "thick", "lit", "returned"),
    }

    def __init__(self, rate: float) -> None:
        self._last: Small | None = None
        self._flash: _Flash | None = None

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a flash is reported once it is over."""
        now, before = _small(look), self._last
        self._last = now
        if before is None:
            return []
        if self._flash is not None:
            return self._follow(look, now)
        step = now - before
        spot = step > FLASH_LEVELS
        if np.count_nonzero(spot) >= FLASH_AREA * spot.size:
            self._flash = _flash(look.time, before, now, spot)
        return []

    def finish(self) -> list[Observation]:
        """A flash that had not ended by the end of the video can't be told from a light that went on."""
        return []

    def _follow(self, look: Look, now: Small) -> list[Observation]:
        flash = self._flash
        assert flash is not None
        left = float((now - flash.before)[flash.spot].mean())
        if left > flash.rise and look.time - flash.start <= RISE_SECONDS:
            # Still rising. Later it could be a bright thing that moves on.
            self._flash = _flash(flash.start, flash.before, now, (now - flash.before) > FLASH_LEVELS)
        elif left < flash.rise / 3:
            self._flash = None
            return _flash_seen(flash, now, look)
        elif look.time - flash.start > FLASH_SECONDS:
            self._flash = None
        return []


def _flash(start: float, before: Small, now: Small, spot: NDArray[np.bool_]) -> _Flash:
    rise = now - before
    elsewhere = cv2.dilate(spot.view(np.uint8), np.ones((9, 9), np.uint8)) == 0
    lit = float((rise[elsewhere] > 4).mean()) if elsewhere.any() else 1.0
    return _Flash(start, before, spot, float(rise[spot].mean()), float(np.percentile(now[spot], 90)), lit)


def _moved_on(flash: _Flash, now: Small) -> bool:
    """Whether what had lit up is bright still, but beside its place: a white van, not a flash."""
    ys, xs = np.nonzero(flash.spot)
    reach = max(int(np.ptp(ys)), int(np.ptp(xs))) + 1
    part = np.s_[max(0, ys.min() - reach) : ys.max() + reach, max(0, xs.min() - reach) : xs.max() + reach]
    bright = int(np.count_nonzero((now - flash.before)[part] > FLASH_LEVELS))
    return bright > MOST_LEFT * int(np.count_nonzero(flash.spot))


def _flash_seen(flash: _Flash, now: Small, look: Look) -> list[Observation]:
    returned = float((np.abs(now - flash.before)[flash.spot] < FLASH_LEVELS / 2).mean())
    spot = flash.spot.view(np.uint8)
    deepest = float(cv2.distanceTransform(np.pad(spot, 1), cv2.DIST_L2, 5).max())
    thick = 2 * deepest / float(np.sqrt(np.count_nonzero(spot)))
    if returned < HOMECOMING or thick < LEAST_THICK or _moved_on(flash, now):
        return []
    area, seconds = float(spot.mean()), look.time - flash.start
    ys, xs = np.nonzero(spot)
    height, width = spot.shape
    data: dict[str, JsonValue] = {
        "area": round(area, 4),
        "rise": round(flash.rise / 255, 3),
        "peak": round(flash.peak / 255, 3),
        "seconds": round(seconds, 2),
        "thick": round(thick, 3),
        "lit": round(flash.lit, 3),
        "returned": round(returned, 3),
    }
    return [
        Observation(
            kind="flash",
            span=TimeSpan(start=round(flash.start, 3), end=round(look.time, 3)),
            statement=f"{area:.1%} of the picture flashes up by {flash.rise / 255:.0%} of white for {seconds:.2f} s.",
            data=data,
            region=Region.of_pixels((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), width, height),
            score=round(min(1.0, flash.rise / 128), 3),
        )
    ]
