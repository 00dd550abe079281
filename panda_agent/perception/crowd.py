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
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
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

    makes: ClassVar[dict[str, tuple[str, ...]]] = MAKES

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
        over = last is not None and (
            now.time - last.time > PAUSE_SECONDS
            or now.time - self._episode[0][0].time > CHUNK_SECONDS
            or (strong and now.rate * last.rate < 0)
        )
        found = self._close() if over else []
        if strong:
            self._episode.append((now, surge))
        return found

    def _close(self) -> list[Observation]:
        episode, self._episode = self._episode, []
        return [_scattering(episode, self._shape)] if episode else []

    def _summary(self) -> list[Observation]:
        chunk, self._chunk = self._chunk, []
        return [_summary(chunk)] if chunk else []


class _Usual:
    """Mean pace so far, forgetting over a minute."""

    def __init__(self) -> None:
        self.value = 0.0
        self._weight = 0.0
        self._time: float | None = None

    def update(self, moment: Moment) -> None:
        """Count a moment, if anything moves."""
        step = 0.0 if self._time is None else moment.time - self._time
        self._time = moment.time
        if moment.objects and step > 0:
            self._weight = self._weight * math.exp(-step / CHUNK_SECONDS) + step
            self.value += (moment.pace - self.value) * step / self._weight


def measure(look: Look, body: float) -> Moment:
    """Measure one frame.

    Args:
        look: The frame.
        body: Length of a body, picture heights.
    """
    height = look.size[1]
    velocity = look.flow[STEP // 2 :: STEP, STEP // 2 :: STEP].astype(np.float64) / (height * body)
    pace = np.linalg.norm(velocity, axis=2)
    moving = (look.foreground.moving[STEP // 2 :: STEP, STEP // 2 :: STEP] > 0) & (pace > SLOWEST)
    y, x = np.nonzero(moving)
    places = np.stack([x, y], axis=1) * STEP + STEP // 2
    objects = _count(look.boxes, places)
    moment = Moment(look.time, objects, look.foreground.share)
    if objects == 0:
        return moment
    pixels = (*places.min(axis=0).tolist(), *places.max(axis=0).tolist())
    rate, fit, speed = growth(places / (height * body), velocity[moving]) if objects >= MIN_OBJECTS else (0.0, 0.0, 0.0)
    return replace(moment, pace=float(pace[moving].mean()), rate=rate, fit=fit, speed=speed, box=pixels)


def growth(places: NDArray[np.float64], velocity: NDArray[np.float64]) -> tuple[float, float, float]:
    """Fit velocity = common + rate · place by least squares; both (n, 2).

    Returns:
        rate (1/s), fit (0..1), and the root mean square of velocity less the common one.
    """
    offset, rest = places - places.mean(axis=0), velocity - velocity.mean(axis=0)
    spread, together, energy = float((offset**2).sum()), float((offset * rest).sum()), float((rest**2).sum())
    if spread <= 0 or energy <= 0:
        return 0.0, 0.0, 0.0
    return together / spread, together**2 / (spread * energy), math.sqrt(energy / len(rest))


def _count(boxes: NDArray[np.float32], places: NDArray[np.int64]) -> int:
    """Boxes that hold moving places."""
    if not len(boxes) or not len(places):
        return 0
    x, y = places[:, 0, None], places[:, 1, None]
    inside = (x >= boxes[:, 0]) & (x < boxes[:, 2]) & (y >= boxes[:, 1]) & (y < boxes[:, 3])
    return int(inside.any(axis=0).sum())


def _smooth(recent: deque[Moment]) -> Moment:
    """Mean over the last moments; still ones count as no growth."""
    rows = np.array([(m.pace, m.rate, m.fit, m.speed) for m in recent]).mean(axis=0)
    pace, rate, fit, speed = (float(v) for v in rows)
    objects = int(np.median([m.objects for m in recent]))
    return replace(recent[-1], objects=objects, pace=pace, rate=rate, fit=fit, speed=speed)


def _scattering(episode: list[tuple[Moment, float]], size: tuple[int, int]) -> Observation:
    moments = [moment for moment, _ in episode]
    peak, surge = max(episode, key=lambda row: abs(row[0].rate))
    start, end = max(0.0, moments[0].time - SMOOTH_SECONDS / 2), moments[-1].time
    kind, doing = ("dispersal", "scatter") if peak.rate > 0 else ("convergence", "hurry together")
    boxes = np.array([moment.box for moment in moments])
    return Observation(
        kind=kind,
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=(
            f"{peak.objects} things {doing}: their distances change by {abs(peak.rate):.1f} of themselves a second, "
            f"at {peak.speed:.1f} body lengths/s, {surge:.1f} times the usual pace, for {end - start:.1f} s"
        ),
        data={
            "rate": round(abs(peak.rate), 3),
            "fit": round(peak.fit, 3),
            "speed": round(peak.speed, 3),
            "surge": round(surge, 3),
            "objects": peak.objects,
            "seconds": round(end - start, 3),
            "profile": [[round(moment.time, 3), round(abs(moment.rate), 3)] for moment in moments],
        },
        region=Region.of_pixels((*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)), *size),
        score=round(min(1.0, abs(peak.rate)), 4),
    )


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
            f"on average {counts.mean():.1f} things move at a time, at {pace:.1f} body lengths/s, "
            f"at most {busiest.objects} (at {busiest.time:.1f} s); {density:.1%} of the picture moves"
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
