"""How many things move, and whether they scatter from a place or hurry to one.

Scattering is read from the flow of everything that moves, not from tracks, which merge in a crowd. Fit v = a + rate · x
to the velocities at all moving places x: `rate` (1/s) is the speed at which the crowd grows (dispersal) or shrinks
(convergence), whatever its middle and its common motion; `fit` is the share of the differences in velocity that this
explains.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.look import Look, Observation
from panda_agent.perception.strides import BodySize
from panda_agent.types import Region, TimeSpan

STEP = 8
"""Pixels between the places that are looked at."""
SMOOTH_SECONDS = 0.8
"""Time over which rates are averaged: a few steps of a runner."""
MIN_OBJECTS = 4
"""Fewer don't scatter, they part."""
SLOWEST = 0.15
"""Slower places stand, body lengths/s."""
MIN_RATE, MIN_FIT, MIN_SPEED = 0.3, 0.25, 0.5
"""Weaker scattering is not reported (1/s; share; body lengths/s): people who walk apart reach 0.3 per second."""
PAUSE_SECONDS = 1.0
CHUNK_SECONDS = 60.0
"""The time that one `crowd` row sums up."""

MAKES: dict[str, tuple[str, ...]] = {
    "crowd": ("objects", "most", "most_at", "density", "speed", "surge", "seconds", "profile"),
    "dispersal": ("rate", "fit", "speed", "surge", "objects", "seconds", "profile"),
    "convergence": ("rate", "fit", "speed", "surge", "objects", "seconds", "profile"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What moves at one moment."""

    time: float
    objects: int
    """Motion boxes that move."""
    share: float
    """Moving part of the picture, 0..1."""
    pace: float = 0.0
    """Mean speed of what moves, body lengths/s."""
    rate: float = 0.0
    """Growth of the crowd, 1/s; negative where it shrinks."""
    fit: float = 0.0
    """Share of the differences in velocity that the growth explains, 0..1."""
    speed: float = 0.0
    """Root mean square of the differences in velocity, body lengths/s."""
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Around what moves, pixels."""


class Crowd:
    """Filter of kinds `crowd`, `dispersal` and `convergence`.

    Args:
        rate: Perceived frames per second; unused, looks carry their own time.
    """

    makes: dict[str, tuple[str, ...]] = MAKES

    def __init__(self, rate: float) -> None:
        self._size = BodySize()
        self._recent: deque[Moment] = deque()
        self._usual = _Usual()
        self._chunk: list[Moment] = []
        self._episode: list[tuple[Moment, float]] = []
        self._shape = (1, 1)

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; rows come once a minute, and when an episode ends."""
        self._size.update(look.time, look.boxes, look.size[1])
        self._shape = look.size
        moment = measure(look, self._size.heights)
        found = self._summary() if self._chunk and moment.time - self._chunk[0].time >= CHUNK_SECONDS else []
        self._chunk.append(moment)
        self._recent.append(moment)
        while moment.time - self._recent[0].time > SMOOTH_SECONDS:
            self._recent.popleft()
        now = _smooth(self._recent)
        surge = now.pace / max(self._usual.value, SLOWEST)
        self._usual.update(moment)
        return found + self._follow(now, surge)

    def finish(self) -> list[Observation]:
        """Return what is still open."""
        return self._summary() + self._close()

    def _follow(self, now: Moment, surge: float) -> list[Observation]:
        strong = (
            now.objects >= MIN_OBJECTS and abs(now.rate) >= MIN_RATE and now.fit >= MIN_FIT and now.speed >= MIN_SPEED
        )
        last = self._episode[-1][0] if self._episode else None
        over = last is not None and (now.time - last.time > PAUSE_SECONDS or (strong and now.rate * last.rate < 0))
        found = self._close() if over else []
        if strong:
            self._episode.append((now, surge))
        return found

    def _close(self) -> list[Observation]:
        episode, self._episode = self._episode, []
        return [_scattering(episode, self._shape)] if episode else []

    def _summary(chunk: list[Moment]) -> Observation:
    seconds = _per_second(chunk)
    counts = np.array([moment.objects for moment in chunk])
    pace = float(np.mean([moment.pace for moment in chunk if moment.objects] or [0.0]))
    density = float(np.mean([moment.share for moment in chunk]))
    busiest = chunk[int(counts.argmax())]
    start, end = chunk[0].time, chunk[-1].time
    return Observation(
        kind="crowd",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=(
            f"on average {counts.mean():.1f} things move at a time, at most {busiest.objects} (at {busiest.time:.1f} s), "
            f"at {pace:.1f} body lengths/s; {density:.1%} of the picture moves"
        ),
        data={
            "objects": round(float(counts.mean()), 3),
            "most": busiest.objects,
            "most_at": round(busiest.time, 3),
            "density": round(density, 5),
            "speed": round(pace, 3),
            "surge": round(max(paces for _, _, paces in seconds) / max(pace, SLOWEST), 3),
            "seconds": round(end - start, 3),
            "profile": [[second, round(objects, 2)] for second, objects, _ in seconds],
        },
    )


def _per_second(chunk: list[Moment]) -> list[tuple[float, float, float]]:
    """(second, mean objects, mean pace) of each second."""
    by_second: dict[int, list[Moment]] = {}
    for moment in chunk:
        by_second.setdefault(int(moment.time), []).append(moment)
    return [
        (float(second), float(np.mean([m.objects for m in rows])), float(np.mean([m.pace for m in rows])))
        for second, rows in by_second.items()
    ]
