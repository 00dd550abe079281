import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.reasoning.rules.beliefs import Push, SecondLook, log_odds, logit, sigmoid, spans_above, to_probability
from panda_agent.types import TimeSpan

TIMES = np.arange(0, 10, 0.5)


def push(start, end, level, family="motion", look="first@1", **kw):
    return Push("fight", family, "agitation", look, TimeSpan(start=start, end=end), level, **kw)


@given(st.floats(min_value=1e-6, max_value=1 - 1e-6))
def test_logit_and_sigmoid_undo_each_other(p):
    assert sigmoid(logit(p)) == pytest.approx(p, rel=1e-9)


def test_without_evidence_belief_is_the_prior():
    assert to_probability(log_odds([], TIMES, 0.05, 1.0)) == pytest.approx(np.full(len(TIMES), 0.05))


def test_a_push_holds_in_its_span_and_fades_after_it():
    level = push(2, 4, 3.0).at(TIMES, decay=2.0)
    assert level[TIMES < 2].max() == 0
    assert (level[(TIMES >= 2) & (TIMES <= 4)] == 3.0).all()
    assert level[TIMES == 6.0][0] == pytest.approx(3.0 / np.e)


def test_a_profile_moves_belief_moment_by_moment():
    level = push(2, 4, 3.0, times=(2.0, 3.0, 4.0), levels=(0.0, 3.0, 1.0)).at(TIMES, decay=1.0)
    assert level[TIMES == 2.5][0] == pytest.approx(1.5)
    assert level[TIMES == 5.0][0] == pytest.approx(1.0 / np.e)


def test_one_sense_counts_once_at_a_moment_and_two_senses_add_up():
    same = log_odds([push(0, 5, 2.0), push(0, 5, 3.0)], TIMES, 0.5, 1.0)
    both = log_odds([push(0, 5, 2.0), push(0, 5, 3.0, family="tracks")], TIMES, 0.5, 1.0)
    assert same[0] == pytest.approx(3.0)
    assert both[0] == pytest.approx(5.0)


def test_several_looks_at_the_same_moment_count_as_their_mean():
    looks = {"zoom@1": SecondLook((TimeSpan(start=0, end=2),), frozenset({"agitation"}))}
    agree = log_odds([push(0, 5, 3.0), push(0, 2, 1.0, look="zoom@1")], TIMES, 0.5, 1.0, looks)
    blank = log_odds([push(0, 5, 3.0)], TIMES, 0.5, 1.0, looks)
    assert agree[0] == pytest.approx(2.0)
    assert blank[0] == pytest.approx(1.5)
    assert blank[TIMES == 4.0][0] == pytest.approx(3.0)


def test_what_speaks_against_is_subtracted_within_the_same_sense():
    assert log_odds([push(0, 5, 3.0), push(0, 5, -2.0)], TIMES, 0.5, 1.0)[0] == pytest.approx(1.0)


def test_spans_need_a_high_peak_and_reach_down_to_the_low_mark():
    times = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    found = spans_above(times, np.array([0.3, 0.6, 0.3, 0.1, 0.3, 0.3]), high=0.5, low=0.25, end=6.0)
    assert found == [(TimeSpan(start=0.0, end=3.0), 0.6)]


def test_a_span_at_the_end_lasts_to_the_end_of_the_video():
    assert spans_above([0.0, 1.0], np.array([0.1, 0.9]), 0.5, 0.25, end=2.5)[0][0] == TimeSpan(start=1.0, end=2.5)
