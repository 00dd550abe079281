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
    added: dict[str, float] = Field(default_factory=dict)
    """Online, the rules that were added while the video came in, and the second from which each counts."""
    hypotheses: tuple[Hypothesis, ...]
    """Each anomaly beside its benign twin."""
    asked: tuple[str, ...] = ()
    """The event types that the question names; empty = no question, or none that rules know."""
    basis: str
    """What counts as an anomaly in this case, in one sentence."""
    suspects: tuple[str, ...] = ()
    """The event types that a model holds possible here, likeliest first; rules test all of them anyway."""
    checks: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Steps by which a suspect is told from its benign twin, by event type."""
    advice: tuple[str, ...] = ()
    """Ids of the rules that fit the scene best: the ones that a model is told of."""
    mending: tuple[str, ...] = ()
    """How pictures are made easier to read before a model sees them, in order."""
    looks: tuple[int, ...] | None = None
    """The clips that a model is to judge; None = all of them."""
    notes: tuple[str, ...] = ()
    """What could not be planned as it should, and why."""

    @property
    def suspected(self) -> list[EventType]:
        """The event types that a model is asked about: the suspects, or all where none was named."""
        return [event for event in self.event_types if not self.suspects or event.id in self.suspects]

    @property
    def advised(self) -> list[Rule]:
        """The rules that a model is told of."""
        return [rule for rule in self.rules if rule.id in self.advice]


class Reflection(Model):
    """A clip was unclear: why, and the one tool to try next."""

    why: str
    tool: str
    region: Region | None = None
    about: tuple[str, ...] = ()
    """The evidence that is to be looked at again."""
    input: dict[str, JsonValue] = Field(default_factory=dict)
    """What the call says, in the shape of the tool's input."""
    doubts: tuple[str, ...] = ()
    """What made the clip unclear."""
    recalled: str | None = None
    """The earlier clip that was most like this one, and how it ended."""
    rule: Rule | None = None
    """A rule that a model wants to add; it is tested before it counts."""
    check: str | None = None
    """One more thing to check when the clip is judged again."""
