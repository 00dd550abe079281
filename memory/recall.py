"""Recall: evidence by text, time, track and kind."""

from __future__ import annotations

from panda_agent.embedders import Embedder, HashEmbedder
from panda_agent.memory.case_store import CaseStore
from panda_agent.memory.index import TextIndex
from panda_agent.types import Evidence, TimeSpan


def recall(
    store: CaseStore,
    *,
    text: str | None = None,
    span: TimeSpan | None = None,
    track: int | None = None,
    kind: str | None = None,
    k: int = 5,
    embedder: Embedder | None = None,
) -> list[Evidence]:
    """At most k rows that meet every given condition.

    Args:
        store: The case.
        text: What the statement should be near to; without it, the first rows in the order of evidence.
        span: Seconds the row must touch.
        track: An object the row must be about.
        kind: A kind of evidence.
        k: How many.
        embedder: Encoder for `text`; without one, rows are as near as they share words.
    """
    rows = store.evidence(kind=kind, span=span, track=track)
    if text is None:
        return rows[: max(0, k)]
    wanted = {row.cite: row for row in rows}
    ranked = TextIndex(store, embedder or HashEmbedder()).ranked(text)
    return [wanted[cite] for cite, _ in ranked if cite in wanted][: max(0, k)]
