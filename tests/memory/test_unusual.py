"""The filter that compares each moment with normal life."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from panda_agent.memory import unusual
from panda_agent.memory.normality import learn
from panda_agent.memory.packed import PackedLooks
from panda_agent.memory.unusual import UnusualMotion
from panda_agent.perception.background import Foreground
from panda_agent.perception.cells import CellLook, cells_of
from panda_agent.perception.look import Look

HEIGHT, WIDTH = 144, 192


def look_at(time, x, speed):
    """A body of noise at x (pixels) that moves to the right; speed in pixels per second."""
    random = np.random.default_rng(int(time * 10) % 7)
    gray = np.full((HEIGHT, WIDTH), 90, np.uint8)
    moving, flow = np.zeros_like(gray), np.zeros((HEIGHT, WIDTH, 2), np.float32)
    left = int(x) % (WIDTH - 24)
    body = np.s_[60:108, left : left + 20]
    gray[body] = random.integers(40, 200, gray[body].shape)
    moving[body], flow[body] = 255, (speed, 0)
    fore = Foreground(moving, 0.05)
    cells = cells_of(time, gray, flow, moving)
    return Look(time, gray[..., None].repeat(3, 2), gray, flow, fore, np.zeros((0, 4), np.float32), {}, [], cells=cells)


def film(seconds, fast=(), start=0):
    for i in range(round(seconds * 10)):
        time = i / 10
        speed = 120.0 if fast and fast[0] <= time < fast[1] else 15.0
        yield look_at(time, start + 1.5 * i, speed)


def watch(filter_, looks):
    found = [row for look in looks for row in filter_.update(look)]
    return found + filter_.finish()


@pytest.fixture(scope="module")
def memory():
    return learn([(f"v{i}", [look.cells for look in film(15, start=11 * i)]) for i in range(4)])


def test_normal_life_gives_a_curve_and_no_episode(memory):
    found = watch(UnusualMotion(10.0, memory), film(12, start=5))
    assert [row.kind for row in found] == ["normality"]
    assert found[0].data["given"] == 1
    assert found[0].data["peak"] < 1.1


def test_what_is_much_faster_is_an_episode_at_its_time_and_place(memory):
    found = watch(UnusualMotion(10.0, memory), film(12, fast=(5, 7), start=5))
    (episode,) = [row for row in found if row.kind == "unusual"]
    assert episode.span.start == pytest.approx(5, abs=0.8)
    assert episode.span.end == pytest.approx(7, abs=0.8)
    assert episode.data["feature"] == "faster"
    assert episode.data["surprise"] > 2
    for time, x0, y0, x1, y1 in episode.data["path"][::5]:
        assert 0 <= x0 < x1 <= 1
        assert y0 < 108 / HEIGHT  # the body reaches from 60 to 108
        assert y1 > 60 / HEIGHT
        assert time + 0.8 >= 5


def test_without_normal_videos_the_rest_of_the_video_says_what_is_usual():
    found = watch(UnusualMotion(10.0), film(30, fast=(20, 21)))
    curve = next(row for row in found if row.kind == "normality")
    best = max(curve.data["profile"], key=lambda point: point[1])
    assert curve.data["given"] == 0
    assert best[0] == pytest.approx(20.5, abs=1.0)


def test_a_long_curve_is_filed_in_chapters(memory, monkeypatch):
    monkeypatch.setattr(unusual, "CHAPTER_SECONDS", 8.0)
    found = watch(UnusualMotion(10.0, memory), film(20))
    curve = [row for row in found if row.kind == "normality"]
    assert len(curve) == 3
    assert sum(row.data["moments"] for row in curve) == 200
    assert all(a.span.end < b.span.start for a, b in pairwise(curve))


def test_a_still_video_is_no_evidence():
    still = replace(look_at(0.0, 0, 0.0), cells=CellLook.empty())
    assert watch(UnusualMotion(10.0), [still] * 20) == []


@pytest.mark.parametrize(("given", "kinds"), [(True, {"normality", "unusual"}), (False, {"normality"})])
def test_packing_changes_nothing(given, kinds, memory, monkeypatch):
    looks = list(film(30, fast=(12, 14)))
    whole = watch(UnusualMotion(10.0, memory if given else None), looks)
    monkeypatch.setattr(unusual, "BLOCK", 7)
    assert watch(UnusualMotion(10.0, memory if given else None), looks) == whole
    assert {row.kind for row in whole} == kinds


def test_looks_come_out_of_a_pack_as_they_went_in():
    looks = [look.cells for look in film(2)] + [CellLook.empty()]
    packed = PackedLooks.of(looks)
    assert len(packed) == len(looks)
    for one, other in zip(packed, looks, strict=True):
        assert (one.time, one.shape) == (other.time, other.shape)
        assert np.array_equal(one.features, other.features)
        assert np.array_equal(one.where, other.where)
