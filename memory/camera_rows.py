"""What is kept of a camera beside its marks, and the copy of all of it that a case is opened with."""

from __future__ import annotations

import hashlib
import json

from panda_agent.memory.camera_marks import Mark
from panda_agent.types import AnomalySpan, Label, Model, Rule


class PastCase(Model):
    """One line about a finished case of the camera."""

    case_id: str
    label: Label
    headline: str
    event_types: tuple[str, ...]
    spans: tuple[AnomalySpan, ...]
    tags: tuple[str, ...] = ()
    """Of the scene."""
    lighting: str = "unknown"
    normal: str = ""
    """What was normal in it, in the planner's words."""
    video: str | None = None
    """Where its video lay."""
    at: str = ""
    """When it was finished, ISO 8601."""


class KeptRule(Model):
    """A rule that proved right before this camera."""

    id: str
    rule: Rule
    why: str = ""
    case_id: str = ""
    at: str = ""


class CameraSnapshot(Model):
    """A camera's memory as it was when a case was opened: all of it that can move a verdict."""

    name: str
    marks: tuple[Mark, ...] = ()
    rules: tuple[KeptRule, ...] = ()

    @property
    def sha256(self) -> str:
        """Equal where it judges alike: when something was kept, and why, changes nothing."""
        told = self.model_dump(mode="json")
        for one in (*told["marks"], *told["rules"]):
            one.pop("at")
            one.pop("why", None)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
