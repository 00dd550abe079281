"""Frame-level figures against scikit-learn and against cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from panda_agent.evaluation.bootstrap import drawn_figures, interval, weights
from panda_agent.evaluation.metrics.frames import frame_metrics, macro_auc, within_video_auc
from tests.evaluation.made import scored

SET = st.lists(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0])), min_size=1, max_size=20),
    min_size=1,
    max_size=6,
)


def videos(rows):
    return [scored(str(i), [a for a, _ in one], [b for _, b in one]) for i, one in enumerate(rows)]


@given(SET)
@settings(max_examples=150, deadline=None)
def test_one_draw_of_every_video_is_the_figure_itself(rows):
    some = videos(rows)
    figures, drawn = frame_metrics(some), drawn_figures(some, np.ones((1, len(some))))
    for name, values in drawn.items():
        if figures[name] is None:
            assert np.isnan(values[0])
        else:
            assert values[0] == pytest.approx(figures[name], abs=1e-12)


@given(SET, st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_a_draw_is_the_auc_of_the_videos_that_were_drawn(rows, seed):
    some = videos(rows)
    drawn = weights(len(some), 1, seed)
    taken = [some[i] for i, n in enumerate(drawn[0]) for _ in range(int(n))]
    labels = np.concatenate([one.truth.labels for one in taken])
    value = drawn_figures(some, drawn)["micro_auc"][0]
    if labels.any() and not labels.all():
        assert value == pytest.approx(roc_auc_score(labels, np.concatenate([one.scores for one in taken])), abs=1e-12)
    else:
        assert np.isnan(value)


def test_macro_adds_a_normal_frame_of_0_and_an_anomalous_one_of_1():
    calm = scored("calm", [0, 0], [0.2, 0.4])
    assert macro_auc([calm]) == 1.0
    assert within_video_auc([calm]) is None
    mixed = scored("mixed", [0, 1], [0.9, 0.1])
    assert within_video_auc([mixed]) == 0.0
    assert macro_auc([mixed]) == roc_auc_score([0, 0, 1, 1], [0, 0.9, 0.1, 1])
    assert macro_auc([]) is None


def test_abnormal_only_leaves_normal_videos_out():
    some = [scored("a", [0, 1], [0.2, 0.8]), scored("b", [0, 0], [0.9, 0.9])]
    figures = frame_metrics(some)
    assert figures["abnormal_only_auc"] == 1.0
    assert figures["micro_auc"] == pytest.approx(1 / 3)


def test_draws_are_the_same_for_the_same_seed_and_as_many_as_there_are_videos():
    assert np.array_equal(weights(7, 50, 1), weights(7, 50, 1))
    assert (weights(7, 50, 1).sum(axis=1) == 7).all()
    assert not np.array_equal(weights(7, 50, 1), weights(7, 50, 2))


def test_an_interval_of_what_is_hardly_ever_defined_is_none():
    assert interval(np.array([np.nan, np.nan, np.nan, 0.5])) is None
    assert interval(np.zeros(0)) is None


def test_nothing_is_measured_of_no_videos():
    assert set(frame_metrics([]).values()) == {None}
