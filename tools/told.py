"""What was told of a video in words, and what its sentences are to an encoder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from panda_agent.embedders import VECTORS, Embedder, EmbeddingCache
from panda_agent.errors import ToolError, UserError
from panda_agent.tools.text_retrieval import TextRow, split_sentences
from panda_agent.types import Evidence

QUOTED = re.compile(r"[\"“«][^\"”»]{1,400}[\"”»]")
"""Writing that a description quotes: it tells of letters, not of what happens."""

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


def sentences_of(row: Evidence) -> Iterator[str]:
    """The sentences of a description, less what it quotes; none of a picture with writing on it."""
    told = row.data.get("told")
    if isinstance(told, str) and not row.data.get("visible_text"):
        yield from split_sentences(QUOTED.sub(" ", told))


@contextmanager
def kept_encoder(embedder: Embedder, home: Path) -> Iterator[EmbeddingCache]:
    """An encoder that meets no sentence twice, whatever tool asks.

    Raises:
        ToolError: Its weights are not installed.
    """
    try:
        with closing(EmbeddingCache(embedder, home / VECTORS)) as encoder:
            yield encoder
    except UserError as error:
        raise ToolError(str(error), hint=error.hint) from error
