"""Raw presentation timestamps become seconds that start at 0 and only rise."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from itertools import pairwise
from statistics import median_low
from typing import Generic, TypeVar

T = TypeVar("T")

JUMP = 5.0
"""Seconds: a longer step between neighbours is suspicious."""
PERSIST = 3
"""Frames that must agree on a new clock before the old one is given up."""
_SPARSE = 10
"""A step of fewer typical gaps than this is no jump: a time-lapse has long gaps everywhere."""
_RECENT = 101


class Timeline(Generic[T]):
    """Places items (frames) in time, one presentation timestamp after the other.

    A step fits if it goes forward by at most `JUMP` seconds, or if packets were seen all along the way (then frames
    were lost, but time was not). A stray timestamp that the next frames do not follow is dropped. One that
    `PERSIST` frames follow is a new clock: the video goes on from the last good moment. If those frames are
    themselves further apart than `JUMP`, the recording is sparse and its times are believed.

    All sums are made in whole ticks, so that a frame has the same time in every read.

    Args:
        tick: Seconds per tick, the stream's time base.
        gap: Ticks between frames by the header's word, used until the real gaps are known.
        base: Tick of second 0, the first decodable frame of the video.
        trusted: Believe every step that rises (the caller of the library gave the times).
    """

    def __init__(self, tick: Fraction, gap: int, *, base: int = 0, trusted: bool = False) -> None:
        self.jumps: list[tuple[float, float]] = []
        """(second, seconds jumped) of each new clock."""
        self.dropped = 0
        """Items with stray timestamps."""
        self.derived = 0
        """Items without a timestamp, placed one typical gap after the one before."""
        self._tick = tick
        self._limit = int(JUMP / tick)
        self._trusted = trusted
        self._gaps = deque([max(1, gap)], maxlen=_RECENT)
        self._shift = -base
        self._last: int | None = None
        self._seen: int | None = None
        self._packet: tuple[int, int] | None = None
        self._jumpy = False
        self._guessed = False
        self._strays: list[tuple[int, T]] = []

    @property
    def gap(self) -> float:
        """Typical gap between recent items, seconds."""
        return float(median_low(self._gaps) * self._tick)

    @property
    def end(self) -> float:
        """One typical gap after the last item, seconds."""
        return 0.0 if self._last is None else self._seconds(self._last + median_low(self._gaps))

    def packet(self, pts: int | None, dts: int | None) -> None:
        """Learn of the next packet, whether or not it can be decoded.

        Args:
            pts: When to show it.
            dts: When to decode it; rises from packet to packet, unless the clock itself jumps.
        """
        if pts is None:
            return
        if self._seen is None or self._seen < pts <= self._seen + self._limit:
            self._seen = pts
        dts = pts if dts is None else dts
        if self._packet is not None:
            last_pts, last_dts = self._packet
            self._jumpy |= not 0 <= dts - last_dts <= self._limit or abs(pts - last_pts) > self._limit
        self._packet = pts, dts

    def place(self, pts: int | None, item: T) -> list[tuple[float, T]]:
        """Take the next item; return (seconds, item) of all whose time is now certain, at most `PERSIST` of them."""
        guessed = pts is None
        if pts is None:
            self.derived += 1
            pts = self._guess()
        elif self._guessed and self._last is not None and not self._fits(pts - self._last, pts):
            self._restart(pts)  # the first timestamp after guessed ones is right, the guesses weren't
        self._guessed = guessed
        if self._last is None or self._fits(pts - self._last, pts):
            self._drop_strays()
            return [self._accept(pts, item)]
        if self._strays and pts <= self._strays[-1][0]:
            self._drop_strays()
        self._strays.append((pts, item))
        if len(self._strays) < PERSIST:
            return []
        if self._jumpy:
            return self._follow()
        self._drop_strays()  # packets came in good order: a damaged stream made the decoder confuse its pictures
        return []

    def finish(self) -> None:
        """The last item was placed: strays that nothing followed are dropped."""
        self._drop_strays()

    def _guess(self) -> int:
        if self._strays:
            return self._strays[-1][0] + median_low(self._gaps)
        return -self._shift if self._last is None else self._last + median_low(self._gaps)

    def _fits(self, step: int, pts: int) -> bool:
        if step <= 0:
            return False
        bridged = self._seen is not None and pts <= self._seen
        return self._trusted or step <= self._limit or bridged or step <= _SPARSE * median_low(self._gaps)

    def _accept(self, pts: int, item: T) -> tuple[float, T]:
        if self._last is not None:
            self._gaps.append(pts - self._last)
        self._last = pts
        self._seen = pts if self._seen is None else max(self._seen, pts)
        return self._seconds(pts), item

    def _follow(self) -> list[tuple[float, T]]:
        """Enough strays agree: start a new clock at the first of them, unless they are merely far apart."""
        strays, self._strays = self._strays, []
        first, last = strays[0][0], self._last or 0
        sparse = first > last and any(after[0] - before[0] > self._limit for before, after in pairwise(strays))
        if not sparse:
            self.jumps.append((self._seconds(last), float((first - last) * self._tick)))
            self._restart(first)
        return [self._accept(pts, item) for pts, item in strays]

    def _restart(self, first: int) -> None:
        """Let the tick `first` be one typical gap after the last item."""
        gap = median_low(self._gaps)
        self._shift += (self._last or 0) + gap - first
        self._last, self._seen = first - gap, first

    def _seconds(self, pts: int) -> float:
        return float((pts + self._shift) * self._tick)

    def _drop_strays(self) -> None:
        self.dropped += len(self._strays)
        self._strays.clear()
