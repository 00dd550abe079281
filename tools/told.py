"""What was told of a video in words: the rows of a case that a search by sentence looks through."""

from __future__ import annotations

from collections.abc import Iterable

from panda_agent.tools.text_retrieval import TextRow
from panda_agent.types import Evidence

NOT_TOLD = frozenset(["answer", "unanswered", "second_look", "knowledge", "web", "retrieval"])
"""Kinds whose statements repeat a question, or are not about this video."""


def told_of(rows: Iterable[Evidence]) -> list[TextRow]:
    """Descriptions, facts, and the statements about tracks, objects and findings."""
    return [TextRow(_teller(row), row.span, _text(row), row.cite) for row in rows if row.kind not in NOT_TOLD]


def _teller(row: Evidence) -> str:
    """Rows of two tellers are never one stretch: two tracks are two things, though they may be seen at once."""
    return f"{row.kind} {row.data.get('track', '')}"


def _text(row: Evidence) -> str:
    """All that a description says, else the statement."""
    told = row.data.get("told")
    return told if isinstance(told, str) else row.statement
