"""What a sentence is like: descriptions of things that go wrong, or of what goes on everywhere.

After Flashback (arXiv 2505.15205) and NOVA (arXiv 2609.06360), which liken pictures to a memory of sentences on both
sides; here sentences are likened to sentences, and the memory is that of the rule pack.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from panda_agent.embedders import Embedder, Vectors, embedded
from panda_agent.tools.alike_words import ALIKE, DOERS, PERSON
from panda_agent.tools.grammar import Word, is_verb, read
from panda_agent.types import EventType
from panda_agent.words import stem

BEING = frozenset(["is", "are", "was", "were"])
NEAREST = 10
"""Descriptions that a sentence is likened to."""
SOFTNESS = 0.08
"""Cosine by which a description must be nearer to count e times as much."""
_DOERS = """group figure officer policeman guard driver rider customer clerk cashier employee shopper robber
    thief burglar suspect attacker victim gunman student teacher doctor nurse patient cook waiter soldier player dog cat
    animal"""
PEOPLE = PERSON | frozenset(stem(word) for word in [*DOERS, *_DOERS.split()])
"""Stems of those who do things, animals among them."""
VEHICLES = ALIKE[stem("vehicle")] | frozenset(stem(word) for word in ["vehicle", "bicycle", "bike", "scooter", "train"])
"""Stems of what drives."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a sentence is like."""

    share: float
    """Of the descriptions nearest to it, how much is wrong, by nearness: 0..1."""
    event: str
    """The event type of the wrong one nearest to it; empty where there is none that it could be."""
    wrong: str
    """That description."""
    usual: str
    """The ordinary one nearest to it."""


NOTHING = Likeness(0.0, "", "", "")
"""Of a sentence that there is nothing to liken to."""


class Descriptions:
    """The descriptions of a rule pack, to liken sentences to.

    Args:
        events: Event types with descriptions of both sides.
        embedder: The text encoder.
    """

    def __init__(self, events: Iterable[EventType], embedder: Embedder) -> None:
        kept = [event for event in events if event.told or event.told_benign]
        wrong = {text: event.id for event in kept for text in event.told}
        usual = dict.fromkeys(text for event in kept for text in event.told_benign if text not in wrong)
        self._wrong, self._events = list(wrong), list(wrong.values())
        self._usual = list(usual)
        self._who = [doers_of(text)[:1] for text in self._wrong]
        self._vectors = embedded(embedder, [*self._wrong, *self._usual])

    def like(self, texts: Sequence[str], vectors: Vectors) -> list[Likeness]:
        """What each of some sentences is like.

        Who does something decides too: a sentence that names nobody is like no description of what people do.

        Args:
            texts: The sentences.
            vectors: (n, dim) what the text encoder makes of them.
        """
        if not texts or not self._wrong or not self._usual:
            return [NOTHING] * len(texts)
        near = vectors @ self._vectors.T
        for row, text in zip(near, texts, strict=True):
            named = doers_of(text)
            row[: len(self._wrong)][[not set(who) <= set(named) for who in self._who]] = -1.0
        return [self._likeness(row) for row in near]

    def _likeness(self, near: NDArray[np.float32]) -> Likeness:
        split = len(self._wrong)
        best = np.argsort(-near, kind="stable")[:NEAREST]
        weights = np.exp((near[best].astype(np.float64) - float(near[best[0]])) / SOFTNESS)
        share = float(weights[best < split].sum() / weights.sum())
        wrong, usual = int(near[:split].argmax()), split + int(near[split:].argmax())
        possible = near[wrong] > -1.0
        return Likeness(
            round(share, 4),
            self._events[wrong] if possible else "",
            self._wrong[wrong] if possible else "",
            self._usual[usual - split],
        )


def doers_of(text: str) -> list[str]:
    """Who a sentence says to do something, in their order: "people" (and animals), "vehicles".

    None of those whom it denies, and nobody where it only lists what is there: "there are two people and a car".
    """
    words = read(text)
    if any(a.raw == "there" and b.raw in BEING for a, b in pairwise(words)) and not _tells_an_action(words):
        return []
    kinds = (("people", PEOPLE), ("vehicles", VEHICLES))
    return list(
        dict.fromkeys(kind for word in words for kind, stems in kinds if word.stem in stems and not word.denied)
    )


def _tells_an_action(words: Sequence[Word]) -> bool:
    return any(is_verb(words, i) and words[i].raw not in BEING for i in range(len(words)))
