"""A fixed pinhole camera above a street: metres in, pixels out.

The street's axes: x to the right along the street, y away from the camera, z up; the camera stands at x = y = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Camera:
    """Where the camera hangs and what its lens sees."""

    width: int
    height: int
    lift: float
    """Metres above the ground."""
    yaw: float
    """Radians to the right of straight across the street."""
    pitch: float
    """Radians below the horizon."""
    view: float
    """Vertical field of view, radians."""

    @cached_property
    def focal(self) -> float:
        """Focal length in pixels."""
        return float(self.height / 2 / np.tan(self.view / 2))

    @cached_property
    def axes(self) -> Array:
        """Rows: the picture's right, down and forward directions in the street's axes."""
        sin_yaw, cos_yaw, sin_pitch, cos_pitch = (
            np.sin(self.yaw),
            np.cos(self.yaw),
            np.sin(self.pitch),
            np.cos(self.pitch),
        )
        forward = np.array([sin_yaw * cos_pitch, cos_yaw * cos_pitch, -sin_pitch])
        right = np.array([cos_yaw, -sin_yaw, 0.0])
        return np.stack([right, np.cross(forward, right), forward])

    def project(self, points: Array) -> tuple[Array, Array]:
        """Points (n, 3) in metres as pixels (n, 2) and distances along the view (n,), kept positive."""
        seen = (points - np.array([0.0, 0.0, self.lift])) @ self.axes.T
        depth = np.maximum(seen[:, 2], 0.3)
        return seen[:, :2] / depth[:, None] * self.focal + np.array([self.width / 2, self.height / 2]), depth

    def depth(self, x: float, y: float) -> float:
        """Distance of a spot on the ground along the view, metres."""
        return float(self.project(np.array([[x, y, 0.0]]))[1][0])

    def ground(self, scale: int) -> tuple[Array, Array, Array]:
        """Street x and y of each pixel and the metres it covers, `scale` times as fine; y is inf above the horizon."""
        u, v = np.meshgrid(np.arange(self.width * scale), np.arange(self.height * scale))
        rays = np.stack(
            [(u + 0.5) / scale - self.width / 2, (v + 0.5) / scale - self.height / 2, np.full(u.shape, self.focal)], -1
        )
        rays = rays @ self.axes
        with np.errstate(divide="ignore"):
            far = np.where(rays[..., 2] < -1e-6, self.lift / -rays[..., 2], np.inf)
        far = np.where(far * self.focal > 400, np.inf, far)
        x = np.where(np.isfinite(far), rays[..., 0] * np.where(np.isfinite(far), far, 0), 0)
        y = np.where(np.isfinite(far), rays[..., 1] * np.where(np.isfinite(far), far, 0), np.inf)
        return x, y, np.where(np.isfinite(far), far, 10) / scale

    def edge(self, y: float, side: int) -> float:
        """Street x where the row of spots at depth `y` leaves the picture on the left (-1) or right (1) side."""
        xs = np.linspace(-45, 45, 361)
        uv, depth = self.project(np.stack([xs, np.full_like(xs, y), np.full_like(xs, 0.9)], -1))
        inside = xs[(uv[:, 0] >= 0) & (uv[:, 0] < self.width) & (depth > 1.0)]
        return float(inside[0] if side < 0 else inside[-1]) if len(inside) else 20.0 * side

    def near(self) -> float:
        """The depth y of the ground at the lower edge of the picture, in its middle column."""
        return float(self.lift / np.tan(self.pitch + self.view / 2) * np.cos(self.yaw))

    def share_inside(self, box: Box) -> float:
        """How much of a pixel box lies in the picture, 0..1."""
        x0, y0, x1, y1 = box
        across = max(0.0, min(x1, self.width) - max(x0, 0.0)) / max(x1 - x0, 1e-9)
        return across * max(0.0, min(y1, self.height) - max(y0, 0.0)) / max(y1 - y0, 1e-9)
