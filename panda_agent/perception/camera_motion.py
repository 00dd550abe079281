"""The camera's own motion: it pans, shakes, was turned to another view, or the video was cut."""

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
from panda_agent.perception.runs import Run
from panda_agent.types import TimeSpan

Small = NDArray[np.float32]
"""(h, w): the gray picture at a quarter of its sides."""

DRIFT = 0.03
"""Picture widths a second that all of the picture must move, to be the camera; a mast in the wind stays below."""
AGREE = 0.6
"""Share of the picture that must move that way."""
CUT_LEVELS, CUT_SHARE, CUT_LAYOUT = 20.0, 0.5, 0.5
"""A cut changes that share of the pixels by so many levels; the coarse pictures then correlate less than that."""
CONFIRM_SECONDS = 0.5
"""The change must still be there after so long."""
SETTLE_SECONDS = 1.0
"""A new view is one that has stood for so long."""
KNOWN = 0.5
"""Correlation of the fine texture with the usual view's, above which it is the same view."""
MOST_FINE = 5.0
"""Grey levels of fine texture beyond which more says nothing more."""
STEADY = 0.35
"""Correlation of two looks at a new view; people who walk through it take the rest."""
ALIGNED = 0.4
"""Correlation that the shifted view must reach with the old one, once the shift is undone."""
GAIN = 0.25
"""So much better must the two agree once the shift is undone; stripes agree under any shift along them."""
LEAST_SHIFT = 0.03
"""Picture widths by which a view must be shifted to have been moved."""


class CameraMotion:
    """Reports what the camera did.

    Args:
        rate: Frames per second that `update` is called with.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "camera_moving": ("speed", "agree", "turns", "seconds"),
        "camera_moved": ("shift", "shift_x", "shift_y", "pattern", "aligned"),
        "camera_cut": ("changed", "layout"),
    }

    def __init__(self, rate: float) -> None:
        self._pace = Pace(2.0, rate)
        self._moving = Run(
            "camera_moving", 0.5, "The camera moves for {seconds} s, at {speed} picture widths a second."
        )
        self._heading = np.zeros(2)
        self._last: Small | None = None
        self._cut: _Cut | None = None
        self._usual: Small | None = None
        self._odd: tuple[float, Small] | None = None
        self._rate = rate

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a move is reported when the picture stands again, a cut half a second after it."""
        picture = _small(look.gray)
        found = self._moving.update(look.time, self._drift(look)) + self._cuts(look.time, picture)
        if self._pace.due(look.time):
            found += self._views(look.time, picture)
        return found

    def finish(self) -> list[Observation]:
        """Return a move that had not ended."""
        return self._moving.close()

    def _drift(self, look: Look) -> dict[str, float] | None:
        """How the whole picture moves, where it does."""
        width = look.gray.shape[1]
        flow = look.flow[4::8, 4::8].reshape(-1, 2) / width
        heading = np.array([median(axis) for axis in flow.T])
        speed = float(np.hypot(*heading))
        agree = float((np.hypot(*(flow - heading).T) < max(0.3 * speed, DRIFT / 3)).mean())
        if speed < DRIFT or agree < AGREE:
            return None
        turns = float(heading @ self._heading < 0) * self._rate
        self._heading = heading
        return {"speed": speed, "agree": agree, "turns": turns}

    def _cuts(self, time: float, picture: Small) -> list[Observation]:
        """A sudden change of everything that is still there a moment later (a flash is not)."""
        last, self._last = self._last, picture
        if self._cut is not None and time - self._cut.time >= CONFIRM_SECONDS:
            cut, self._cut = self._cut, None
            return [_cut(cut)] if _changed(cut.before, picture) >= CUT_SHARE else []
        changed = 0.0 if last is None or self._cut is not None else _changed(last, picture)
        if last is None or changed < CUT_SHARE:
            return []
        layout = _correlation(_coarse(last), _coarse(picture))
        if layout < CUT_LAYOUT and min(float(last.std()), float(picture.std())) > CUT_LEVELS / 4:
            self._cut = _Cut(time, changed, layout, last)
        return []

    def _views(self, time: float, picture: Small) -> list[Observation]:
        """Another view that stands: the old one shifted."""
        fine = _fine(picture)
        if self._usual is None:
            self._usual = fine
        pattern = _correlation(fine, self._usual)
        if pattern >= KNOWN:
            self._usual, self._odd = self._usual + np.float32(0.05) * (fine - self._usual), None
            return []
        if self._odd is None or _correlation(fine, self._odd[1]) < STEADY:
            self._odd = (time, fine)
        usual, since, self._odd = self._usual, self._odd[0], (self._odd[0], fine)
        if time - since < SETTLE_SECONDS:
            return []
        shift, aligned = _shift(usual, fine)
        if aligned < max(ALIGNED, pattern + GAIN) or float(np.hypot(*shift)) < LEAST_SHIFT:
            return []
        self._usual, self._odd = fine, None
        return [_moved(since, time, shift, pattern, aligned)]


class _Cut(NamedTuple):
    time: float
    changed: float
    layout: float
    before: Small


def _cut(cut: _Cut) -> Observation:
    return Observation(
        kind="camera_cut",
        span=TimeSpan(start=round(cut.time, 3), end=round(cut.time + CONFIRM_SECONDS, 3)),
        statement=f"From one frame to the next {cut.changed:.0%} of the picture changes for good: the video was cut.",
        data={"changed": round(cut.changed, 3), "layout": round(cut.layout, 3)},
        score=round(cut.changed, 3),
    )


def _moved(since: float, time: float, shift: tuple[float, float], pattern: float, aligned: float) -> Observation:
    length = float(np.hypot(*shift))
    data: dict[str, JsonValue] = {
        "shift": round(length, 3),
        "shift_x": round(shift[0], 3),
        "shift_y": round(shift[1], 3),
        "pattern": round(pattern, 3),
        "aligned": round(aligned, 3),
    }
    return Observation(
        kind="camera_moved",
        span=TimeSpan(start=round(since, 3), end=round(time, 3)),
        statement=f"The camera was turned: its view stands {length:.0%} of the picture width from where it was.",
        data=data,
        score=round(min(1.0, length / 0.2), 3),
    )


def _small(gray: NDArray[np.uint8]) -> Small:
    height, width = gray.shape
    size = (max(1, width // 4), max(1, height // 4))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)


def _coarse(picture: Small) -> Small:
    return np.asarray(cv2.resize(picture, (8, 6), interpolation=cv2.INTER_AREA), np.float32)


def _fine(picture: Small) -> Small:
    """Fine texture, clipped so that a stream of walkers with sharp outlines doesn't outweigh the place itself."""
    return np.asarray(np.clip(picture - cv2.GaussianBlur(picture, (0, 0), 2.0), -MOST_FINE, MOST_FINE), np.float32)


def _changed(a: Small, b: Small) -> float:
    return float((cv2.absdiff(a, b) > CUT_LEVELS).mean())


def _correlation(a: Small, b: Small) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(1e-6, float(np.sqrt((a * a).sum() * (b * b).sum()))))


def _shift(before: Small, after: Small) -> tuple[tuple[float, float], float]:
    """Shift in picture widths by phase correlation, and the correlation of what both views share after undoing it."""
    height, width = before.shape
    (dx, dy), _ = cv2.phaseCorrelate(before, after, cv2.createHanningWindow((width, height), cv2.CV_32F))
    x, y = round(dx), round(dy)
    if abs(x) > width // 2 or abs(y) > height // 2:
        return (dx / width, dy / width), 0.0
    old = before[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    new = after[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    return (dx / width, dy / width), _correlation(old, new)
