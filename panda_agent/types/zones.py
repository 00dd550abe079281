"""Named parts of the picture that rules can speak of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from panda_agent.types.time import Model, Region


class Zone(Model):
    """A polygon to watch, a polygon to ignore, or a line with a forbidden direction.

    Coordinates are shares of the upright picture, x to the right and y down.
    """

    name: str = Field(min_length=1, max_length=60)
    type: Literal["area", "ignore", "line"] = "area"
    points: tuple[tuple[float, float], ...]
    """At least 3 corners of a polygon, or the 2 ends of a line."""
    direction: Literal["both", "left", "right", "up", "down"] = "both"
    """For a line: the direction of crossing that is reported."""

    @model_validator(mode="after")
    def _enough_points(self) -> Zone:
        if self.type == "line" and len(self.points) != 2:
            raise ValueError(f"line {self.name!r} needs exactly 2 points, it has {len(self.points)}")
        if self.type != "line" and len(self.points) < 3:
            raise ValueError(f"zone {self.name!r} needs at least 3 points, it has {len(self.points)}")
        if any(not 0 <= v <= 1 for point in self.points for v in point):
            raise ValueError(f"zone {self.name!r}: points are shares of the picture, 0 to 1")
        return self

    def holds(self, x: float, y: float) -> bool:
        """Whether a point (shares of the picture) lies inside the polygon (even-odd rule)."""
        inside = False
        for (x0, y0), (x1, y1) in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                inside = not inside
        return inside


def _box(name: str, x0: float, y0: float, x1: float, y1: float) -> Zone:
    return Zone(name=name, points=((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


BUILT_IN_ZONES: tuple[Zone, ...] = (
    _box("left", 0, 0, 1 / 3, 1),
    _box("right", 2 / 3, 0, 1, 1),
    _box("top", 0, 0, 1, 1 / 3),
    _box("bottom", 0, 2 / 3, 1, 1),
    _box("centre", 1 / 3, 1 / 3, 2 / 3, 2 / 3),
)
"""Zones that every video has."""


def zones_of(region: Region | None, zones: tuple[Zone, ...]) -> list[str]:
    """Names of the zones that hold the middle of a region; none for the whole picture."""
    if region is None:
        return []
    return [zone.name for zone in zones if zone.type == "area" and zone.holds(*region.center)]
