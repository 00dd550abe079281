"""Search what was said: a corpus of sentences with when and in which video they were said.

A vector finds sentences of like meaning, `wording` checks that they say what is asked for. A query that no sentence
answers gets "nothing like that", with the nearest sentence, instead of the best of the wrong ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.embedders import Embedder, embedded
from panda_agent.tools.grammar import Word, read
from panda_agent.tools.wording import Saying, Wish, says, wishes
from panda_agent.types import TimeSpan

SPREAD = 1.4826
"""Median absolute deviation to standard deviation, where values are normal."""
ENDS = re.compile(r"(?<=[.!?;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text about a stretch of a video: a caption, or the statement of a row of evidence."""

    video: str
    """The recording, or the source, it belongs to: rows of two are never merged."""
    span: TimeSpan
    text: str
    """Untrusted; one sentence or several."""
    cite: str = ""
    """The row of evidence, where it is one."""


@dataclass(frozen=True, slots=True)
class TextHit:
    """A stretch of a video of which it is said."""

    video: str
    span: TimeSpan
    sentence: str
    """The sentence nearest to the query of those that say it."""
    at: TimeSpan
    """What that sentence is about."""
    similarity: float
    doubtful: bool
    """It is said with "possibly" or "or" only."""
    cites: tuple[str, ...]
    """The rows that say it, in order of time."""


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """What a corpus has to a query."""

    hits: tuple[TextHit, ...]
    """Plain ones first, then doubtful ones, each the nearest first; empty = nothing like that."""
    nearest: str
    """The sentence with the highest similarity, whether it says it or not."""
    similarity: float
    """Cosine of the first hit, or of the nearest sentence where there is no hit."""
    margin: float
    """How far that lies above the median of all sentences, in their spread (scaled median absolute deviation)."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One occurrence of a sentence that says it."""

    row: TextRow
    sentence: int
    doubtful: bool


class TextCorpus:
    """Sentences of many rows, embedded once per distinct sentence; serves the rows of a case or recordings of many.

    Args:
        rows: What was said, in any order.
        embedder: The text encoder; wrap it in `EmbeddingCache` to keep vectors between runs.
    """

    def __init__(self, rows: Iterable[TextRow], embedder: Embedder) -> None:
        self._embedder = embedder
        self._rows: dict[str, list[TextRow]] = {}
        for row in rows:
            for sentence in split_sentences(row.text):
                self._rows.setdefault(sentence, []).append(row)
        self._sentences = list(self._rows)
        self._words = [read(sentence) for sentence in self._sentences]
        self._vectors = embedded(embedder, self._sentences)

    def __len__(self) -> int:
        """Distinct sentences."""
        return len(self._sentences)

    def search(self, query: str, top: int = 5, *, per_video: int | None = None, gap: float = 1.0) -> TextAnswer:
        """Find where it is said.

        Args:
            query: What to look for, in words; untrusted.
            top: Stretches, at most.
            per_video: After so many stretches of one video, other videos come first; None sets no limit.
            gap: Rows of one video that say it, at most so many seconds apart, are one stretch.

        Raises:
            ToolError: The query is none that sentences can answer; see `wishes`.
        """
        wanted = wishes(query)
        if not self._sentences:
            return TextAnswer((), "", 0.0, 0.0)
        near = self._vectors @ embedded(self._embedder, [query])[0]
        hits = sorted(_stretches(self._said(wanted), near, self._sentences, gap), key=_rank)
        chosen = _spread(hits, per_video)[:top]
        best = chosen[0].similarity if chosen else float(near.max())
        nearest = self._sentences[int(near.argmax())]
        return TextAnswer(tuple(chosen), nearest, round(best, 4), _margin(best, near))

    def _said(self, wanted: Sequence[Wish]) -> Iterator[_Said]:
        """Every row that says it, sentence by sentence."""
        for i, words in enumerate(self._words):
            saying = _any(words, wanted)
            if saying is not None:
                yield from (_Said(row, i, saying.doubtful) for row in self._rows[self._sentences[i]])


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, without the white space around them."""
    return [part for part in (part.strip() for part in ENDS.split(text)) if part]


def _any(words: Sequence[Word], wanted: Sequence[Wish]) -> Saying | None:
    found = [saying for wish in wanted if (saying := says(words, wish)) is not None]
    return min(found, key=lambda saying: saying.doubtful, default=None)


def _stretches(
    said: Iterable[_Said], near: NDArray[np.float32], sentences: Sequence[str], gap: float
) -> Iterator[TextHit]:
    """Neighbouring rows of one video as one hit, told by its best sentence."""
    for run in _runs(sorted(said, key=lambda one: (one.row.video, one.row.span.start, one.row.span.end)), gap):
        best = min(run, key=lambda one: (one.doubtful, -near[one.sentence], one.row.span.start))
        yield TextHit(
            video=best.row.video,
            span=TimeSpan(start=run[0].row.span.start, end=max(one.row.span.end for one in run)),
            sentence=sentences[best.sentence],
            at=best.row.span,
            similarity=round(float(near[best.sentence]), 4),
            doubtful=best.doubtful,
            cites=tuple(dict.fromkeys(one.row.cite for one in run if one.row.cite)),
        )


def _runs(said: Iterable[_Said], gap: float) -> Iterator[list[_Said]]:
    run: list[_Said] = []
    end = 0.0
    for one in said:
        if run and (one.row.video != run[0].row.video or one.row.span.start > end + gap):
            yield run
            run = []
        end = max(end, one.row.span.end) if run else one.row.span.end
        run.append(one)
    if run:
        yield run


def _rank(hit: TextHit) -> tuple[bool, float, str, float]:
    return hit.doubtful, -hit.similarity, hit.video, hit.span.start


def _spread(hits: Iterable[TextHit], per_video: int | None) -> list[TextHit]:
    """The same hits; those of a video that has had its share come after those of others, doubtful ones last of all."""
    told: Counter[str] = Counter()
    ranked: list[tuple[bool, bool, TextHit]] = []
    for hit in hits:
        told[hit.video] += 1
        ranked.append((hit.doubtful, per_video is not None and told[hit.video] > per_video, hit))
    return [hit for *_, hit in sorted(ranked, key=lambda one: one[:2])]


def _margin(best: float, near: NDArray[np.float32]) -> float:
    middle = float(np.median(near))
    spread = SPREAD * float(np.median(np.abs(near - middle)))
    return round((best - middle) / spread, 2) if spread > 0 else 0.0
