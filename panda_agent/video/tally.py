"""Keeps count, during one pass, of what could not be seen."""

from __future__ import annotations

from typing import Any

from panda_agent.types import TimeSpan, clock, merge_spans
from panda_agent.video.frame import ReadReport
from panda_agent.video.timeline import Timeline

BLIND_SECONDS = 1.5
"""A gap between pictures is blind if it is longer than this …"""
BLIND_GAPS = 5
"""… and longer than this many typical gaps."""
DURATION_SECONDS = 1.0
"""How far declared and decoded duration may differ without a word."""


class Tally:
    """Counts packets, damage and frames of one pass.

    Args:
        timeline: The pass's timeline; it learns of every packet from here.
    """

    def __init__(self, timeline: Timeline[Any]) -> None:
        self.notes: list[str] = []
        """Sentences for the report."""
        self._timeline = timeline
        self._packets = 0
        self._damaged_packets = 0
        self._frames = 0
        self._last = 0.0
        self._last_pts: int | None = None
        self._hurt_pts: int | None = None
        self._hurt_since: float | None = None
        self._damaged: list[TimeSpan] = []
        self._blind: list[TimeSpan] = []

    def packet(self, pts: int | None, dts: int | None) -> None:
        """A packet was read."""
        self._packets += 1
        self._last_pts = self._last_pts if pts is None else pts
        self._timeline.packet(pts, dts)

    def damage(self, pts: int | None = None) -> None:
        """A packet could not be read or decoded, or only by guessing."""
        self._damaged_packets += 1
        self._hurt_pts = self._last_pts if pts is None else pts
        if self._hurt_since is None:
            self._hurt_since = self._last

    def frame(self, time: float, pts: int | None, *, key: bool) -> None:
        """A frame was placed.

        Args:
            time: Seconds.
            pts: Its raw timestamp.
            key: It is an undamaged key frame, which ends the damage that came before it.
        """
        gap = self._timeline.gap
        if self._frames and time - self._last > max(BLIND_SECONDS, BLIND_GAPS * gap):
            self._blind.append(TimeSpan(start=self._last + gap, end=time))
        if key and (pts is None or self._hurt_pts is None or pts > self._hurt_pts):
            self._heal(time)
        self._frames += 1
        self._last = time

    def finish(self, declared: float | None) -> ReadReport:
        """Close the pass.

        Args:
            declared: The header's duration, seconds.
        """
        duration = self._timeline.end
        self._heal(duration)
        self._explain_times()
        if declared is not None:
            self._compare(declared, duration)
        return ReadReport(
            frames=self._frames,
            damaged_packets=self._damaged_packets,
            damaged_share=round(min(1.0, self._damaged_packets / max(1, self._packets)), 6),
            damaged=tuple(merge_spans(self._damaged)),
            blind=tuple(self._blind),
            duration=duration,
            notes=tuple(self.notes),
        )

    def _heal(self, time: float) -> None:
        if self._hurt_since is not None:
            self._damaged.append(TimeSpan(start=self._hurt_since, end=time))
            self._hurt_since = None

    def _explain_times(self) -> None:
        for moment, seconds in self._timeline.jumps:
            self.notes.append(f"timestamps jumped by {seconds:+.1f} s at {clock(moment)}, which is left out")
        if self._timeline.dropped:
            self.notes.append(f"frames left out because their timestamps stray: {self._timeline.dropped}")
        if self._timeline.derived:
            self.notes.append(f"frames without a timestamp, placed by the usual gap: {self._timeline.derived}")

    def _compare(self, declared: float, duration: float) -> None:
        # After a jump the header counts by another clock than ours.
        if self._timeline.jumps or self._timeline.dropped or abs(declared - duration) <= DURATION_SECONDS:
            return
        self.notes.append(f"declared {declared:.1f} s, decoded {duration:.1f} s")
        if declared > duration:
            self._blind.append(TimeSpan(start=duration, end=declared))
