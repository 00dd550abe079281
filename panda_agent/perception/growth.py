"""Smoke- and dust-like growth: a region that spreads over the settled picture, wipes out its texture and stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.blobs import blobs_of
from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.pace import Pace, half
from panda_agent.perception.settled import Settled
from panda_agent.types import Region, TimeSpan

HZ = 4.0
"""Looks a second; a cloud that doubles faster than this is seen as one step."""
OPEN_AREA = 0.02
"""Share of the picture from which a region is followed."""
REPORT_AREA = 0.06
"""Share of the picture that it must reach to be reported; a person at some distance is less."""
CUT_AREA = 0.7
"""More than this from one look to the next is a cut, a turn of the camera or a switched light, not a cloud."""
LIVE_LEVELS = 8.0
"""A pixel that changed by this much between looks is alive: smoke boils, the ghost of a first frame doesn't."""
LIVE_SECONDS = 1.0
LONGEST = 30.0
"""An episode is reported after so many seconds even while it goes on, so that memory stays bounded."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """The largest covered region at one look; energies are sums over its live pixels of the fine texture squared."""

    time: float
    earlier: float
    """Area at the look before, share of the picture."""
    area: float
    pixels: int
    """How many are alive."""
    kept: float
    now: float
    hidden: float
    shared: float
    shade: float
    """Mean brightness against what is hidden, at most 1: a shadow dims edges and areas alike."""
    alive: float
    saturation: float
    box: tuple[float, float, float, float]


class Growth:
    """Follows the largest region that hides the settled picture.

    Smoke lowers the energy of the background's edges before it hides them (Töreyin, Dedeoğlu and Çetin,
    "Wavelet based real-time smoke detection in video", EUSIPCO 2005, section 2); people, cars and crowds
    bring edges of their own, and a change of light keeps the pattern of the edges. So these numbers tell
    the cases apart: `softness` (contrast of the fine texture, now against what is hidden), `pattern`
    (correlation with the hidden texture), `kept` (share of the region still covered one look later)
    and `alive` (share that changed within the last second).

    Args:
        rate: Frames per second that `update` is called with.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "growth": (
            "area_from", "area_to", "gained", "rise_seconds", "growth", "fastest", "seconds", "kept", "softness",
            "pattern", "hidden_texture", "alive", "saturation", "inside", "profile",
        ),
    }  # fmt: skip

    def __init__(self, rate: float) -> None:
        self._pace = Pace(HZ, rate)
        self._view: _View | None = None
        self._samples: list[_Sample] = []

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; a region is reported when it has shrunk to half, or has been there for long."""
        if not self._pace.due(look.time):
            return []
        if self._view is None:
            self._view = _View(half(look.gray), look.time)
            return []
        sample = self._view.update(look)
        if sample.area - sample.earlier > CUT_AREA:
            self._view = _View(half(look.gray), look.time)
            return self.finish()
        peak = max((s.area for s in self._samples), default=0.0)
        ended = self.finish() if sample.area < max(OPEN_AREA, peak / 2) else []
        if sample.area >= OPEN_AREA:
            self._samples.append(sample)
        if self._samples and sample.time - self._samples[0].time >= LONGEST:
            ended += self.finish()
        return ended

    def finish(self) -> list[Observation]:
        """Return the region that was still there."""
        samples, self._samples = self._samples, []
        if len(samples) < 3 or max(s.area for s in samples) - samples[0].earlier < REPORT_AREA:
            return []
        return [_report(samples)]


class _View:
    """What is covered right now, at half size."""

    def __init__(self, gray: NDArray[np.uint8], time: float) -> None:
        self._settled = Settled(gray, time)
        self._gray = gray
        self._region = np.zeros(gray.shape, np.bool_)
        self._changed_at = np.full(gray.shape, -np.inf, np.float32)

    def update(self, look: Look) -> _Sample:
        gray = half(look.gray)
        region, box = _largest(self._settled.update(gray, look.time))
        self._changed_at[cv2.absdiff(gray, self._gray) > LIVE_LEVELS] = look.time
        earlier = float(self._region.mean())
        kept = float((region & self._region).sum() / max(1, self._region.sum()))
        self._gray, self._region = gray, region
        if region.mean() < OPEN_AREA:
            return _Sample(look.time, earlier, float(region.mean()), 0, kept, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, box)
        alive = look.time - self._changed_at <= LIVE_SECONDS
        # Where someone stood in the first frame a bare, still wall may show now: only what is alive can be smoke.
        boiling = region & alive
        expected = self._settled.expected()
        now, then = _fine(gray)[boiling], _fine(expected)[boiling]
        colour = cv2.resize(look.rgb, gray.shape[::-1], interpolation=cv2.INTER_NEAREST)[region].astype(np.int16)
        return _Sample(
            time=look.time, earlier=earlier, area=float(region.mean()), pixels=int(boiling.sum()), kept=kept,
            now=float(now @ now), hidden=float(then @ then), shared=float(now @ then),
            shade=min(1.0, (float(gray[region].mean()) + 1) / (float(expected[region].mean()) + 1)),
            alive=float(boiling.sum() / max(1, region.sum())),
            saturation=_mean(colour.max(axis=1) - colour.min(axis=1)) / 255 if len(colour) else 0.0,
            box=box,
        )  # fmt: skip


def _largest(covered: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[float, float, float, float]]:
    """The largest connected part of a mask, small gaps closed, and its box in shares of the picture."""
    mask = cv2.medianBlur(covered.astype(np.uint8), 5)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    blobs = blobs_of(mask)
    if not len(blobs):
        return np.zeros(covered.shape, np.bool_), (0.0, 0.0, 0.0, 0.0)
    best = int(blobs.areas.argmax())
    x, y, w, h = blobs.boxes[best].tolist()
    height, width = covered.shape
    return blobs.mask(best), (x / width, y / height, (x + w) / width, (y + h) / height)


def _fine(gray: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Fine texture: what a blur of 2 pixels takes away."""
    picture = gray.astype(np.float32)
    return np.asarray(picture - cv2.GaussianBlur(picture, (0, 0), 2.0), np.float32)


