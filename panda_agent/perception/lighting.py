"""Lights that go on or off: lasting jumps of the brightness of the whole picture."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.look import Look
from panda_agent.perception.medians import median
from panda_agent.perception.observation import Observation
from panda_agent.perception.pace import Pace
from panda_agent.types import TimeSpan

HZ = 4.0
JUMP_LEVELS, JUMP_STOPS = 12.0, 0.25
"""A jump changes the median brightness by so many grey levels and so many stops (factors of two)."""
LEAST_SECONDS = 2.0
"""How long it must last; a bright car makes the camera adapt for about as long as it is there."""
LONGEST = 10.0
"""A jump is reported after so long even where the light doesn't come back; then it is the usual level."""
FOLLOW_SECONDS = 10.0
"""Time in which the usual level follows daylight and clouds."""


class _Level(NamedTuple):
    time: float
    luma: float
    """Median grey level."""
    picture: NDArray[np.float32]
    """Gray at a quarter of the sides."""


class Lighting:
    """Watches the median brightness for jumps that last.

    The light of a scene changes everywhere at once (`share`) and keeps the pattern of its edges (`pattern`, the
    correlation of the fine texture before and after); a cut or a covered lens doesn't.

    Args:
        rate: Frames per second that `update` is called with.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "brightness_jump": (
            "luma_from",
            "luma_to",
            "stops",
            "direction",
            "rise_seconds",
            "seconds",
            "share",
            "pattern",
            "back",
        ),
    }

    def __init__(self, rate: float) -> None:
        self._pace = Pace(HZ, rate)
        self._usual: _Level | None = None
        self._jump: list[_Level] = []

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a jump is reported when the light is back, or has stayed for long."""
        if not self._pace.due(look.time):
            return []
        level = _level(look)
        if self._usual is None:
            self._usual = level
            return []
        if not _jumped(self._usual.luma, level.luma):
            found = self._close(back=True)
            follow = 1.0 / (FOLLOW_SECONDS * HZ)
            self._usual = level._replace(luma=self._usual.luma + follow * (level.luma - self._usual.luma))
            return found
        self._jump.append(level)
        return self._close(back=False) if level.time - self._jump[0].time >= LONGEST else []

    def finish(self) -> list[Observation]:
        """Return a jump that had lasted to the end."""
        return self._close(back=False)

    def _close(self, back: bool) -> list[Observation]:
        jump, self._jump = self._jump, []
        if not jump or self._usual is None or jump[-1].time - jump[0].time < LEAST_SECONDS:
            return []
        seen = _report(self._usual, jump, back)
        self._usual = self._usual if back else jump[-1]
        return [seen]


def _level(look: Look) -> _Level:
    height, width = look.gray.shape
    size = (max(1, width // 4), max(1, height // 4))
    picture = cv2.resize(look.gray, size, interpolation=cv2.INTER_AREA)
    return _Level(look.time, median(picture), np.asarray(picture, np.float32))


def _stops(before: float, after: float) -> float:
    # Black video holds level 16, and a few levels more are noise.
    return float(np.log2(max(after, 8.0) / max(before, 8.0)))


def _jumped(before: float, after: float) -> bool:
    return abs(after - before) >= JUMP_LEVELS and abs(_stops(before, after)) >= JUMP_STOPS


def _report(usual: _Level, jump: list[_Level], back: bool) -> Observation:
    settled = float(np.median([level.luma for level in jump]))
    after = min(jump, key=lambda level: abs(level.luma - settled))
    rise = next(level.time for level in jump if abs(level.luma - usual.luma) >= 0.8 * abs(settled - usual.luma))
    direction = 1.0 if settled > usual.luma else -1.0
    start, end = jump[0].time, jump[-1].time
    data: dict[str, JsonValue] = {
        "luma_from": round(usual.luma / 255, 3),
        "luma_to": round(settled / 255, 3),
        "stops": round(_stops(usual.luma, settled), 2),
        "direction": int(direction),
        "rise_seconds": round(rise - usual.time, 2),
        "seconds": round(end - start, 2),
        "share": round(float((direction * (after.picture - usual.picture) > JUMP_LEVELS / 4).mean()), 3),
        "pattern": round(_pattern(usual.picture, after.picture), 3),
        "back": int(back),
    }
    word = "brighter" if direction > 0 else "darker"
    return Observation(
        kind="brightness_jump",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=(
            f"The picture becomes {word} by {abs(_stops(usual.luma, settled)):.1f} stops "
            f"(median {data['luma_from']} to {data['luma_to']} of 1) within {data['rise_seconds']} s, "
            f"for {data['seconds']} s."
        ),
        data=data,
        score=round(min(1.0, abs(_stops(usual.luma, settled)) / 2), 3),
    )


def _pattern(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Correlation of the fine texture of two pictures; 1 where only the light differs."""
    fine = [picture - cv2.GaussianBlur(picture, (0, 0), 2.0) for picture in (before, after)]
    energy = float(np.sqrt((fine[0] ** 2).sum() * (fine[1] ** 2).sum()))
    return float((fine[0] * fine[1]).sum()) / max(energy, 1e-6)
