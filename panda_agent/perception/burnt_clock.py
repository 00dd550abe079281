"""A clock in the picture: text that counts up as the video goes on."""

from __future__ import annotations

import re

_TIME = re.compile(r"([01]?\d|2[0-3])[:;.]([0-5]\d)[:;.]([0-5]\d)")
MIN_READINGS, MIN_SECONDS = 3, 2.0
"""Readings that must agree, and the time they must span."""
AGREE = 0.6
"""Share of the readings that must agree: some are misread."""
MOST = 64
"""Different offsets that are kept; a clock has one."""


def seconds_in(text: str) -> int | None:
    """Seconds since midnight that a text shows; None where it shows no time of day with seconds."""
    found = _TIME.search(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


class ClockTest:
    """Whether what stands at one place is a clock: shown time less video time stays the same."""

    def __init__(self) -> None:
        self._readings = 0
        self._offsets: dict[int, tuple[int, float, float]] = {}
        """Readings, first and last second of the video, by whole seconds of offset."""

    def update(self, time: float, text: str) -> None:
        """Take what was read at a second of the video."""
        self._readings += 1
        shown = seconds_in(text)
        if shown is None:
            return
        offset = int((shown - time) // 1)
        count, first, _ = self._offsets.get(offset, (0, time, time))
        if count or len(self._offsets) < MOST:
            self._offsets[offset] = (count + 1, first, time)

    @property
    def counts_up(self) -> bool:
        """Whether it is a clock, by now."""
        return any(self._agrees(offset) for offset in self._offsets)

    def _agrees(self, offset: int) -> bool:
        """A clock's whole seconds change between two frames, so its offset lies within two neighbouring seconds."""
        near = [self._offsets[one] for one in (offset, offset + 1) if one in self._offsets]
        count = sum(readings for readings, _, _ in near)
        seconds = max(last for _, _, last in near) - min(first for _, first, _ in near)
        return count >= max(MIN_READINGS, AGREE * self._readings) and seconds >= MIN_SECONDS
