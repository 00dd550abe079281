"""What the house knows: rules of the pack, and verdicts of earlier cases, by meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from pydantic import Field, JsonValue

from panda_agent.embedders import Embedder, best_embedder, embedded
from panda_agent.memory.cases import list_cases, outcome
from panda_agent.perception.observation import Observation
from panda_agent.prompts import load_pack
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.types import TimeSpan

EARLIER = 200
"""Cases that are searched, the latest."""


class KnowledgeInput(ToolInput):
    """What is looked for."""

    text: str = Field(default="", max_length=500)
    """Words for it."""
    top: int = Field(default=5, ge=1, le=20)
    """How many entries are told."""


class Known(NamedTuple):
    """One thing the house knows."""

    source: str
    """`rule` or `case`."""
    name: str
    text: str


class SearchKnowledge:
    """Finds rules and earlier verdicts that are near to a text. They are advice: no rule moves belief by them.

    Args:
        embedder: The text encoder; MiniLM where it is installed, else shared words.
    """

    spec = ToolSpec(
        name="search_knowledge",
        about="Finds rules and verdicts of earlier cases that are near to a text.",
        family="knowledge",
        stage="on request",
        input=KnowledgeInput,
        makes={"knowledge": ("source", "name", "text", "similarity", "encoder")},
        settings=("rules",),
        parallel_safe=True,
        aliases=("knowledge", "rule search", "rag"),
    )

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield the nearest entries, the best first; nothing without a text."""
        scope.check()
        wish = scope.input if isinstance(scope.input, KnowledgeInput) else KnowledgeInput()
        known = [*_rules(scope), *_cases(scope)]
        if not wish.text.strip() or not known:
            return
        encoder = self._embedder or best_embedder()
        vectors = embedded(encoder, [entry.text for entry in known])
        near = vectors @ embedded(encoder, [wish.text])[0]
        for i in np.argsort(-near, kind="stable")[: wish.top]:
            yield _row(scope, known[int(i)], round(float(near[i]), 4), encoder.name)


def _row(scope: Scope, entry: Known, similarity: float, encoder: str) -> Observation:
    what = "The rules say" if entry.source == "rule" else f"Of the earlier case {entry.name} the verdict was"
    data: dict[str, JsonValue] = {
        "source": entry.source,
        "name": entry.name,
        "text": entry.text,
        "similarity": similarity,
        "encoder": encoder,
    }
    span = scope.span or TimeSpan(start=0.0, end=0.0)
    return Observation("knowledge", span, f"{what}: {entry.text}", data)


def _rules(scope: Scope) -> Iterator[Known]:
    pack = load_pack(scope.settings.rules)
    events = {event.id: event for event in pack.event_types}
    for rule in pack.rules:
        event = events[rule.event_type]
        side = event.statement if rule.supports == "anomaly" else event.benign
        yield Known("rule", rule.id, f"{event.title}: {side} {rule.question}")


def _cases(scope: Scope) -> Iterator[Known]:
    for record in list_cases(scope.home)[-EARLIER:]:
        told = outcome(scope.home, record.case_id) if record.status == "finished" else None
        if told is not None:
            yield Known("case", record.case_id, f"{told[0]}. {told[1]}")
