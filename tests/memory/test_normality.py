"""Normality memory: learnt from cells of normal videos, calibrated by leaving each out, kept in a folder."""

import json

import numpy as np
import pytest

from panda_agent.errors import StoreError, UserError
from panda_agent.memory.normality import HEADER, ROWS, NormalityMemory, learn, read_header, smooth
from panda_agent.perception.cells import CellLook


def walk(seed, n=120, speed=0.1, odd=None):
    """Looks at somebody of ordinary pace; from `odd` = (look, speed) on, at another."""
    random, looks = np.random.default_rng(seed), []
    for i in range(n):
        pace = odd[1] if odd and i >= odd[0] else speed
        features = np.column_stack([random.normal(mean, 0.02, 9) for mean in (pace, 0.6, 0.4, 0.3, 0.2)])
        where = np.argwhere(np.ones((3, 3))) + np.array([10, i % 20])
        looks.append(CellLook(i / 10, features.astype(np.float32), where.astype(np.int16), (36, 48)))
    return looks


@pytest.fixture(scope="module")
def memory():
    return learn([(f"v{i}", walk(i)) for i in range(4)])


def test_what_is_normal_stays_near_the_limit_and_what_is_odd_goes_far_beyond(memory):
    normal, _ = memory.surprise(walk(9))
    odd, cells = memory.surprise(walk(9, odd=(60, 0.4)))
    assert normal.max() < 1.5
    assert odd[60:].min() > 3
    assert odd[:60].max() == pytest.approx(normal[:60].max(), rel=0.2)
    assert set(cells.tolist()) <= set(range(9))


def test_a_calibrated_limit_is_passed_by_one_normal_moment_in_a_hundred(memory):
    looks = walk(77, n=400)
    curve = smooth([look.time for look in looks], memory.surprise(looks)[0])
    assert 0.0 <= (curve > 1).mean() < 0.06


def test_it_says_what_differs(memory):
    gaps = memory.differs(walk(1, odd=(0, 0.4))[0].features[0])
    assert max(gaps, key=lambda name: abs(gaps[name])) == "speed"
    assert gaps["speed"] > 5


def test_a_look_without_motion_is_no_surprise(memory):
    empty = CellLook(0.0, np.zeros((0, 5), np.float32), np.zeros((0, 2), np.int16), (36, 48))
    values, cells = memory.surprise([empty, *walk(3, n=2)])
    assert (values[0], cells[0]) == (0.0, -1)


def test_learning_twice_gives_the_same(memory):
    again = learn([(f"v{i}", walk(i)) for i in range(4)])
    np.testing.assert_array_equal(again.rows, memory.rows)
    assert again.limit == memory.limit


def test_one_video_is_calibrated_by_its_halves():
    memory = learn([("only", walk(5))])
    assert memory.surprise(walk(6))[0].max() < 2


def test_nothing_to_learn_from_is_said():
    still = CellLook(0.0, np.zeros((0, 5), np.float32), np.zeros((0, 2), np.int16), (36, 48))
    with pytest.raises(UserError, match="Hardly anything moves"):
        learn([("still", [still] * 20)])


def test_it_comes_back_from_its_folder(tmp_path, memory):
    memory.save(tmp_path / "m1")
    memory.save(tmp_path / "m1")  # over the old one
    back = NormalityMemory.load(tmp_path / "m1")
    np.testing.assert_array_equal(back.rows, memory.rows)
    assert (back.limit, back.sources) == (memory.limit, ("v0", "v1", "v2", "v3"))
    assert read_header(tmp_path / "m1")["count"] == len(memory.rows)
    assert [place.name for place in tmp_path.iterdir()] == ["m1"]


def damage_header(folder):
    (folder / HEADER).write_text("{")


def change_rows(folder):
    raw = bytearray((folder / ROWS).read_bytes())
    raw[-1] ^= 1
    (folder / ROWS).write_bytes(raw)


def cut_rows(folder):
    (folder / ROWS).write_bytes((folder / ROWS).read_bytes()[:100])


def age(folder):
    header = json.loads((folder / HEADER).read_text())
    (folder / HEADER).write_text(json.dumps(header | {"version": 0}))


@pytest.mark.parametrize("harm", [damage_header, change_rows, cut_rows, age])
def test_a_damaged_or_older_one_is_refused_in_one_sentence(tmp_path, memory, harm):
    memory.save(tmp_path / "m1")
    harm(tmp_path / "m1")
    with pytest.raises(StoreError, match="normality memory"):
        NormalityMemory.load(tmp_path / "m1")


def test_smoothing_hides_no_zeros_at_the_edges():
    times = np.arange(50) / 10
    np.testing.assert_allclose(smooth(times, np.full(50, 2.0)), 2.0)
    spike = np.zeros(50)
    spike[25] = 1.0
    smoothed = smooth(times, spike)
    assert smoothed.sum() == pytest.approx(1.0)
    assert smoothed[25] == smoothed.max() < 0.2
