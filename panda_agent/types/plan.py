"""What the planner decides, and what reflection asks for."""

from __future__ import annotations

from pydantic import Field, JsonValue

from panda_agent.types.rules import EventType, Rule
from panda_agent.types.time import Model, Region
from panda_agent.types.verdict import Hypothesis, SceneContext


class Plan(Model):
    """How a case will be worked: made once, before the first clip."""

    scene: SceneContext
    event_types: tuple[EventType, ...]
    """What is looked for."""
    rules: tuple[Rule, ...]
    """The rules picked for this scene."""
    hypotheses: tuple[Hypothesis, ...]
    """Each anomaly beside its benign twin."""
    asked: tuple[str, ...] = ()
    """The event types that the question names; empty = no question, or none that rules know."""
    basis: str
    """What counts as an anomaly in this case, in one sentence."""


class Reflection(Model):
    """A clip was unclear: why, and the one tool to try next."""

    why: str
    tool: str
    region: Region | None = None
    about: tuple[str, ...] = ()
    """The evidence that is to be looked at again."""
    input: dict[str, JsonValue] = Field(default_factory=dict)
    """What the call says, in the shape of the tool's input."""
