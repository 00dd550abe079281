"""Chain of memory: what the reasoner recalls of its earlier judgements (PANDA, NeurIPS 2025: last five, and top-1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from panda_agent.embedders import Embedder, HashEmbedder, embedded
from panda_agent.types import Judgement

SHORT = 5
"""Judgements in short memory."""


def short_memory(judgements: Sequence[Judgement], clip: int, size: int = SHORT) -> list[str]:
    """The last judgements before a clip, oldest first, one line each."""
    earlier = sorted((j for j in judgements if j.clip < clip), key=lambda j: (j.clip, j.round))
    last = earlier[-size:] if size else []
    return [f"{j.span} {j.status} ({j.score:.2f}): {j.reason}" for j in last]


def long_memory(
    now: Judgement,
    judgements: Sequence[Judgement],
    *,
    embedder: Embedder | None = None,
    traits: Callable[[Judgement], Collection[str]] | None = None,
) -> Judgement | None:
    """The judgement of an earlier clip that is most like this one; of equals, the latest.

    Args:
        now: The judgement to find a likeness of.
        judgements: Those of the case; only clips before `now.clip` count, so that a resumed case recalls the same.
        embedder: Compares the reasons as texts; without one they are as near as they share words.
        traits: Compares by structure instead: the share of traits in common, e.g. the kinds of the cited evidence and
            the rules that fired.

    Returns:
        None where no earlier clip has anything in common.
    """
    earlier = sorted((j for j in judgements if j.clip < now.clip), key=lambda j: (j.clip, j.round))
    if not earlier:
        return None
    if traits is None:
        rows = embedded(embedder or HashEmbedder(), [now.reason, *(j.reason for j in earlier)])
        likeness = [round(float(score), 6) for score in rows[1:] @ rows[0]]
    else:
        likeness = [_jaccard(set(traits(now)), set(traits(j))) for j in earlier]
    best = max(range(len(earlier)), key=lambda i: (likeness[i], i))
    return earlier[best] if likeness[best] > 0 else None


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0
