"""Courses over time: averages and what lasts."""

import numpy as np
import pytest

from panda_agent.reasoning.rules.smoothing import MOST, USUAL, averaged, persisting


def test_an_average_of_a_constant_is_the_constant():
    assert averaged([0.0, 1.0, 5.0], [0.4, 0.4, 0.4], 8.0, causal=False) == pytest.approx([0.4] * 3)


def test_a_causal_average_of_a_prefix_is_the_prefix_of_the_average():
    times, values = np.arange(50.0), np.sin(np.arange(50.0))
    whole = averaged(times, values, 4.0, causal=True)
    assert np.array_equal(averaged(times[:20], values[:20], 4.0, causal=True), whole[:20])


def test_how_often_somebody_looked_does_not_matter():
    slow, quick = np.arange(0.0, 40.0, 1.0), np.arange(0.0, 40.0, 0.1)
    coarse = averaged(slow, (slow >= 20) * 1.0, 5.0, causal=False)
    fine = averaged(quick, (quick >= 20) * 1.0, 5.0, causal=False)
    assert coarse == pytest.approx(fine[::10], abs=0.1)


@pytest.mark.parametrize("causal", [True, False])
def test_one_glance_is_little_and_many_in_a_row_are_much(causal):
    moments = np.arange(0.0, 10.0, 1 / 24)
    once, often = np.zeros(len(moments)), np.zeros(len(moments))
    once[120] = 2.5
    often[100:196:2] = 2.5
    assert persisting(moments, once, USUAL, causal=causal).max() < 1.5
    assert 1.8 < persisting(moments, often, USUAL, causal=causal).max() < MOST


def test_glances_known_so_far_are_weighed_without_later_ones():
    moments, levels = np.arange(0.0, 5.0, 0.1), np.tile([0.0, 2.0], 25)
    whole = persisting(moments, levels, USUAL, causal=True)
    assert np.array_equal(persisting(moments[:20], levels[:20], USUAL, causal=True), whole[:20])
