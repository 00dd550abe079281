from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.reasoning.rules.beliefs import Push
from panda_agent.reasoning.rules.curve import MOST_GAP, STRAIGHT, draw, one_name_each, telling, timeline
from panda_agent.reasoning.rules.engine import Weighed
from panda_agent.reasoning.rules.verdict import main_span
from panda_agent.settings import Settings
from panda_agent.types import AnomalySpan, EventType, TimeSpan


def event(name):
    return EventType(id=name, title=name, statement="a", benign="b", severity="low", prior=0.05, decay=4.0)


def push(name, start, end, level=5.0):
    return Push(name, "motion", "agitation", "first@1", TimeSpan(start=start, end=end), level)


def drawn(*pushes, asked=(), names=("wrong_way", "abandoned_object", "unusual")):
    """The curve of one minute in which these pushes are felt."""
    felt = {name: [one for one in pushes if one.event_type == name] for name in names}
    plan = SimpleNamespace(event_types=[event(name) for name in names], asked=asked)
    brief = SimpleNamespace(settings=Settings(), duration=60.0)
    return draw(SimpleNamespace(brief=brief, plan=plan, evidence=[]), Weighed([], felt))


def span(name, start, end, peak=0.9):
    return AnomalySpan(start=start, end=end, event_type=name, peak=peak)


def names(spans):
    return [(one.event_type, one.start, one.end) for one in spans]


def test_two_events_are_two_spans_even_where_belief_never_falls_between_them():
    curve = drawn(push("wrong_way", 10, 17), push("abandoned_object", 20, 40))
    assert curve.score[(curve.times >= 10) & (curve.times <= 40)].min() > 0.25
    assert [one.event_type for one in curve.spans] == ["wrong_way", "abandoned_object"]
    assert [one.start for one in curve.spans] == pytest.approx([10, 20], abs=0.1)
    assert 17 < curve.spans[0].end < 30


def test_overlapping_spans_of_different_events_stay_apart_and_rise_by_start():
    curve = drawn(push("abandoned_object", 12, 40), push("wrong_way", 10, 14))
    assert [one.event_type for one in curve.spans] == ["wrong_way", "abandoned_object"]


def test_a_long_catch_all_swallows_no_event_inside_it():
    spans = [span("unusual", 5, 50, 0.99), span("wrong_way", 10, 13), span("abandoned_object", 20, 40)]
    assert names(one_name_each(spans)) == names(spans)
    assert main_span(one_name_each(spans)).event_type == "wrong_way"


def test_two_names_of_one_stretch_are_one_span_named_by_the_better_one():
    assert names(one_name_each([span("unusual", 9, 15, 0.99), span("fight", 10, 16)])) == [("fight", 9, 16)]
    assert names(one_name_each([span("fight", 9, 15, 0.7), span("panic", 10, 16)])) == [("panic", 9, 16)]
    assert names(one_name_each([span("unusual", 14, 16, 0.99), span("fight", 10, 60)])) == [("fight", 10, 60)]


def test_a_catch_all_elsewhere_keeps_its_name():
    spans = [span("fight", 5, 6, 0.6), span("unusual", 40, 50, 0.99)]
    assert names(one_name_each(spans)) == names(spans)
    assert main_span(spans).event_type == "unusual"


def test_only_what_was_asked_about_makes_score_and_spans_but_every_height_is_known():
    curve = drawn(push("wrong_way", 10, 17), push("abandoned_object", 20, 40), asked=("wrong_way",))
    assert [one.event_type for one in curve.spans] == ["wrong_way"]
    assert curve.score[curve.times == 30].max() < 0.25
    assert curve.heights["abandoned_object"].belief > 0.8
    assert curve.heights["abandoned_object"].time == pytest.approx(20, abs=0.1)


def test_the_timeline_gives_the_score_at_every_moment_with_far_fewer_points():
    curve = drawn(push("wrong_way", 10, 17), push("abandoned_object", 20, 40))
    points = timeline(curve)
    again = np.interp(curve.times, [one.t for one in points], [one.score for one in points])
    assert np.abs(again - curve.score).max() < 1e-4
    assert np.diff([one.t for one in points]).max() <= 1.1
    assert (points[0].t, points[-1].t) == (0.0, pytest.approx(curve.times[-1], abs=1e-3))
    assert len(points) < len(curve.times) / 2


def test_a_point_off_the_straight_line_is_told():
    times = [0.0, 0.1, 0.3, 0.4, 0.5]
    assert telling(times, [0.0, 0.1, 0.3, 0.4, 0.5]) == [0, 4]
    assert telling(times, [0.0, 0.1, 0.3, 0.41, 0.5]) == [0, 2, 3, 4]
    assert telling([0.0], [0.5]) == [0]


@given(st.lists(st.tuples(st.floats(0.01, 1.5), st.floats(0, 1)), min_size=1, max_size=60))
def test_no_moment_is_far_from_the_told_curve(steps):
    times = np.cumsum([gap for gap, _ in steps])
    scores = np.cumsum([rise - 0.5 for _, rise in steps]) / 1e4
    kept = telling(times.tolist(), scores.tolist())
    assert np.abs(np.interp(times, times[kept], scores[kept]) - scores).max() <= STRAIGHT * 1.001
    assert kept == sorted(set(kept))
    assert all(b - a == 1 or times[b] - times[a] <= MOST_GAP for a, b in pairwise(kept))
