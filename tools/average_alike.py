"""A captioner's yes and no, averaged over the moments of a video that he describes alike.

Captioners cry wolf at one second and miss the next, while both are described in the same words. After LAVAD
(arXiv 2404.01014), which refines the scores of moments by those whose captions are nearest; here every moment of the
video counts, by how near it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.embedders import Embedder, Vectors, minilm
from panda_agent.perception.observation import Observation, profile_of
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.descriptions import SOFTNESS
from panda_agent.tools.told import kept_encoder, sentences_of
from panda_agent.types import Evidence

BATCH = 64
"""Sentences, or moments, between two looks at whether the case is to stop."""


class AverageAlike:
    """Files a row in the place of each `score` row of yes and no; online none, since what comes later is not known.

    Args:
        embedder: The text encoder; None is MiniLM.
    """

    spec = ToolSpec(
        name="average_alike",
        about="Averages a captioner's yes and no over moments that he describes alike.",
        family="caption/flag",
        makes={"score": ("profile", "peak", "mean", "system", "yes_no", "encoder", "supersedes")},
        after=True,
        aliases=("similar moments", "score refinement"),
    )

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder or minilm()

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row for each course of flags.

        Raises:
            ToolError: The text encoder's weights are not installed.
        """
        scope.check()
        if scope.online:
            return
        flagged = [row for row in scope.filed(kind="score") if _is_raw(row)]
        told = [_Told(row, [*sentences_of(row)]) for row in scope.filed(kind="caption")]
        told = sorted((one for one in told if one.sentences), key=lambda one: one.row.place)
        if not flagged or not told:
            return
        alike = self._vectors(told, scope)
        for row in flagged:
            yield _averaged(row, told, alike, self._embedder.name, scope)

    def _vectors(self, told: Sequence[_Told], scope: Scope) -> Vectors:
        """(n, dim): what each moment is described as, the mean of its sentences."""
        texts = list(dict.fromkeys(text for one in told for text in one.sentences))
        known: dict[str, NDArray[np.float32]] = {}
        with kept_encoder(self._embedder, scope.home) as encoder:
            for i in range(0, len(texts), BATCH):
                scope.check()
                known |= dict(zip(texts[i : i + BATCH], encoder.embed(texts[i : i + BATCH]), strict=True))
        rows = np.stack([np.mean([known[text] for text in one.sentences], axis=0) for one in told])
        vectors: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return vectors


@dataclass(frozen=True, slots=True)
class _Told:
    row: Evidence
    sentences: Sequence[str]


def _is_raw(row: Evidence) -> bool:
    """A course of yes and no, as its captioner gave it."""
    return row.data.get("yes_no") == 1 and "supersedes" not in row.data and bool(row.profile)


def _averaged(row: Evidence, told: Sequence[_Told], alike: Vectors, encoder: str, scope: Scope) -> Observation:
    """The same course, with the mean over moments like it wherever something is described."""
    times, flags = np.asarray(row.profile, np.float64).T
    spans = [one.row.span for one in told]
    means = _means(alike, np.interp([(span.start + span.end) / 2 for span in spans], times, flags), scope)
    last = np.searchsorted([span.start for span in spans], times, side="right") - 1
    described = (last >= 0) & (times < np.array([span.end for span in spans])[last])
    values, mean = np.where(described, means[last], flags), float(means.mean())
    text = f"Averaged over moments that are described alike, the captioner flags {mean:.0%} of what is told."
    course: dict[str, JsonValue] = {
        "profile": profile_of(times, values),
        "peak": round(float(values.max()), 3),
        "mean": round(mean, 4),
        "encoder": encoder,
        "supersedes": row.cite,
    }
    return Observation("score", row.span, text, row.data | course, family=row.family)


def _means(alike: Vectors, flags: NDArray[np.float64], scope: Scope) -> NDArray[np.float64]:
    """(n,): at each moment the mean over all, each by e to the cosine by which it is nearer."""
    means = np.empty_like(flags)
    for i in range(0, len(flags), BATCH):
        scope.check()
        weights = np.exp((alike[i : i + BATCH] @ alike.T - 1.0) / SOFTNESS)
        means[i : i + BATCH] = weights @ flags / weights.sum(axis=1)
    return means
