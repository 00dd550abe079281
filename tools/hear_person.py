"""What a person knows of a case, told in a conversation: evidence of a kind of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, JsonValue

from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.types import TimeSpan


class Fact(ToolInput):
    """What was said, and what it is about."""

    words: str = Field(default="", max_length=2000)
    event: str | None = None
    """The event type that it speaks of."""
    side: Literal["supports", "refutes", "note"] = "note"
    """For the event, for its innocent twin, or for neither."""


class HearPerson:
    """Files what a person said. No planner gets at it: it is in no toolbox, and only a conversation runs it."""

    spec = ToolSpec(
        name="hear_person",
        about="Files what a person knows.",
        family="human",
        stage="on request",
        input=Fact,
        makes={"human": ("event", "side", "words", "told")},
        needs=("person",),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row; nothing without words."""
        fact = scope.input if isinstance(scope.input, Fact) else Fact()
        if fact.words:
            told = f'A person says: "{fact.words}"'
            data: dict[str, JsonValue] = {"event": fact.event, "side": fact.side, "words": fact.words, "told": told}
            yield Observation("human", scope.span or TimeSpan(start=0.0, end=0.0), told, data)
