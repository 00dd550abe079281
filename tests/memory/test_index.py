import json
import os
import random
import signal
import threading

import numpy as np
import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.errors import StoreError
from panda_agent.memory.case_store import CaseStore
from panda_agent.memory.index import FILE, TextIndex, load_vectors, save_vectors

TALK = "man woman dog bicycle car walks runs falls stops turns left right door wall road smoke bag fast"
WORDS = TALK.split()
QUERY = "a man falls by the wall"


@pytest.fixture
def filed(store, row) -> CaseStore:
    """60 rows that say 50 things."""
    dice = random.Random(1)
    texts = [" ".join(dice.sample(WORDS, 6)) for _ in range(50)]
    store.commit_pass("perceive", [row(f"e{i:02}", texts[i % 50], start=i) for i in range(60)], {})
    return store


def answers(store: CaseStore, embedder=None, k: int = 7) -> list[tuple[str, str, float]]:
    """What a fresh index says, checked against the rows themselves."""
    embedder = embedder or HashEmbedder()
    found = TextIndex(store, embedder).search(QUERY, k)
    for row, score in found:
        assert row == store.get(row.cite)
        assert score == pytest.approx(float(embedder.embed([row.statement])[0] @ embedder.embed([QUERY])[0]), abs=1e-5)
    return [(row.cite, row.statement, score) for row, score in found]


class Backwards(HashEmbedder):
    """Another encoder with vectors of the same size: each is mirrored, so old vectors would find the wrong rows."""

    name = "backwards"

    def embed(self, texts):
        return super().embed(texts)[:, ::-1].copy()


class Newer(Backwards):
    """The same name as the old one, but another version."""

    name = HashEmbedder.name
    version = "2"


class Smaller(HashEmbedder):
    """The same name and version, but shorter vectors."""

    dim = 64


class Liar(HashEmbedder):
    """Says 16, returns 512."""

    dim = 16

    def embed(self, texts):
        return np.ones((len(texts), 512), np.float32)


class Blank(HashEmbedder):
    """Can't encode the query."""

    def embed(self, texts):
        rows = super().embed(texts)
        return np.where([[text == QUERY] for text in texts], np.nan, rows).astype(np.float32)


class Long(HashEmbedder):
    """Forgets to divide by the norm."""

    def embed(self, texts):
        return super().embed(texts) * 3


def test_the_nearest_statement_comes_first_and_equal_ones_in_order(filed):
    text = filed.get("e03").statement
    (first, one), (second, two), (_, three) = TextIndex(filed, HashEmbedder()).search(text, 3)
    assert (first.cite, second.cite) == ("e03", "e53")
    assert one == two == pytest.approx(1.0)
    assert three < 1.0


def test_all_pairs_agree_with_brute_force(filed):
    ranked = TextIndex(filed, HashEmbedder()).search(QUERY, 60)
    assert len(ranked) == 60
    query = HashEmbedder().embed([QUERY])[0]
    expected = {row.cite: float(HashEmbedder().embed([row.statement])[0] @ query) for row in filed.evidence()}
    assert {row.cite: score for row, score in ranked} == pytest.approx(expected, abs=1e-5)
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)


@pytest.mark.parametrize(("k", "count"), [(-1, 0), (0, 0), (1, 1), (59, 59), (60, 60), (61, 60), (10_000, 60)])
def test_asking_for_more_than_there_is_gives_what_there_is(filed, k, count):
    assert len(TextIndex(filed, HashEmbedder()).search(QUERY, k)) == count


def test_an_empty_case_has_no_answer(store):
    assert TextIndex(store, HashEmbedder()).search(QUERY, 3) == []


def test_a_duplicate_probe_is_found_once_and_both_revisions_are(filed, row):
    filed.add(row("e03", filed.get("e03").statement, start=3))
    later = filed.add(row("e03", "a man falls by the wall at night", start=3))
    found = [one.cite for one, _ in TextIndex(filed, HashEmbedder()).search(QUERY, 100)]
    assert len(found) == len(set(found)) == 61
    assert found[0] == later.cite == "e03.1"


@pytest.mark.parametrize(("embedder", "words"), [(Liar(), "shape"), (Blank(), "not finite"), (Long(), "other than 1")])
def test_a_vector_that_is_none_is_a_sentence_not_an_answer(filed, embedder, words):
    with pytest.raises(StoreError, match=words):
        TextIndex(filed, embedder).search(QUERY, 3)
    assert len(answers(filed)) == 7


