"""The areas under curves are those of scikit-learn, ties and all; what is undefined is None."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score

from panda_agent.evaluation.metrics.ranking import Tally, roc_auc

ROWS = st.lists(
    st.tuples(st.booleans(), st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))),
    min_size=2,
    max_size=80,
)


@given(ROWS)
@settings(max_examples=300, deadline=None)
def test_areas_are_those_of_scikit_learn(rows):
    labels, scores = np.array([row[0] for row in rows], bool), np.array([row[1] for row in rows], float)
    tally = Tally.of(labels, scores)
    if labels.any() and not labels.all():
        assert tally.roc_auc() == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    if labels.any():
        precision, recall, _ = precision_recall_curve(labels, scores)
        assert tally.average_precision() == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
        assert tally.pr_auc() == pytest.approx(auc(recall, precision), abs=1e-12)


def test_areas_are_undefined_without_both_labels():
    scores = np.array([0.1, 0.9])
    assert roc_auc(np.array([True, True]), scores) is None
    assert roc_auc(np.array([False, False]), scores) is None
    assert roc_auc(np.zeros(0, bool), np.zeros(0)) is None
    assert Tally.of(np.array([False, False]), scores).average_precision() is None
    assert Tally.of(np.array([False, False]), scores).pr_auc() is None


def test_ties_count_half():
    assert roc_auc(np.array([True, False]), np.array([0.5, 0.5])) == 0.5
