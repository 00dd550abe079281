"""What the user ordered, checked and complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from panda_agent.settings import Settings
from panda_agent.types import Verdict, Zone
from panda_agent.types.request import OnMiss

WATCHING = "perceive"
"""The long step of a case whose progress is seconds of video; that of others counts things."""
FAILED_ON = 10
"""Exit code when a verdict has a label of --fail-on."""


class Request(TypedDict):
    """What is asked of a video, as `Investigator.open` takes it."""

    question: str | None
    normal: tuple[str, ...]
    """Absolute paths of videos."""
    zones: tuple[Zone, ...]
    started_at: str | None
    recording: str | None
    """Absolute path."""
    on_miss: OnMiss


@dataclass(frozen=True)
class Order:
    """The options of `panda investigate`."""

    settings: Settings
    request: Request
    wish: dict[str, Any]
    """Where files go and which; see `files.wish_of`."""
    fail_on: frozenset[str]
    as_json: bool
    tier: str
    """One line about the tier."""

    def code_of(self, verdict: Verdict) -> int:
        """The exit code of a verdict."""
        return FAILED_ON if verdict.label in self.fail_on else 0
