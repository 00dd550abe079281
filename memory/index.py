"""Search evidence by what it says: a FAISS index over its distinct statements, a cache made from the rows."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from panda_agent.embedders import Embedder, Vectors, embedded
from panda_agent.memory.case_store import CaseStore
from panda_agent.types import Evidence

FILE = "texts.index"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """An index of one state of the evidence. Never changed, only replaced, so that searching needs no lock."""

    generation: int
    cites: list[list[str]]
    """For each text, its rows in the order of evidence."""
    index: Any
    """faiss.IndexFlatIP, or None when there is no text."""


class TextIndex:
    """Finds the rows of a case whose statements are nearest to a text.

    The rows are the truth. Beside the case database lies a cache of the vectors with a header (encoder, version, dim,
    count, hash of the texts, hash of the vectors); where anything in it does not match, or it is damaged, it is made
    anew and replaced in one rename. It holds plain numbers and JSON: reading it can't run anything.

    Args:
        store: The case.
        embedder: The encoder; wrap it in `EmbeddingCache` so that a text is embedded once, not once a change.
    """

    def __init__(self, store: CaseStore, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None

    def search(self, text: str, k: int) -> list[tuple[Evidence, float]]:
        """The k rows nearest to a text (or as many as there are), best first, each with the cosine of the angle.

        Rows that say the same follow the order of evidence.

        Raises:
            StoreError: The encoder returned something that is no unit vector of its `dim`.
        """
        found = ((self._store.get(cite), score) for cite, score in self.ranked(text, k))
        return [(row, score) for row, score in found if row is not None][: max(0, k)]

    def ranked(self, text: str, texts: int | None = None) -> list[tuple[str, float]]:
        """The cites of the rows with the nearest statements, best first, each with its cosine.

        Args:
            text: What to look for.
            texts: How many distinct statements; all where None.
        """
        snapshot = self._fresh()
        count = min(len(snapshot.cites), len(snapshot.cites) if texts is None else texts)
        if count < 1:
            return []
        scores, places = snapshot.index.search(embedded(self._embedder, [text]), count)
        best = sorted((-round(float(score), 6), int(place)) for score, place in zip(scores[0], places[0], strict=True))
        return [(cite, -score) for score, place in best for cite in snapshot.cites[place]]

    def _fresh(self) -> _Snapshot:
        with self._lock:
            generation = self._store.generation()
            if self._snapshot is None or self._snapshot.generation != generation:
                self._snapshot = self._build(generation)
            return self._snapshot

    def _build(self, generation: int) -> _Snapshot:
        cites: dict[str, list[str]] = {}
        for row in self._store.evidence():
            cites.setdefault(row.statement, []).append(row.cite)
        texts = sorted(cites)
        return _Snapshot(generation, [cites[text] for text in texts], self._index(texts) if texts else None)

    def _index(self, texts: list[str]) -> Any:
        import faiss

        path = self._store.folder / FILE
        header = self._header(texts)
        vectors = load_vectors(path, header)
        if vectors is None:
            vectors = embedded(self._embedder, texts)
            save_vectors(path, header, vectors)
        index = faiss.IndexFlatIP(self._embedder.dim)
        index.add(vectors)
        return index

    def _header(self, texts: list[str]) -> dict[str, Any]:
        ids = [hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() for text in texts]
        return {
            "format": FORMAT,
            "embedder": self._embedder.name,
            "version": self._embedder.version,
            "dim": self._embedder.dim,
            "count": len(texts),
            "ids": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
        }


def save_vectors(path: Path, header: dict[str, Any], vectors: Vectors) -> None:
    """Replace the cache file: one line of JSON, then little-endian float32 rows.

    A cache that can't be written (a read-only folder, a full disk) costs time, not answers: no error.
    """
    payload = vectors.astype("<f4").tobytes()
    line = json.dumps({**header, "vectors": hashlib.sha256(payload).hexdigest()}, sort_keys=True)
    scratch = path.with_name(path.name + ".tmp")
    with suppress(OSError):
        scratch.write_bytes(line.encode() + b"\n" + payload)
        os.replace(scratch, path)


def load_vectors(path: Path, header: dict[str, Any]) -> Vectors | None:
    """The vectors of the cache file; None unless the file is whole and its header is the one that is due."""
    try:
        line, _, payload = path.read_bytes().partition(b"\n")
        found = json.loads(line)
    except (OSError, ValueError, RecursionError):
        return None
    if found != {**header, "vectors": hashlib.sha256(payload).hexdigest()}:
        return None
    return np.frombuffer(payload, "<f4").reshape(header["count"], header["dim"]).astype(np.float32)
