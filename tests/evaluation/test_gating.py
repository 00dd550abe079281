"""The gate over recorded answers: a share is kept, what was not chosen is never read, online nothing comes early."""

from __future__ import annotations

import numpy as np
import pytest

from panda_agent.evaluation.gating import looked, moments_to_look, worth_a_look
from panda_agent.importers import Captioned, SecondRow, as_recording

QUIET = np.zeros(200)
EVENT = np.r_[np.zeros(80), np.ones(40), np.zeros(80)]
WAYS = pytest.mark.parametrize("choose", [moments_to_look, worth_a_look], ids=["offline", "online"])


def told(flags) -> Captioned:
    rows = [SecondRow(video="a", second=i, text="A man walks.", flag=float(flag)) for i, flag in enumerate(flags)]
    return Captioned(video="a", rows=tuple(rows))


@WAYS
@pytest.mark.parametrize("share", [0.1, 0.15, 0.35, 0.7])
def test_the_share_is_kept(choose, share):
    for answers in (QUIET, EVENT, np.random.default_rng(0).integers(0, 2, 333).astype(float)):
        chosen = choose(answers, share)
        assert chosen == sorted(set(chosen))
        assert len(chosen) <= share * len(answers) + 1


@WAYS
def test_where_answers_agree_fewer_looks_are_paid_for(choose):
    assert len(choose(QUIET, 0.35)) < len(choose(EVENT, 0.35))


def test_looks_go_to_the_edges_of_what_was_seen():
    chosen = set(moments_to_look(EVENT, 0.35))
    assert {79, 80, 119, 120} <= chosen
    assert len(chosen) < 0.25 * len(EVENT)


@WAYS
def test_what_was_not_chosen_is_never_read(choose):
    chosen = choose(EVENT, 0.35)
    others = EVENT.copy()
    others[[i for i in range(200) if i not in chosen]] = np.nan
    assert choose(others, 0.35) == chosen


def test_online_a_choice_rests_on_what_came_before():
    whole = worth_a_look(EVENT, 0.35)
    for end in (10, 79, 81, 125, 199):
        assert worth_a_look(EVENT[:end], 0.35) == [i for i in whole if i < end]


@WAYS
def test_a_single_answer_is_used(choose):
    assert choose(np.zeros(1), 0.1) == [0]


def test_a_video_stays_as_long_as_it_was():
    some = looked(told(EVENT), None, 0.35)
    assert some.rows[-1].second < 199
    header, _ = as_recording(some, None, "made")
    assert header.report.duration == 200.0
    assert looked(told(EVENT), None, 0.35, online=True).rows[0].second == 0