@pytest.mark.parametrize("embedder", [Backwards(), Newer(), Smaller()])
def test_a_swapped_encoder_never_meets_the_old_vectors(filed, embedder):
    before = answers(filed)
    assert len(answers(filed, embedder)) == 7
    assert answers(filed) == before


def test_new_and_replaced_rows_are_found_at_once_by_an_open_index(filed, row):
    index = TextIndex(filed, HashEmbedder())
    index.search(QUERY, 1)
    added = filed.add(row("new", QUERY))
    assert index.search(QUERY, 1) == [(added, 1.0)]
    filed.commit_pass("perceive", [row("only", "a dog")], {})
    assert [one.id for one, _ in index.search(QUERY, 9)] == ["new", "only"]


def test_the_file_is_used_again_and_is_json_and_numbers(filed):
    class Asked(HashEmbedder):
        asked = 0

        def embed(self, texts):
            Asked.asked += len(texts)
            return super().embed(texts)

    before = [one.cite for one, _ in TextIndex(filed, Asked()).search(QUERY, 7)]
    assert Asked.asked == 51
    assert [one.cite for one, _ in TextIndex(filed, Asked()).search(QUERY, 7)] == before
    assert Asked.asked == 52  # the query only
    header, _, payload = (filed.folder / FILE).read_bytes().partition(b"\n")
    assert json.loads(header)["count"] == 50
    assert len(payload) == 50 * 512 * 4


def test_any_damage_to_the_file_changes_no_answer(filed):
    before = answers(filed)
    path = filed.folder / FILE
    whole = path.read_bytes()
    dice = random.Random(2)
    header = whole.index(b"\n") + 1
    broken = [whole[:cut] for cut in (0, 1, header - 1, header, header + 5, len(whole) - 1)]
    broken += [whole + b"\x00", b"\x80\x04cos\nsystem\n.", b"[" * 50_000, b"{}\n", b"\n" * 10]
    for at in [*dice.sample(range(header), 40), *dice.sample(range(header, len(whole)), 20)]:
        broken.append(whole[:at] + bytes([whole[at] ^ (1 << dice.randrange(8))]) + whole[at + 1 :])
    for content in broken:
        path.write_bytes(content)
        assert answers(filed) == before
        assert path.read_bytes() == whole


def test_the_vectors_of_as_many_other_texts_are_not_used(filed, row):
    """Between two runs the rows were replaced by as many others: only the hash of the texts gives the file away."""
    answers(filed)
    old = (filed.folder / FILE).read_bytes()
    dice = random.Random(9)
    filed.commit_pass("perceive", [row(f"n{i:02}", " ".join(dice.sample(WORDS, 5))) for i in range(50)], {})
    before = answers(filed)
    (filed.folder / FILE).write_bytes(old)
    assert answers(filed) == before


def test_a_folder_that_takes_no_file_still_answers(filed):
    (filed.folder / FILE).mkdir()
    assert len(answers(filed)) == 7


def test_adding_and_searching_from_threads(filed, row):
    index = TextIndex(filed, HashEmbedder())
    errors: list[Exception] = []

    def add(name: int) -> None:
        for i in range(20):
            filed.add(row(f"t{name}-{i}", f"{WORDS[i % 18]} {WORDS[(i + name) % 18]} {i}"))

    def search() -> None:
        query = HashEmbedder().embed([QUERY])[0]
        for _ in range(20):
            for one, score in index.search(QUERY, 5):
                assert score == pytest.approx(float(HashEmbedder().embed([one.statement])[0] @ query), abs=1e-5)

    def guarded(work, *args) -> None:
        try:
            work(*args)
        except Exception as error:  # a thread's boundary: handed to the test
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(add, name)) for name in range(3)]
    threads += [threading.Thread(target=guarded, args=(search,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(index.search(QUERY, 500)) == 60 + 60


def test_a_kill_during_save_changes_no_answer(filed, fork):
    before = answers(filed)
    path = filed.folder / FILE
    due = json.loads(path.read_bytes().partition(b"\n")[0])
    due.pop("vectors")
    long = due | {"count": 200_000, "dim": 16}
    other = np.random.default_rng(0).normal(size=(200_000, 16)).astype(np.float32)
    for turn in range(10):
        read, write = os.pipe()

        def work(write: int = write) -> None:
            while True:
                os.write(write, b".")
                save_vectors(path, long, other)

        pid = fork(work)
        for _ in range(1 + turn % 3):
            os.read(read, 1)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(read)
        os.close(write)
        assert load_vectors(path, due) is not None or load_vectors(path, long) is not None  # never a half-written file
        assert answers(filed) == before
