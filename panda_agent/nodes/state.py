"""What the graph remembers between steps: plain JSON, and no longer for a longer video."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict


class CaseInput(TypedDict, total=False):
    """What a graph is invoked with."""

    video: str
    """Path of a video; not needed where `case_id` names a case that is open already."""
    case_id: str
    question: str | None
    settings: dict[str, Any]
    """Overrides, in the shape of panda.toml."""


class CaseOutput(TypedDict):
    """What a graph returns."""

    case_id: str
    verdict: dict[str, Any]
    """The verdict as JSON; `Verdict.model_validate` reads it."""


class CaseState(CaseInput, total=False):
    """The working state. Lists that grow with the video live in the case database."""

    cursor: int
    """The clip under examination."""
    clips: int
    """How many clips there are."""
    round: int
    """Second looks that this clip has had."""
    used: list[str]
    """The tools of those looks."""
    looks: int
    """Second looks of the whole case, for the budget."""
    settled: bool
    """Whether the clip needs no further look."""
    stopped: str | None
    """Why the case ends early, if it does."""
    verdict: dict[str, Any]


def steps_of(state: CaseState) -> int:
    """Steps of the graph up to the clip under examination: three to begin with, two a clip, three a second look."""
    return 3 + 2 * state["cursor"] + 3 * state["looks"]