def _mean(values: NDArray[np.float64] | NDArray[np.int16] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if values.size else 0.0


def _report(samples: list[_Sample]) -> Observation:
    areas = np.array([s.area for s in samples])
    times = np.array([s.time for s in samples])
    start, end, peak = max(0.0, float(times[0]) - 1.0 / HZ), float(times[-1]), float(areas.max())
    top = int(np.argmax(areas >= 0.9 * peak))
    rise = float(times[top]) - start
    full = [s for s in samples if s.area >= peak / 2]
    data: dict[str, JsonValue] = {
        "area_from": round(samples[0].earlier, 4),
        "area_to": round(peak, 4),
        "gained": round(peak - samples[0].earlier, 4),
        "rise_seconds": round(rise, 2),
        "growth": round((float(areas[top]) - samples[0].earlier) / rise, 4),
        "fastest": round(_fastest(times, areas, samples[0].earlier), 4),
        "seconds": round(end - start, 2),
        "kept": round(_mean(np.array([s.kept for s in full])), 3),
        "alive": round(_mean(np.array([s.alive for s in full])), 3),
        "saturation": round(_mean(np.array([s.saturation for s in full])), 3),
        "inside": int(min(samples[0].box) > 0 and max(samples[0].box) < 1),
        "profile": [[round(float(t), 2), round(float(a) / peak, 3)] for t, a in zip(times, areas, strict=True)],
        **_texture(full),
    }
    statement = (
        f"A region grows from {samples[0].earlier:.0%} to {peak:.0%} of the picture in {rise:.1f} s and is seen for "
        f"{end - start:.1f} s; its fine texture has {data['softness']} times the contrast of what it hides."
    )
    boxes = np.array([s.box for s in full])
    corners = (*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0))
    return Observation(
        kind="growth",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=statement,
        data=data,
        region=Region.of_pixels(corners, 1, 1),
        score=round(min(1.0, peak), 3),
    )


def _texture(samples: list[_Sample]) -> dict[str, JsonValue]:
    """Contrast of the fine texture against what is hidden, correlation with it, and its own contrast in grey levels."""
    hidden, shared = sum(s.hidden for s in samples), sum(s.shared for s in samples)
    now = sum(s.now / s.shade**2 for s in samples)
    pixels = sum(s.pixels for s in samples)
    return {
        "softness": round(min(99.0, float(np.sqrt(now / max(hidden, 1e-6)))), 3),
        "pattern": round(float(shared / max(np.sqrt(now * hidden), 1e-6)), 3),
        "hidden_texture": round(float(np.sqrt(hidden / max(1, pixels))), 2),
    }


def _fastest(times: NDArray[np.float64], areas: NDArray[np.float64], first: float) -> float:
    """Largest share of the picture gained within half a second, the region's first sight included."""
    earlier = np.searchsorted(times, times - 0.5 - 1e-6)
    before = np.where(earlier > 0, areas[np.maximum(earlier - 1, 0)], first)
    return float(np.max(areas - before))
