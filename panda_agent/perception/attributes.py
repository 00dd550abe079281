"""What is told of each object that was followed: how fast, where to, how long, how unlike the others at its place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import JsonValue

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation, path_of
from panda_agent.perception.paths import Array, Joiner, Path
from panda_agent.perception.place_norms import Compared, PlaceNorms, compare
from panda_agent.perception.tracks import Track
from panda_agent.types import Region, TimeSpan

MIN_SECONDS = 0.6
"""Shorter paths are not reported: a speed needs a walking cycle."""
ENOUGH = 24
"""Paths that must be known before one is compared with the others; a shorter video is compared when it is over."""
HELD = 200
"""Paths that wait for that, at most."""
MIN_STOP_SPEED = 0.6
"""Slower objects don't stop, they pause; body lengths/s, about the pace of a stroll."""
STOPPED = 0.25
"""Part of the speed that is left after a stop."""
STOP_WINDOW = 0.4
"""Seconds over which speed is measured for stops."""
SPAN_SECONDS = 0.8
"""Time before and after a stop in which the object must have moved, and must rest."""
PROFILE_HZ, MOST_SAMPLES = 5.0, 600
MIN_WHOLE = 3
"""Boxes that the rim doesn't cut which are enough to go by."""

MAKES: dict[str, tuple[str, ...]] = {
    "track": (
        "track", "tracks", "hits", "seconds", "body", "speed", "top_speed", "heading", "straightness", "way", "dwell",
        "stops", "aspect", "aspect_change", "area", "born", "died", "others", "speed_here", "speed_ratio", "speed_rank",
        "speed_limit", "size_ratio", "size_rank", "against", "flow", "profile", "path",
    ),
    "stop": ("track", "tracks", "before", "after", "deceleration", "rest", "body", "speed_ratio", "size_ratio"),
}  # fmt: skip


