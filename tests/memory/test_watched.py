from itertools import pairwise

import numpy as np
import pytest

from panda_agent.memory import watched
from panda_agent.perception.cells import CellLook


def looks(n):
    random = np.random.default_rng(n)
    for i in range(n):
        cells = int(random.integers(0, 4))
        features = random.random((cells, 5)).astype(np.float32)
        yield CellLook(i / 10, features, random.integers(0, 48, (cells, 2)).astype(np.int16), (48, 40))


def same(a, b):
    assert [(look.time, look.shape) for look in a] == [(look.time, look.shape) for look in b]
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one.features, other.features)
        np.testing.assert_array_equal(one.where, other.where)


@pytest.mark.parametrize("n", [0, 1, 50])
def test_what_was_kept_comes_back(tmp_path, n):
    made = list(looks(n))
    watched.keep(tmp_path / "new" / "v1.npz", made)
    found = watched.kept(tmp_path / "new" / "v1.npz")
    assert found is not None
    same(found, made)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["v1.npz"]


def test_damaged_or_missing_is_measured_again(tmp_path):
    assert watched.kept(tmp_path / "none.npz") is None
    watched.keep(tmp_path / "v.npz", list(looks(30)))
    whole = (tmp_path / "v.npz").read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "v.npz").write_bytes(whole[:cut])
        assert watched.kept(tmp_path / "v.npz") is None


def test_a_long_video_is_thinned_evenly(monkeypatch):
    monkeypatch.setattr(watched, "MOST", 100)
    kept = watched.thinned(looks(1000))
    steps = {round(b.time - a.time, 6) for a, b in pairwise(kept)}
    assert 50 <= len(kept) <= 100
    assert len(steps) == 1
    assert kept[-1].time > 98
