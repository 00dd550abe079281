"""Second looks: the same moments once more, seen better. One tool a way of seeing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.errors import ToolError
from panda_agent.perception.agitation import Agitation
from panda_agent.perception.flames import Flames
from panda_agent.perception.flashes import Flashes
from panda_agent.perception.growth import Growth
from panda_agent.perception.look import Filter
from panda_agent.perception.observation import Observation
from panda_agent.perception.posture import Posture
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.observe_motion import perceive
from panda_agent.types import Region, TimeSpan
from panda_agent.video import Frame

Picture = NDArray[np.uint8]
WATCHED: tuple[type[Filter], ...] = (Agitation, Posture, Growth, Flashes, Flames)
"""What a second look is for: what happens within a clip. How a path or a picture compares with others needs all of
the video, and the first look's rate and size."""
PADDING = 3.0
"""Seconds before and after the clip that are watched too, so that background and tracks have settled."""
SECOND_LOOK = ("of", "found", "tool", "kinds", "watched")
"""Data fields of the row that says whether the first finding was seen again."""
ZOOM_SIDE = 0.5
"""Smallest side of a zoomed part, share of the picture."""


@dataclass(frozen=True)
class Better:
    """How a second look differs from the first."""

    max_fps: float | None = None
    """None = every frame."""
    side_factor: float = 1.0
    """Times the usual picture side."""
    crop: bool = False
    """Only the part of the picture in doubt."""
    mend: Callable[[Picture], Picture] | None = None


class LookAgain:
    """Watches one clip again in a better way, and says whether what was in doubt is seen again."""

    def __init__(self, name: str, about: str, better: Better) -> None:
        makes = {kind: fields for one in WATCHED for kind, fields in one.makes.items()} | {"second_look": SECOND_LOOK}
        self.spec = ToolSpec(
            name=name, about=about, family="motion", stage="second look", settings=("perception",), makes=makes
        )
        self._better = better

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield what the better look shows within the clip, and one `second_look` row.

        Raises:
            ToolError: There is no clip to look at.
        """
        if scope.span is None:
            raise ToolError(f"{self.spec.name} looks at one clip, and none was given.")
        seen = [one for one in self._watch(scope, scope.span) if one.span.touches(scope.span)]
        yield from seen
        yield _compare(self.spec, scope, seen)

    def _watch(self, scope: Scope, span: TimeSpan) -> Iterator[Observation]:
        wide = TimeSpan(start=max(0.0, span.start - PADDING), end=span.end + PADDING)
        look = scope.settings.perception
        quiet = replace(scope, progress=lambda done, total: None)
        part = _widen(scope.region) if self._better.crop and scope.region is not None else None
        side = round(look.max_side * self._better.side_factor)
        # A crop is cut from a picture large enough that the part itself keeps the usual size.
        full = side if part is None else round(side / max(part.x1 - part.x0, part.y1 - part.y0))
        frames = scope.reader.frames(span=wide, max_fps=self._better.max_fps, max_side=full)
        for seen in perceive((self._show(frame, part) for frame in frames), quiet, WATCHED):
            yield seen if part is None else replace(seen, region=_back(seen.region, part))

    def _show(self, frame: Frame, part: Region | None) -> Frame:
        image = frame.image if part is None else _cut(frame.image, part)
        return replace(frame, image=image if self._better.mend is None else self._better.mend(image))


def _compare(spec: ToolSpec, scope: Scope, seen: list[Observation]) -> Observation:
    assert scope.span is not None
    wanted = {row.kind for row in scope.about}
    kinds = sorted({one.kind for one in seen if any(_same(one, row.kind, row.span) for row in scope.about)})
    found = bool(kinds) if wanted else False
    what = " and ".join(kinds) if found else f"no {' or '.join(sorted(wanted)) or 'finding'}"
    return Observation(
        kind="second_look",
        span=scope.span,
        statement=f"Looked again ({spec.name.replace('_', ' ')}): {what} seen again.",
        data={
            "of": [row.cite for row in scope.about],
            "found": found,
            "tool": spec.name,
            "kinds": list(kinds),
            "watched": [*sorted(spec.makes)],
        },
    )


def _same(one: Observation, kind: str, span: TimeSpan) -> bool:
    return one.kind == kind and one.span.touches(span, within=0.5)


def _widen(region: Region) -> Region:
    """Grow a region to at least half the picture's side, so that motion has room."""
    (x, y), half = region.center, ZOOM_SIDE / 2
    width = max(half, (region.x1 - region.x0) * 0.75)
    height = max(half, (region.y1 - region.y0) * 0.75)
    x, y = (
        min(max(x, width), 1 - width) if width < 0.5 else 0.5,
        min(max(y, height), 1 - height) if height < 0.5 else 0.5,
    )
    return Region(x0=max(0, x - width), y0=max(0, y - height), x1=min(1, x + width), y1=min(1, y + height))


def _cut(image: Picture, part: Region) -> Picture:
    height, width = image.shape[:2]
    x0, x1 = round(part.x0 * width), round(part.x1 * width)
    y0, y1 = round(part.y0 * height), round(part.y1 * height)
    return np.ascontiguousarray(image[y0:y1, x0:x1])


def _back(region: Region | None, part: Region) -> Region:
    """Turn a region of the cut picture into one of the whole."""
    if region is None:
        return part
    w, h = part.x1 - part.x0, part.y1 - part.y0
    corners = (part.x0 + region.x0 * w, part.y0 + region.y0 * h, part.x0 + region.x1 * w, part.y0 + region.y1 * h)
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, v)), 4) for v in corners)
    return Region(x0=x0, y0=y0, x1=x1, y1=y1)


def brighten(image: Picture) -> Picture:
    """Equalise contrast locally (CLAHE on the lightness channel)."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def denoise(image: Picture) -> Picture:
    """Smooth noise but keep edges (bilateral filter)."""
    return np.asarray(cv2.bilateralFilter(image, 5, 30, 5), np.uint8)


SECOND_LOOKS: tuple[LookAgain, ...] = (
    LookAgain("look_faster", "Watches the clip again at every frame the video has.", Better()),
    LookAgain(
        "look_sharper", "Watches the clip again at twice the picture size.", Better(max_fps=15.0, side_factor=2.0)
    ),
    LookAgain("zoom", "Watches the part in doubt, magnified.", Better(max_fps=15.0, crop=True)),
    LookAgain(
        "brighten", "Watches the clip again with local contrast raised; for dark pictures.", Better(15.0, mend=brighten)
    ),
    LookAgain("denoise", "Watches the clip again with noise smoothed; for noisy pictures.", Better(15.0, mend=denoise)),
)
