"""A pace counts as kept when it lasts; a lurch, a swinging arm and a pair of them do not add up to one."""

from __future__ import annotations

import numpy as np
import pytest

from panda_agent.perception.kept_pace import LEAST, SECONDS, KeptSoFar, kept, row_of

TIMES = np.arange(200) / 10


def levels(*stretches, height=2.5, floor=0.2):
    found = np.full(len(TIMES), floor)
    for start, end in stretches:
        found[(start <= TIMES) & (end >= TIMES)] = height
    return found


def test_what_lasts_is_kept_from_its_first_to_its_last_moment():
    found = kept(TIMES, levels((5.0, 10.0)))
    assert set(TIMES[found > 1]) == set(TIMES[(TIMES >= 5) & (TIMES <= 10)])
    assert found.max() == 2.5


@pytest.mark.parametrize("stretches", [[(5, 8)], [(5, 8), (8.3, 11)], []], ids=["short", "twice short", "nothing"])
def test_what_is_short_is_not_kept(stretches):
    assert kept(TIMES, levels(*stretches)).max() == 0.2
    assert row_of(TIMES, kept(TIMES, levels(*stretches)), 0.4) is None


def test_a_video_shorter_than_that_tells_of_nothing():
    short = TIMES[TIMES < SECONDS - 0.5]
    assert not kept(short, np.full(len(short), 5.0)).any()


def test_so_far_is_told_after_the_same_time_and_never_taken_back():
    course = levels((5.0, 10.0))
    keeper = KeptSoFar()
    found = np.array([keeper.update(t, level) for t, level in zip(TIMES.tolist(), course.tolist(), strict=True)])
    assert set(TIMES[found > 1].round(1)) == set(np.arange(90, 101) / 10)
    assert (found <= kept(TIMES, course) + 1e-9).all()


def test_the_rate_at_which_somebody_looks_does_not_matter():
    coarse = TIMES[::3]
    found = kept(coarse, levels((5.0, 10.0))[::3])
    assert coarse[found > 1].min() <= 5.3
    assert coarse[found > 1].max() >= 9.7


def test_the_row_says_when_and_how_much():
    row = row_of(TIMES, kept(TIMES, levels((5.0, 10.0))), 0.4)
    assert (row.span.start, row.span.end) == (5.0, 10.0)
    assert row.data["peak"] == 2.5 >= LEAST
    assert "at least 2.72 times the pace" in row.statement
    assert "seen between 5.0 s and 10.0 s" in row.statement


def test_what_was_not_seen_is_not_kept():
    """Fast before the light changed and fast afterwards, a second each: of the time between nothing is known."""
    seen = (TIMES < 1.05) | (TIMES > 8.95)
    times, course = TIMES[seen][:22], levels((0.0, 10.0))[seen][:22]
    assert times[-1] < 10.2
    assert not kept(times, course).any()
    keeper = KeptSoFar()
    assert not any(keeper.update(t, level) for t, level in zip(times.tolist(), course.tolist(), strict=True))
