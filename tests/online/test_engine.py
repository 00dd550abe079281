"""Rules over rows that are known at different times: what counts, and from when on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from panda_agent.reasoning.rules.beliefs import HELD
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.types import EventType, Evidence, Rule, TimeSpan

EVENT = EventType.model_validate(
    {"id": "fight", "title": "Fight", "statement": "They fight.", "benign": "They play.", "severity": "high",
     "prior": 0.05, "decay": 2.0}
)  # fmt: skip
TIMES = np.arange(0, 12, 0.1).round(3)


def rule(**more) -> Rule:
    made = {
        "id": "fight.seen", "event_type": "fight", "when": [{"kind": "blow"}], "weight": 4.0, "question": "Do they?",
        "explanation": "They do.", "fires": [{"kind": "blow", "at": [0, 1]}],
        "must_not": [{"kind": "track", "at": [0, 1]}],
    }  # fmt: skip
    return Rule.model_validate(made | more)


def row(kind: str, start: float, end: float, known: float | None, name: str = "", **data) -> Evidence:
    return Evidence(
        id=name or f"{kind}{start}{known}",
        kind=kind,
        span=TimeSpan(start=start, end=end),
        statement="",
        data=data,
        tool=data.pop("tool", "eyes@1"),
        known_at=known,
    )


def belief(*rows: Evidence, rules=None) -> dict[float, float]:
    weighed = weigh(rules or [rule()], rows)
    return dict(zip(TIMES.tolist(), weighed.belief(EVENT, TIMES).tolist(), strict=True))


def test_a_row_counts_from_when_it_is_known_as_what_is_left_of_it():
    offline, online = belief(row("blow", 2, 3, None)), belief(row("blow", 2, 3, 4.0))
    assert all(online[t] == pytest.approx(0.05) for t in TIMES if t < 4)
    assert all(online[t] == offline[t] for t in TIMES if t >= 4)
    assert online[4.0] > 0.3


def test_of_a_course_the_strongest_moment_is_left_not_the_last():
    """A course that was told when it was over had faded by its end; nobody felt its height."""
    course = [[2.0, 0.0], [2.5, 1.0], [3.0, 0.0]]
    graded = [rule(strength={"field": "profile", "low": 0.0, "high": 1.0})]
    online = belief(row("blow", 2, 3, 3.0, profile=course), rules=graded)
    left = 4.0 * math.exp(-0.5 / 2.0)
    assert online[3.0] == pytest.approx(1 / (1 + math.exp(math.log(19) - left)))
    assert belief(row("blow", 2, 3, None, profile=course), rules=graded)[3.0] == pytest.approx(0.05)


def test_a_course_that_came_with_the_video_counts_moment_by_moment_and_looks_at_no_later_one():
    graded = [rule(strength={"field": "profile", "low": 0.0, "high": 1.0})]
    course = [[2.0, 0.5], [2.1, 0.5], [2.2, 1.0]]
    full = belief(row("blow", 2, 2.2, 5.0, profile=course, live=True), rules=graded)
    part = belief(row("blow", 2, 2.1, 5.0, profile=course[:2], live=True), rules=graded)
    assert all(full[t] == part[t] for t in TIMES if t < 2.2)
    assert full[2.1] > 0.2
    assert full[2.2] > part[2.2]
    assert full[2.4] == pytest.approx(full[2.2])
    assert full[round(2.3 + HELD, 3)] < full[2.2]


def test_what_came_once_a_second_stands_for_a_second_and_after_a_pause_for_no_longer_than_it_fades():
    graded = [rule(strength={"field": "profile", "low": 0.0, "high": 1.0})]
    each_second = belief(row("blow", 2, 3, 9.0, profile=[[2.0, 1.0], [3.0, 1.0]], live=True), rules=graded)
    assert each_second[3.9] == each_second[3.0] > 0.3
    assert each_second[4.2] < each_second[3.9]
    late = belief(row("blow", 0, 5, 9.0, profile=[[0.0, 1.0], [5.0, 1.0]], live=True), rules=graded)
    assert late[6.9] == late[5.0] > late[7.2]


def test_a_rule_of_two_rows_waits_for_the_later_one():
    both = [rule(when=[{"kind": "blow"}, {"kind": "track"}])]
    online = belief(row("blow", 2, 3, 3.0), row("track", 2, 3, 5.0), rules=both)
    assert online[4.9] == pytest.approx(0.05)
    assert online[5.0] > 0.05


def test_of_several_rows_that_would_do_the_one_known_first_does():
    both = [rule(when=[{"kind": "blow"}, {"kind": "track"}])]
    late, soon = row("track", 1, 3, 9.0), row("track", 2, 3, 4.0)
    weighed = weigh(both, [row("blow", 2, 3, 3.0), late, soon])
    assert weighed.fired()[0].known_at == 4.0
    assert soon.cite in weighed.fired()[0].evidence


def test_what_must_not_be_there_forbids_nothing_until_it_is_known():
    alone = [rule(when=[{"kind": "blow"}, {"kind": "hug", "absent": True}])]
    online = belief(row("blow", 2, 3, 3.0), row("hug", 2, 3, 4.0), rules=alone)
    assert online[3.9] > 0.3
    assert online[4.0] == pytest.approx(0.05)
    for known in (3.0, None):
        curve = belief(row("blow", 2, 3, known), row("hug", 2, 3, known), rules=alone)
        assert max(curve.values()) == pytest.approx(0.05)


def test_an_episode_is_no_company_to_itself():
    """What was told of a stop while it lasted is not another stop."""
    twice = [rule(when=[{"kind": "blow"}, {"kind": "blow"}])]
    early, late = (row("blow", 2, end, end, track=3, so_far=end < 4) for end in (3.0, 4.0))
    assert not weigh(twice, [early, late]).fired()
    assert weigh(twice, [early, row("blow", 2, 4, 4.0, track=5)]).fired()


def test_a_second_look_weighs_on_what_is_left_of_the_moments_it_watched():
    look = row("second_look", 2, 4, 4.0, tool="zoom@1", watched=["blow"], found=False)
    plain, again = belief(row("blow", 2, 3, 3.0)), belief(row("blow", 2, 3, 3.0), look)
    later = belief(row("blow", 5, 6, 6.0), look)
    assert all(plain[t] == again[t] for t in TIMES if t < 4)
    assert again[4.0] < plain[4.0]
    assert later == belief(row("blow", 5, 6, 6.0))


def test_a_rule_that_was_added_on_the_way_says_nothing_of_the_time_before():
    weighed = weigh([rule()], [row("blow", 2, 3, 3.0)], added={"fight.seen": 4.0})
    curve = dict(zip(TIMES.tolist(), weighed.belief(EVENT, TIMES).tolist(), strict=True))
    plain = belief(row("blow", 2, 3, 3.0))
    assert curve[3.9] == pytest.approx(0.05)
    assert curve[4.0] == plain[4.0]
