"""What kind of place this is, read off the measurements of the overview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panda_agent.reasoning.base import Brief
from panda_agent.types import SceneContext

DARK, DIM = 45.0, 80.0
"""Mean luma (0..255) below which a picture counts as dark, or dim."""


def scene_of(brief: Brief) -> SceneContext:
    """Describe the scene from the `scene` row that perception files, in numbers and plain words."""
    row = next((row for row in brief.overview if row.kind == "scene"), None)
    data: Mapping[str, Any] = {} if row is None else row.data
    luma = data.get("luma")
    lighting = "unknown" if luma is None else "dark" if luma < DARK else "dim" if luma < DIM else "day"
    quality = "poor" if data.get("noise", 0.0) > 6.0 or data.get("sharpness", 1.0) < 0.02 else "good"
    return SceneContext(
        overview="Nothing was measured." if row is None else row.statement,
        lighting=lighting,  # type: ignore[arg-type]
        quality=quality,  # type: ignore[arg-type]
        tags=tuple(_tags(data)),
        normal=_normal(data),
        clock=brief.started_at,
    )


def _tags(data: Mapping[str, Any]) -> list[str]:
    tags = []
    if data.get("objects", 0) >= 1:
        tags.append("people or vehicles")
    if data.get("density", 0) >= 5:
        tags.append("busy")
    if data.get("camera_moves", 0.0) > 0.3:
        tags.append("moving camera")
    return tags


def _normal(data: Mapping[str, Any]) -> str:
    if not data.get("objects"):
        return "Hardly anything moves here."
    return f"{data['objects']} things moved; typical speed {data.get('speed', 0.0):.1f} body lengths/s."
