"""Zones at work: who was inside a named area and for how long, and who crossed a line which way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.tracks import Track
from panda_agent.types import TimeSpan, Zone

MIN_HITS = 5
"""Tracks seen less often are noise."""
DIRECTIONS = {"right": (1.0, 0.0), "left": (-1.0, 0.0), "down": (0.0, 1.0), "up": (0.0, -1.0)}

Path = NDArray[np.float64]
"""(n, 3): seconds, and the point where an object meets the ground (x, y as shares of the picture)."""


class Zones:
    """Follows tracks through named areas and over lines; what stands on the ground is where its box ends below.

    Args:
        rate: Frames per second; unused, every filter is made the same way.
        zones: Areas and lines; zones to ignore are left to the foreground mask.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "zone_visit": ("zone", "track", "seconds"),
        "line_crossing": ("zone", "track", "direction"),
    }

    def __init__(self, rate: float, zones: Sequence[Zone] = ()) -> None:
        self._areas = [zone for zone in zones if zone.type == "area"]
        self._lines = [zone for zone in zones if zone.type == "line"]

    def update(self, look: Look) -> list[Observation]:
        """Report the visits and crossings of tracks that ended."""
        if not self._areas and not self._lines:
            return []
        return [seen for track in look.ended if len(track.rows) >= MIN_HITS for seen in self._of(track, look)]

    def finish(self) -> list[Observation]:
        """Nothing is open: a track is reported when it ends."""
        return []

    def _of(self, track: Track, look: Look) -> Iterator[Observation]:
        path = footprints(track, *look.size)
        for zone in self._areas:
            yield from _visits(track, path, zone, look)
        for zone in self._lines:
            yield from _crossings(track, path, zone, look)


def footprints(track: Track, width: int, height: int) -> Path:
    """Where an object touched the ground over time."""
    rows = track.array
    return np.stack([rows[:, 0], (rows[:, 1] + rows[:, 3]) / 2 / width, rows[:, 4] / height], axis=1)


def _visits(track: Track, path: Path, zone: Zone, look: Look) -> Iterator[Observation]:
    inside = [zone.holds(float(x), float(y)) for _, x, y in path]
    start = None
    for i, here in enumerate([*inside, False]):
        if here and start is None:
            start = i
        elif not here and start is not None:
            span = TimeSpan(start=round(float(path[start, 0]), 3), end=round(float(path[i - 1, 0]), 3))
            yield Observation(
                kind="zone_visit",
                span=span,
                statement=f"Object {track.id} is in zone '{zone.name}' for {span.duration:.1f} s.",
                data={"zone": zone.name, "track": track.id, "seconds": round(span.duration, 2)},
                region=look.region(_hull(track, start, i)),
                family="tracks",
            )
            start = None


def _crossings(track: Track, path: Path, line: Zone, look: Look) -> Iterator[Observation]:
    (ax, ay), (bx, by) = line.points
    side = np.sign((bx - ax) * (path[:, 2] - ay) - (by - ay) * (path[:, 1] - ax))
    for i in np.flatnonzero(side[1:] * side[:-1] < 0):
        before, after = path[i], path[i + 1]
        if not _between(line, before, after):
            continue
        direction = _direction(line, after[1:] - before[1:])
        if line.direction not in ("both", direction):
            continue
        when = round(float(after[0]), 3)
        yield Observation(
            kind="line_crossing",
            span=TimeSpan(start=round(float(before[0]), 3), end=when),
            statement=f"Object {track.id} crosses line '{line.name}' going {direction}.",
            data={"zone": line.name, "track": track.id, "direction": direction},
            region=look.region(tuple(track.array[i + 1, 1:5])),
            family="tracks",
        )


def _between(line: Zone, before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    """Whether the step meets the line between its ends, not on its extension."""
    (ax, ay), (bx, by) = line.points
    dx, dy = after[1] - before[1], after[2] - before[2]
    one = dx * (ay - before[2]) - dy * (ax - before[1])
    other = dx * (by - before[2]) - dy * (bx - before[1])
    return bool(one * other <= 0)


def _direction(line: Zone, step: NDArray[np.float64]) -> str:
    """The side a step goes to, square to the line: left or right for an upright line, up or down for a level one."""
    (ax, ay), (bx, by) = line.points
    upright = abs(by - ay) >= abs(bx - ax)
    names = ("right", "left") if upright else ("down", "up")
    return max(names, key=lambda name: float(np.dot(step, DIRECTIONS[name])))


def _hull(track: Track, start: int, stop: int) -> tuple[float, float, float, float]:
    boxes = track.array[start:stop, 1:5]
    x0, y0 = boxes[:, :2].min(axis=0)
    x1, y1 = boxes[:, 2:].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
