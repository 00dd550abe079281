"""Violent motion: fast, ever-changing motion without a common direction that stays where it is.

People who walk, cyclists and cars move along one line, smoothly, and leave. People who fight swing, pull and stagger in
all directions, change them several times a second, and stay together. So we measure, in a window as large as a body,

    agitation = acceleration (body lengths/s²) × evenness of directions (0..1)

and keep what lasts. Akin to the "violent flows" of Hassner et al. (CVPRW 2012) and the acceleration patterns of Deniz
et al. (VISAPP 2014), but in units of bodies and seconds, and nothing is learnt.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.senses import Senses
from panda_agent.perception.strides import Stride
from panda_agent.types import Region, TimeSpan

Field = NDArray[np.float32]

SMOOTH_SECONDS = 0.5
"""Time over which accelerations and directions are averaged: a few limb movements."""
HOLD_SECONDS = 0.7
"""Agitation counts only where it lasts this long; a passing car or walker has left the place by then."""
FLOOR = 0.15
"""Weakest agitation worth noting, body lengths/s²: calm scenes stay below it nearly always."""
EVERY_SECONDS = 0.1
"""Time between evaluations; averages take in every frame."""
PAUSE_SECONDS = 1.0
"""A calm of this length ends an episode."""
LONGEST = 30.0
"""Seconds after which an episode is reported even though it goes on."""
REACH = 0.75
"""Points within so many body lengths of the middle of the window, to each side, belong to it."""
LEAST = 0.1
"""Points that made less of a way in half a second stand, body lengths."""
STRONG = 0.6
"""Moments with at least this part of an episode's highest agitation say how its points move."""
ENOUGH = 10
"""Fewer points, over all those moments, say nothing."""
MAKES: dict[str, tuple[str, ...]] = {
    "agitation": (
        "agitation", "mean_agitation", "acceleration", "evenness", "speed", "renewal", "coverage", "body", "seconds",
        "straightness", "profile",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unrest:
    """The most agitated place at one moment."""

    time: float
    value: float
    """Agitation that lasted, body lengths/s²."""
    acceleration: float
    """Body lengths/s², of whatever direction."""
    evenness: float
    """0: all motion along one line; 1: equally in all directions."""
    speed: float
    """Root mean square of what moves, body lengths/s."""
    coverage: float
    """Moving share of the window, 0..1."""
    body: float
    """Side of the window, picture heights."""
    center: tuple[float, float]
    """(x, y) of the window's middle, 0..1."""
    straightness: float = 0.0
    """How straight on the points there went, 0..1."""
    points: int = 0
    """How many did."""

    @property
    def renewal(self) -> float:
        """How often a second motion becomes another: acceleration over speed."""
        return self.acceleration / max(self.speed * self.coverage, 1e-3)


class Agitation:
    """Filter of kind `agitation`: an episode of violent motion.

    Args:
        rate: Perceived frames per second; unused, strides carry their own time.
        senses: Shared with other filters.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = MAKES

    def __init__(self, rate: float, senses: Senses | None = None) -> None:
        self._senses = Senses() if senses is None else senses
        self._stride: Stride | None = None
        self._field = _Field()
        self._episode: list[Unrest] = []

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; an episode is returned once it is over."""
        self._senses.size.update(look.time, look.boxes, look.size[1])
        self._senses.points.update(look.time, look.gray, look.foreground.moving)
        stride = self._senses.strides.update(look.time, look.gray, look.flow)
        if stride is None or stride is self._stride:  # the closing look repeats the last frame
            return []
        self._stride = stride
        unrest = self._field.update(stride, self._senses.size.heights)
        found: list[Observation] = []
        if self._episode and self._is_over(stride.time):
            found = self.finish()
        if unrest is not None and unrest.value >= FLOOR:
            self._episode.append(self._followed(unrest, look))
        return found

    def _followed(self, unrest: Unrest, look: Look) -> Unrest:
        """Add what the points at the place did."""
        (x, y), (width, height) = unrest.center, look.size
        body = unrest.body * height
        straightness, points = self._senses.points.straightness((x * width, y * height), REACH * body, LEAST * body)
        return replace(unrest, straightness=straightness, points=points)

    def finish(self) -> list[Observation]:
        """Return the episode that is still open."""
        episode, self._episode = self._episode, []
        return [_observe(episode, self._field.shape)] if episode else []

    def _is_over(self, time: float) -> bool:
        return time - self._episode[-1].time > PAUSE_SECONDS or time - self._episode[0].time > LONGEST


class _Field:
    """Running averages of acceleration and of the second moments of velocity, cell by cell."""

    def __init__(self) -> None:
        self.shape = (1, 1)
        self._momentum: Field | None = None
        self._seconds = 0.0
        self._moments: Field | None = None
        self._weight = 0.0
        self._past: deque[tuple[float, Field]] = deque()
        self._due = 0.0

    def update(self, stride: Stride, body: float) -> Unrest | None:
        """Take a stride; None until accelerations are known, and between evaluations."""
        momentum = stride.velocity * stride.moving[..., None]
        before, seconds = self._momentum, (self._seconds + stride.seconds) / 2
        self._momentum, self._seconds = momentum, stride.seconds
        if before is None or before.shape != momentum.shape:
            self.shape = stride.moving.shape
            return None
        acceleration = _acceleration(stride, momentum, before, seconds)
        moments = cv2.merge([acceleration, stride.moving, *_second_moments(stride)])
        self._average(np.asarray(moments, np.float32), stride.seconds)
        if stride.time < self._due:
            return None
        self._due = stride.time + EVERY_SECONDS - 1e-3
        return self._strongest(stride.time, body)

    def _average(self, moments: Field, seconds: float) -> None:
        """Exponential average that starts at the first sample, not at zero."""
        self._weight = self._weight * math.exp(-seconds / SMOOTH_SECONDS) + seconds
        if self._moments is None:
            self._moments = moments
        self._moments += (moments - self._moments) * np.float32(seconds / self._weight)

    def _strongest(self, time: float, body: float) -> Unrest:
        rows = self.shape[0]
        side = max(3, round(body * rows))
        assert self._moments is not None
        window = cv2.boxFilter(self._moments, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
        acceleration, coverage, xx, yy, xy = cv2.split(window)
        energy = np.maximum(xx + yy, 0)
        line = np.sqrt((xx - yy) ** 2 + 4 * xy**2)  # difference of the two eigenvalues
        evenness = np.where(energy > 1e-7, 1 - line / np.maximum(energy, 1e-7), 0)
        agitation = np.maximum(acceleration, 0) * evenness.clip(0, 1) / np.float32(body)
        lasting = self._lasting(time, agitation.astype(np.float32), side)
        at = np.unravel_index(int(lasting.argmax()), lasting.shape)
        return Unrest(
            time=time,
            value=float(lasting[at]),
            acceleration=float(acceleration[at]) / body,
            evenness=float(evenness[at]),
            speed=math.sqrt(float(energy[at]) / max(float(coverage[at]), 1e-2)) / body,
            coverage=max(0.0, float(coverage[at])),
            body=body,
            center=((int(at[1]) + 0.5) / self.shape[1], (int(at[0]) + 0.5) / rows),
        )

    def _lasting(self, time: float, agitation: Field, side: int) -> Field:
        """The least agitation that was near each place all the while; zeros until that long has been seen."""
        # Half a body to each side: who fights, staggers.
        self._past.append((time, np.asarray(cv2.dilate(agitation, np.ones((side, side), np.uint8)), np.float32)))
        while self._past[0][0] < time - HOLD_SECONDS - EVERY_SECONDS:
            self._past.popleft()
        if time - self._past[0][0] < HOLD_SECONDS - EVERY_SECONDS:
            return np.zeros_like(agitation)
        return np.asarray(np.minimum.reduce([agitation, *(field for _, field in self._past)]), np.float32)


def _acceleration(stride: Stride, momentum: Field, before: Field, seconds: float) -> Field:
    """Change of motion along its own path, (rows, columns), picture heights/s²: even motion has none."""
    rows, columns = stride.moving.shape
    way = stride.velocity * np.float32(stride.seconds * rows)
    x, y = cv2.split(_grid(rows, columns) - way)
    came_from = cv2.remap(before, x, y, cv2.INTER_LINEAR)
    return np.asarray(cv2.magnitude(*cv2.split(momentum - came_from)) / np.float32(max(seconds, 1e-3)), np.float32)


@cache
def _grid(rows: int, columns: int) -> Field:
    """(rows, columns, 2): where each cell is, x and y."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return np.dstack([x, y])


def _second_moments(stride: Stride) -> tuple[Field, Field, Field]:
    u, v = cv2.split(stride.velocity)
    return u * u * stride.moving, v * v * stride.moving, u * v * stride.moving


def _observe(episode: list[Unrest], shape: tuple[int, int]) -> Observation:
    peak = max(episode, key=lambda unrest: unrest.value)
    # What is known by now to have lasted was there HOLD_SECONDS ago already.
    span = TimeSpan(start=round(max(0.0, episode[0].time - HOLD_SECONDS), 3), end=round(episode[-1].time, 3))
    data = {
        "agitation": peak.value,
        "mean_agitation": float(np.mean([unrest.value for unrest in episode])),
        "acceleration": peak.acceleration,
        "evenness": peak.evenness,
        "speed": peak.speed,
        "renewal": peak.renewal,
        "coverage": peak.coverage,
        "body": peak.body,
        "seconds": span.duration,
    }
    strong = [unrest for unrest in episode if unrest.value >= STRONG * peak.value]
    points = sum(unrest.points for unrest in strong)
    if points >= ENOUGH:
        data["straightness"] = sum(unrest.straightness * unrest.points for unrest in strong) / points
    return Observation(
        kind="agitation",
        span=span,
        statement=(
            f"motion without a common direction keeps changing in one place for {span.duration:.1f} s: "
            f"agitation {peak.value:.2f} body lengths/s², {peak.speed:.1f} body lengths/s, "
            f"directions {100 * peak.evenness:.0f} % even, another motion {peak.renewal:.0f} times a second"
        ),
        data={**{name: round(value, 3) for name, value in data.items()}, "profile": _profile(episode)},
        region=_region(episode, 0.5 * peak.value, shape),
        score=round(min(1.0, peak.value), 4),
    )


def _profile(episode: list[Unrest]) -> list[JsonValue]:
    """[[seconds, agitation], ...], each value drawn back over the time it has lasted."""
    times = np.array([unrest.time for unrest in episode])
    values = np.array([unrest.value for unrest in episode])
    moments = np.concatenate([[max(0.0, times[0] - HOLD_SECONDS)], times])
    return [
        [round(float(t), 3), round(float(values[(times >= t) & (times <= t + HOLD_SECONDS)].max(initial=0.0)), 3)]
        for t in moments
    ]


def _region(episode: list[Unrest], least: float, shape: tuple[int, int]) -> Region:
    """Hull of the windows in which agitation reached `least`."""
    rows, columns = shape
    hull: Region | None = None
    for unrest in episode:
        if unrest.value >= least:
            x, y, half = unrest.center[0] * columns, unrest.center[1] * rows, unrest.body * rows / 2
            window = Region.of_pixels((x - half, y - half, x + half, y + half), columns, rows)
            hull = window if hull is None else hull.hull(window)
    assert hull is not None
    return hull
