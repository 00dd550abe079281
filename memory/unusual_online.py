"""The comparison with normal life while the video comes in: no moment is judged by a later one."""

from __future__ import annotations

from collections import deque

import numpy as np

from panda_agent.memory.normality import SMOOTH_SECONDS, NormalityMemory
from panda_agent.memory.packed import PackedLooks
from panda_agent.memory.unusual import (
    BLOCK,
    HIGH,
    LOW,
    MAX_HZ,
    Moments,
    UnusualMotion,
    compare,
    extreme,
    own_memory,
)
from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.open_episode import is_news, so_far

CHAPTER = 1.0
"""Seconds of the curve that are told in one row."""
WIDTH = 2 * SMOOTH_SECONDS
"""Sigma of the half of a Gaussian that looks back: as many moments count as in the whole one of the offline curve."""
FIRST_FIT, NEXT_FIT = 10.0, 1.5
"""Without normal videos: the past is learnt after so many seconds, and again when it is so many times as long."""


class UnusualAsItComes(UnusualMotion):
    """Tells the curve second by second, and a stretch that stands out as soon as it does.

    Each point of the curve rests on what came before it (`live`): it counts from its own moment on. At the end it is
    all told once more as offline, in few rows.

    Args:
        rate: Frames per second.
        memory: What is normal for this camera; None compares with the past of this video, learnt anew now and then.
    """

    def __init__(self, rate: float, memory: NormalityMemory | None = None) -> None:
        super().__init__(rate, memory)
        self._usual = memory
        self._fit_at = FIRST_FIT
        self._recent: deque[tuple[float, float]] = deque()
        self._curve: list[tuple[float, float]] = []
        self._episode_so_far: list[tuple[Moments, float]] = []
        self._told: float | None = None

    def update(self, look: Look) -> list[Observation]:
        """Compare one moment with what is usual by now."""
        if look.time < self._due:
            return []
        self._due = look.time + 1.0 / MAX_HZ
        side = max(look.size)
        self._aspect = (side / look.size[0], side / look.size[1])
        cells = look.cells if self._memory is not None else extreme(look.cells)
        found: list[Observation] = []
        if self._usual is not None:
            moment = compare(self._usual, [cells])
            value = self._smoothed(look.time, float(moment["value"][0]))
            found = [*self._tell(look.time, value), *self._follow(moment, value)]
            self._keep(moment)
        if self._memory is None:
            self._looks.append(cells)
            self._learn(look.time)
        return found

    def finish(self) -> list[Observation]:
        """What is open, and everything once more as offline."""
        return [*self._close_chapter(), *self._close_episode(), *super().finish()]

    def _smoothed(self, time: float, value: float) -> float:
        self._recent.append((time, value))
        while self._recent[0][0] < time - 4 * WIDTH:
            self._recent.popleft()
        times, values = np.array(self._recent).T
        weights = np.exp(-0.5 * ((time - times) / WIDTH) ** 2)
        return float((weights * values).sum() / weights.sum())

    def _tell(self, time: float, value: float) -> list[Observation]:
        over = bool(self._curve) and int(self._curve[0][0] / CHAPTER) != int(time / CHAPTER)
        told = self._close_chapter() if over else []
        self._curve.append((time, value))
        return told

    def _close_chapter(self) -> list[Observation]:
        curve, self._curve = self._curve, []
        if not curve:
            return []
        times, values = zip(*curve, strict=True)
        row = self._chapter(list(times), np.array(values))
        row.data["live"] = True
        return [row]

    def _follow(self, moment: Moments, value: float) -> list[Observation]:
        """Tell of a stretch once it stands out, again while it lasts, and when it is over."""
        if value < LOW:
            return self._close_episode()
        self._episode_so_far.append((moment, value))
        start, now = (float(self._episode_so_far[i][0]["time"][0]) for i in (0, -1))
        if max(value for _, value in self._episode_so_far) < HIGH or not is_news(start, self._told, now):
            return []
        self._told = now
        return [so_far(self._row())]

    def _close_episode(self) -> list[Observation]:
        told = [self._row()] if any(value >= HIGH for _, value in self._episode_so_far) else []
        self._episode_so_far, self._told = [], None
        return told

    def _row(self) -> Observation:
        assert self._usual is not None
        moments, values = zip(*self._episode_so_far, strict=True)
        return self._episode(np.concatenate(moments), np.array(values), self._usual)

    def _keep(self, moment: Moments) -> None:
        """Normal videos: what `finish` tells all of it from."""
        if self._memory is not None:
            self._moments.append(moment)
            if len(self._moments) >= BLOCK:
                self._moments = [np.concatenate(self._moments)]

    def _learn(self, time: float) -> None:
        """No normal videos: learn what was usual so far."""
        if len(self._looks) >= BLOCK:
            self._clear()
        if time >= self._fit_at:
            self._fit_at = NEXT_FIT * time
            self._usual = own_memory([*self._packed, PackedLooks.of(self._looks)]) or self._usual
