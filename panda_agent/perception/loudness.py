"""How loud sound is over time: levels, stretches of silence, sudden rises."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

WINDOW = 0.05
"""Seconds of one level."""
COVERED = 0.5
"""Share of a window that must hold samples."""
FLOOR = -100.0
"""dBFS of digital silence."""
HISTORY = 3.0
"""Seconds before a rise that it is compared with …"""
MIN_HISTORY = 0.5
"""… and how many of them there must be."""
JUST_BEFORE = (0.1, 0.5)
"""Seconds before a rise within which it was not yet loud."""
AUDIBLE = -50.0
"""dBFS below which a rise is none."""
PAUSE = 0.3
"""Seconds back at a lower level after which a rise is over."""
NEW_NORMAL = 5.0
"""Seconds after which a level is no rise any more but how it is now."""


@dataclass(frozen=True, slots=True)
class Level:
    """Loudness of one window."""

    time: float
    """Seconds of its start."""
    power: float
    """Mean square over samples and channels, less any constant offset; 1.0 is a square wave at full scale."""
    peak: float
    """Largest sample, 0..1."""

    @property
    def db(self) -> float:
        """Level in dBFS (root mean square; a sine at full scale has -3)."""
        return decibels(self.power)

    @property
    def end(self) -> float:
        """Seconds of its end."""
        return self.time + WINDOW


def decibels(power: float) -> float:
    """A mean square as dBFS, not below `FLOOR`."""
    return FLOOR if power <= 0 else max(FLOOR, 10 * math.log10(power))


class Meter:
    """Turns samples into levels, one a window of the video's time; a window with hardly any samples has none."""

    def __init__(self) -> None:
        self._index: int | None = None
        self._count = 0
        self._sums: NDArray[np.float64] = np.zeros((0, 2))
        self._peak = 0.0
        self._rate = 1

    def update(self, time: float, samples: NDArray[np.float32], rate: int) -> Iterator[Level]:
        """Take samples in order of time; yields the levels that are complete.

        Args:
            time: Seconds of the first sample.
            samples: (channels, n), -1..1.
            rate: Samples a second.
        """
        # A thousandth of a sample, so that rounding moves none over the border of a window.
        windows = np.floor((time + (np.arange(samples.shape[1]) + 1e-3) / rate) / WINDOW).astype(np.int64)
        starts = np.flatnonzero(np.diff(windows, prepend=windows[:1] - 1))
        for start, stop in zip(starts, [*starts[1:], len(windows)], strict=True):
            part = samples[:, start:stop].astype(np.float64)
            if self._index != windows[start] or len(self._sums) != len(part) or self._rate != rate:
                yield from self.finish()
                self._index, self._rate, self._sums = int(windows[start]), rate, np.zeros((len(part), 2))
            self._count += part.shape[1]
            self._sums += np.stack([part.sum(axis=1), (part * part).sum(axis=1)], axis=1)
            self._peak = max(self._peak, float(np.abs(part).max()))

    def finish(self) -> Iterator[Level]:
        """The window that was still open."""
        if self._index is not None and self._count >= COVERED * WINDOW * self._rate:
            mean, square = (self._sums / self._count).T
            power = float(np.maximum(square - mean * mean, 0.0).mean())
            yield Level(round(self._index * WINDOW, 3), power, self._peak)
        self._index, self._count, self._peak = None, 0, 0.0


@dataclass
class Quiet:
    """A stretch of silence."""

    start: float
    end: float
    loudest: float
    """dBFS."""


class Silences:
    """Finds stretches in which no level reaches a limit.

    Args:
        below: The limit, dBFS.
        least: Seconds that a stretch must last.
    """

    def __init__(self, below: float, least: float) -> None:
        self._below, self._least = below, least
        self._open: Quiet | None = None

    def update(self, level: Level) -> list[Quiet]:
        """Take the next level; returns the stretch that ended with it, if it was long enough."""
        quiet = level.db < self._below
        if self._open is not None and quiet and level.time - self._open.end < WINDOW:
            self._open.end, self._open.loudest = level.end, max(self._open.loudest, level.db)
            return []
        found = self.finish()
        self._open = Quiet(level.time, level.end, level.db) if quiet else None
        return found

    def finish(self) -> list[Quiet]:
        """The stretch that was still open, if it was long enough."""
        last, self._open = self._open, None
        return [last] if last is not None and last.end - last.start >= self._least - WINDOW / 2 else []


@dataclass
class Rise:
    """A sudden rise of the level, and how long it lasted."""

    before: float
    """dBFS: the median of the seconds before."""
    levels: list[Level] = field(default_factory=list)

    @property
    def loudest(self) -> float:
        """Level of its loudest window, dBFS."""
        return max(level.db for level in self.levels)


class Onsets:
    """Finds sudden rises: a level well above those of the seconds before, and above all of the last moment.

    Args:
        rise: How far above, dB; half of it above the last moment.
    """

    def __init__(self, rise: float) -> None:
        self._rise = rise
        self._history: deque[Level] = deque()
        self._open: Rise | None = None

    def update(self, level: Level) -> list[Rise]:
        """Take the next level; returns the rise that is over."""
        rise = self._open
        before = self._sudden(level, self._history if rise is None else rise.levels)
        if before is not None:
            found = self.finish()
            self._open = Rise(before, [level])
            return found
        if rise is None:
            self._remember(level)
            return []
        return self._follow(rise, level)

    def finish(self) -> list[Rise]:
        """The rise that was still open, up to its last loud level; what came after is compared with from now on."""
        last, self._open = self._open, None
        if last is None:
            return []
        loud = max(i for i, level in enumerate(last.levels) if level.db >= self._floor(last)) + 1
        settled = last.levels[-1].time - last.levels[0].time > NEW_NORMAL
        for level in last.levels if settled else last.levels[loud:]:
            self._remember(level)
        return [Rise(last.before, last.levels[:loud])]

    def _follow(self, rise: Rise, level: Level) -> list[Rise]:
        rise.levels.append(level)
        loud = max(one.time for one in rise.levels if one.db >= self._floor(rise))
        over = level.time - loud > PAUSE or level.time - rise.levels[0].time > NEW_NORMAL
        return self.finish() if over else []

    def _floor(self, rise: Rise) -> float:
        return rise.before + self._rise / 2

    def _sudden(self, level: Level, past: Iterable[Level]) -> float | None:
        """The usual level of some past ones, dBFS, if this one is far above it and above the last moment."""
        past = [one for one in past if level.time - one.time <= HISTORY]
        near, far = JUST_BEFORE
        last = [one.db for one in past if near <= level.time - one.time + 1e-6 <= far]
        if len(past) * WINDOW < MIN_HISTORY or not last or level.db - max(last) < self._rise / 2:
            return None
        before = float(np.median([one.db for one in past]))
        return before if level.db >= max(AUDIBLE, before + self._rise) else None

    def _remember(self, level: Level) -> None:
        self._history.append(level)
        while level.time - self._history[0].time > HISTORY:
            self._history.popleft()
