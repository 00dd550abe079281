"""Flames: bright, warm, saturated spots whose shape never holds still."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.blobs import labels_of
from panda_agent.perception.look import Look
from panda_agent.perception.medians import median
from panda_agent.perception.observation import Observation
from panda_agent.perception.pace import Pace
from panda_agent.types import Region, TimeSpan

HZ = 8.0
"""Looks a second; flames flicker at 1 to 15 Hz."""
RED_LEVEL = 230
"""Flames shine: their red channel is near saturation, which skin and clothes in daylight don't reach."""
WARMTH = 70
"""Least red minus blue, grey levels."""
CORE_LEVEL = 215
"""Green of the hot core, which shines yellow to white."""
SMALLEST = 0.0005
"""Share of the picture of the smallest flame."""
GAP_SECONDS = 0.5
"""A flame may be hidden for so long."""
LEAST_LOOKS = 6
LEAST_CORE = 0.2
"""A spot without a hot core, of which less than this share is nearly white, is a colour and not a light."""
LONGEST = 30.0
"""An episode is reported after so many seconds even while it goes on, so that memory stays bounded."""


class _Sight(NamedTuple):
    """The largest warm spot of one look."""

    time: float
    area: float
    mask: NDArray[np.bool_]
    box: Region
    warmth: float
    """Mean red minus blue, 0..1."""
    core: float
    """Share that is nearly white-hot."""
    shades: float
    """Deviation of its green, 0..1: from the hot core outwards a flame turns from white through yellow to red."""
    contrast: float
    """Brighter than its surroundings, 0..1."""


class Flames:
    """Follows the largest warm, shining spot and measures how its outline churns.

    Colour after Chen, Wu and Chiou, "An early fire-detection method based on image processing" (ICIP 2004):
    red over green over blue, red near saturation; flicker after Töreyin et al., "Computer vision based method
    for real-time fire and flame detection" (Pattern Recognition Letters 2006), taken as the change of shape
    between looks with the motion of the spot taken out: lamps and tail lights keep theirs.

    Args:
        rate: Frames per second that `update` is called with.
    """

    makes: ClassVar[dict[str, tuple[str, ...]]] = {
        "flicker": (
            "area",
            "area_to",
            "seconds",
            "churn",
            "pulse",
            "warmth",
            "core",
            "shades",
            "contrast",
            "moved",
            "profile",
        ),
    }

    def __init__(self, rate: float) -> None:
        self._pace = Pace(HZ, rate)
        self._sights: list[_Sight] = []

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; an episode is reported when the spot has gone, or has been there for long."""
        if not self._pace.due(look.time):
            return []
        sight = _brightest(look)
        found: list[Observation] = []
        if self._sights and (
            look.time - self._sights[-1].time > GAP_SECONDS or look.time - self._sights[0].time > LONGEST
        ):
            found = self.finish()
        self._sights += [sight] if sight is not None else []
        return found

    def finish(self) -> list[Observation]:
        """Return the spot that was still there."""
        sights, self._sights = self._sights, []
        hot = median([s.core for s in sights]) if sights else 0.0
        return [_report(sights)] if len(sights) >= LEAST_LOOKS and hot >= LEAST_CORE else []


def _brightest(look: Look) -> _Sight | None:
    """The warm spot with the largest hot core and its measures, or nothing; every other pixel of every other row."""
    rgb = np.ascontiguousarray(look.rgb[::2, ::2])
    hot = cv2.inRange(rgb, (RED_LEVEL, CORE_LEVEL, 0), (255, 255, 255 - WARMTH))
    if cv2.countNonZero(hot) < LEAST_CORE * SMALLEST * hot.size:
        return None
    red, green, blue = cv2.split(rgb)
    warm = (red >= RED_LEVEL) & (red > green) & (green > blue) & (cv2.subtract(red, blue) >= WARMTH)
    # A flame is torn into tongues: what lies a few pixels apart belongs together.
    joined = cv2.dilate(warm.view(np.uint8), np.ones((3, 3), np.uint8))
    labels = labels_of(joined)
    spot = warm & (labels == int(np.argmax(np.bincount(labels[(hot > 0) & warm], minlength=1))))
    if np.count_nonzero(spot) < SMALLEST * spot.size:
        return None
    ys, xs = np.nonzero(spot)
    x0, y0, x1, y1 = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
    colours = rgb[spot].astype(np.float32)
    margin = max(x1 - x0, y1 - y0) // 2 + 2
    gray = look.gray[::2, ::2]
    around = gray[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    return _Sight(
        time=look.time,
        area=float(spot.mean()),
        mask=spot[y0:y1, x0:x1],
        box=look.region((2 * x0, 2 * y0, 2 * x1, 2 * y1)),
        warmth=float(np.mean(colours[:, 0] - colours[:, 2])) / 255,
        shades=float(np.std(colours[:, 1])) / 255,
        core=float(np.mean(colours[:, 1] >= CORE_LEVEL)),
        contrast=float(gray[spot].mean() - median(around)) / 255,
    )


def _report(sights: list[_Sight]) -> Observation:
    areas = np.array([s.area for s in sights])
    centers = np.array([s.box.center for s in sights])
    start, end = sights[0].time, sights[-1].time
    data: dict[str, JsonValue] = {
        "area": round(float(np.median(areas)), 5),
        "area_to": round(float(areas.max()), 5),
        "seconds": round(end - start, 2),
        "churn": round(float(np.median([_churn(a.mask, b.mask) for a, b in pairwise(sights)])), 3),
        "pulse": round(float(np.median(np.abs(np.diff(areas)) / areas[1:])), 3),
        "warmth": round(float(np.median([s.warmth for s in sights])), 3),
        "core": round(float(np.median([s.core for s in sights])), 3),
        "shades": round(float(np.median([s.shades for s in sights])), 3),
        "contrast": round(float(np.median([s.contrast for s in sights])), 3),
        "moved": round(float(np.linalg.norm(centers.max(axis=0) - centers.min(axis=0))), 3),
        "profile": [[round(s.time, 2), round(s.area / float(areas.max()), 3)] for s in sights],
    }
    region = sights[0].box
    for sight in sights:
        region = region.hull(sight.box)
    return Observation(
        kind="flicker",
        span=TimeSpan(start=round(start, 3), end=round(end, 3)),
        statement=(
            f"A warm, shining spot ({data['area']:.2%} of the picture) is seen for {data['seconds']} s; "
            f"from look to look {data['churn']:.0%} of its shape changes."
        ),
        data=data,
        region=region,
        score=round(min(1.0, 2 * float(str(data["churn"]))), 3),
    )


def _churn(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """One minus the overlap (intersection over union) of two masks laid centre on centre."""
    size = np.maximum(a.shape, b.shape) * 2 + 1
    canvas = np.zeros((2, *size), np.bool_)
    for nth, mask in enumerate((a, b)):
        ys, xs = np.nonzero(mask)
        canvas[nth, ys - round(ys.mean()) + size[0] // 2, xs - round(xs.mean()) + size[1] // 2] = True
    return 1.0 - float((canvas[0] & canvas[1]).sum() / (canvas[0] | canvas[1]).sum())