class Attributes:
    """Filter of kinds `track` and `stop`.

    Args:
        rate: Perceived frames per second; unused, tracks carry their own time.
        norms: What is usual at each place, e.g. from normal videos; this video's objects are added to it.
        video: Tells objects of this video from those already in `norms`.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = MAKES

    def __init__(self, rate: float, norms: PlaceNorms | None = None, video: str = "") -> None:
        self.norms = PlaceNorms() if norms is None else norms
        self._video = video
        self._joiner = Joiner()
        self._held: list[Path] = []
        self._learnt = 0

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; an object is returned some seconds after it has left."""
        return self.follow(look.time, look.size, look.ended, look.live.values())

    def follow(
        self, time: float, size: tuple[int, int], ended: Sequence[Track], live: Iterable[Track]
    ) -> list[Observation]:
        """Take one moment.

        Args:
            time: Seconds.
            size: (width, height) of the picture, pixels.
            ended: Tracks that ended at this moment.
            live: Tracks that may go on.
        """
        done = self._joiner.update(time, size, ended, live)
        return self._take(done) if done else []

    def finish(self) -> list[Observation]:
        """Return the rest, compared with all that were seen."""
        self._hold(self._joiner.finish())
        return self._release()

    def _take(self, paths: Iterable[Path]) -> list[Observation]:
        self._hold(paths)
        return self._release() if self._learnt >= ENOUGH or len(self._held) > HELD else []

    def _hold(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if path.seconds >= MIN_SECONDS:
                self.learn(path)
                self._learnt += 1
                self._held.append(path)

    def _release(self) -> list[Observation]:
        held, self._held = self._held, []
        return [row for path in held for row in self.rows_of(path)]

    def learn(self, path: Path) -> None:
        """Remember where and how an object went."""
        self.norms.learn(path, self.owner_of(path))

    def rows_of(self, path: Path) -> list[Observation]:
        """What is reported of one object."""
        return describe(path, compare(path, self.norms, self.owner_of(path)))

    def owner_of(self, path: Path) -> str:
        """The object's name among all that `norms` knows."""
        return f"{self._video}#{path.tracks[0]}"


def describe(path: Path, compared: Compared | None) -> list[Observation]:
    """The `track` row of an object and a `stop` row for each time it stopped."""
    stops = find_stops(path)
    ratio: dict[str, float] = {}
    if compared is not None:
        ratio = {"speed_ratio": round(compared.speed_ratio, 3), "size_ratio": round(compared.size_ratio, 3)}
    return [_track(path, compared, len(stops)), *(_stop(path, stop, ratio) for stop in stops)]


@dataclass(frozen=True, slots=True)
class Stop:
    """An object that moved comes to rest."""

    start: float
    """Seconds: the last moment at full speed."""
    end: float
    """Seconds: at rest."""
    before: float
    """Body lengths/s."""
    after: float
    rest: float
    """Seconds it then stayed slower than half of its former speed, as far as it was followed."""

    @property
    def deceleration(self) -> float:
        """Body lengths/s²."""
        return (self.before - self.after) / max(self.end - self.start, STOP_WINDOW / 2)


def find_stops(path: Path) -> list[Stop]:
    """Moments at which an object falls from a steady pace to near rest, and stays so for a while.

    A stop counts only where the rim of the picture doesn't cut the box: who leaves seems to slow down.
    """
    speed = np.linalg.norm(path.velocity_over(STOP_WINDOW), axis=1) / path.body
    found: list[Stop] = []
    for i, time in enumerate(path.time):
        stop = _stop_at(path, speed, i)
        if stop is None:
            continue
        same = bool(found) and time <= found[-1].start + SPAN_SECONDS
        if not same:
            found.append(stop)
        elif stop.before - stop.after > found[-1].before - found[-1].after:
            found[-1] = stop
    return found


def _stop_at(path: Path, speed: Array, i: int) -> Stop | None:
    """The stop that begins at a row, if there is one."""
    time, start = path.time, float(path.time[i])
    before = _mean(time, speed, start - SPAN_SECONDS, start)
    after = _mean(time, speed, start + STOP_WINDOW, start + STOP_WINDOW + SPAN_SECONDS)
    cut = path.cut[(time >= start - SPAN_SECONDS) & (time <= start + STOP_WINDOW + SPAN_SECONDS)].any()
    if cut or not (before >= MIN_STOP_SPEED and after <= STOPPED * before):
        return None
    low = np.flatnonzero((time > start) & (speed <= STOPPED * before))
    end = float(time[low[0]]) if len(low) else start + STOP_WINDOW
    again = np.flatnonzero((time > end) & (speed > 0.5 * before))
    until = float(time[again[0]]) if len(again) else float(time[-1])
    return Stop(start, end, before, after, until - end)


def _mean(time: Array, values: Array, start: float, end: float) -> float:
    """Mean over [start, end]; not a number where that isn't covered."""
    inside = (time >= start - 1e-6) & (time <= end + 1e-6)
    if start < time[0] - 1e-6 or end > time[-1] + 1e-6 or not inside.any():
        return math.nan
    return float(values[inside].mean())


def _stop(path: Path, stop: Stop, ratio: dict[str, float]) -> Observation:
    data: dict[str, JsonValue] = {
        "track": path.tracks[0],
        "tracks": list(path.tracks),
        "before": round(stop.before, 3),
        "after": round(stop.after, 3),
        "deceleration": round(stop.deceleration, 3),
        "rest": round(stop.rest, 3),
        "body": round(path.body, 4),
        **ratio,
    }
    return Observation(
        kind="stop",
        span=TimeSpan(start=round(stop.start, 3), end=round(stop.end + stop.rest, 3)),
        statement=(
            f"object {path.tracks[0]} stops: from {stop.before:.1f} to {stop.after:.1f} body lengths/s within "
            f"{stop.end - stop.start:.1f} s ({stop.deceleration:.1f} body lengths/s²), then rests {stop.rest:.1f} s"
        ),
        data=data,
        region=_region(path, stop.start, stop.end + 0.5),
        score=round(min(1.0, stop.deceleration / 4.0), 4),
        family="tracks",
    )


def _track(path: Path, compared: Compared | None, stops: int) -> Observation:
    data = {
        **_own(path),
        "stops": stops,
        **({} if compared is None else _relative(compared)),
        "profile": _profile(path),
        "path": path_of(path.time, path.boxes * path.size[1], path.size),
    }
    return Observation(
        kind="track",
        span=TimeSpan(start=round(float(path.time[0]), 3), end=round(float(path.time[-1]), 3)),
        statement=_statement(path, compared),
        data=data,
        region=_region(path, path.time[0], path.time[-1]),
        score=None if compared is None else round(compared.speed_rank, 4),
        family="tracks",
    )


def _own(path: Path) -> dict[str, JsonValue]:
    whole = ~path.cut if (~path.cut).sum() >= MIN_WHOLE else np.ones(len(path.time), bool)
    low, high = np.quantile(path.aspect[whole], [0.1, 0.9])
    sides = path.boxes[:, 2:] - path.boxes[:, :2]
    return {
        "track": path.tracks[0],
        "tracks": list(path.tracks),
        "hits": len(path.time),
        "seconds": round(path.seconds, 3),
        "body": round(path.body, 4),
        "speed": round(float(np.median(path.speed[whole])), 3),
        "top_speed": round(float(np.quantile(path.speed[whole], 0.95)), 3),
        "heading": round(_heading(path), 1),
        "straightness": round(path.straightness, 3),
        "way": round(path.way, 3),
        "dwell": round(_dwell(path), 3),
        "aspect": round(float(np.median(path.aspect[whole])), 3),
        "aspect_change": round(float(high / max(low, 1e-3)), 3),
        "area": round(float(np.median(sides.prod(axis=1))) * path.size[1] / path.size[0], 5),
        "born": "edge" if path.at_rim(0) else "inside",
        "died": "edge" if path.at_rim(-1) else "inside",
    }


def _relative(compared: Compared) -> dict[str, JsonValue]:
    return {
        "others": compared.others,
        "speed_here": round(compared.speed, 3),
        "speed_ratio": round(compared.speed_ratio, 3),
        "speed_rank": round(compared.speed_rank, 3),
        "speed_limit": round(compared.speed_limit, 3),
        "size_ratio": round(compared.size_ratio, 3),
        "size_rank": round(compared.size_rank, 3),
        "against": round(compared.against, 3),
        "flow": round(compared.flow, 3),
    }


def _heading(path: Path) -> float:
    """Degrees of the way from first to last, 0 to the right, counter-clockwise, 0..360."""
    u, v = path.moved.sum(axis=0)
    return math.degrees(math.atan2(-v, u)) % 360


def _dwell(path: Path) -> float:
    """Longest time spent within one body length of a spot, seconds."""
    longest, i = 0.0, 0
    while i < len(path.time):
        away = np.linalg.norm(path.center[i:] - path.center[i], axis=1) > path.body
        leaves = i + int(away.argmax()) if away.any() else len(path.time)
        longest = max(longest, float(path.time[min(leaves, len(path.time) - 1)] - path.time[i]))
        i = leaves
    return longest


def _profile(path: Path) -> list[JsonValue]:
    """[[seconds, body lengths/s], ...]."""
    count = int(min(MOST_SAMPLES, max(2, path.seconds * PROFILE_HZ)))
    times = np.linspace(path.time[0], path.time[-1], count)
    return [
        [round(float(t), 2), round(float(s), 3)]
        for t, s in zip(times, np.interp(times, path.time, path.speed), strict=True)
    ]


def _region(path: Path, start: float, end: float) -> Region:
    boxes = path.boxes[(path.time >= start) & (path.time <= end)] * path.size[1]
    return Region.of_pixels((*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)), *path.size)


DIRECTIONS = ("right", "upper right", "top", "upper left", "left", "lower left", "bottom", "lower right")


def _statement(path: Path, compared: Compared | None) -> str:
    direction = DIRECTIONS[round(_heading(path) / 45) % 8]
    moves = path.way * path.straightness > 1.0
    doing = f"goes to the {direction}" if moves else "stays about where it is"
    if compared is None:
        pace = f"at {float(np.median(path.speed)):.1f} body lengths/s"
    else:
        pace = (
            f"at {compared.speed:.2f} body lengths/s, {compared.speed_ratio:.1f} times the usual pace there; "
            f"95 % of {compared.others} others stay below {compared.speed_limit:.2f}"
        )
        if compared.against > 0.5:
            pace += "; it goes against their common direction"
    return f"object {path.tracks[0]} {doing} for {path.seconds:.1f} s {pace}"
