import random

import numpy as np
import pytest

from panda_agent.reasoning.rules.beliefs import Push, sigmoid
from panda_agent.reasoning.rules.engine import moments, weigh
from panda_agent.reasoning.rules.sentences import fill
from panda_agent.types import Condition, EventType, Evidence, Predicate, Ramp, Region, Rule, TimeSpan

EVENT = EventType(id="fight", title="Fight", statement="a", benign="b", severity="high", prior=0.05)


def row(kind="agitation", start=1.0, end=3.0, id="e1", family="motion", region=None, **data):
    return Evidence(
        id=id,
        kind=kind,
        span=TimeSpan(start=start, end=end),
        statement="s",
        data=data,
        tool="t@1",
        family=family,
        region=region,
    )


def rule(*when, id="r", weight=4.0, **kw):
    kw = {"explanation": "energy {energy}", **kw}
    return Rule(id=id, event_type="fight", when=when, question="?", weight=weight, fires=({},), must_not=({},), **kw)


ENERGETIC = Condition(kind="agitation", where=("energy >= 2",))


def test_predicates_are_written_as_text_and_read_as_typed_values():
    predicate = Predicate.model_validate("energy >= 2.5")
    assert (predicate.field, predicate.op, predicate.value) == ("energy", ">=", 2.5)
    with pytest.raises(ValueError, match="is no predicate"):
        Predicate.model_validate("energy >> 2")


def test_a_rule_that_fires_says_so_in_numbers_and_cites_its_row():
    line = weigh([rule(ENERGETIC)], [row(energy=2.5)]).trace[0]
    assert (line.outcome, line.why, line.evidence, line.weight) == ("fired", "energy 2.5", ("e1",), 4.0)


def test_a_rule_that_does_not_fire_names_the_number_it_missed():
    line = weigh([rule(ENERGETIC)], [row(energy=1.5)]).trace[0]
    assert line.outcome == "not fired"
    assert line.why == "energy is 1.5, needs >= 2 (e1)"


def test_a_number_that_was_not_measured_leaves_the_rule_undecided():
    line = weigh([rule(ENERGETIC)], [row()]).trace[0]
    assert line.outcome == "undecided"
    assert "energy was not measured" in line.why


def test_a_rule_about_the_clock_is_undecided_without_a_clock():
    night = rule(Condition(kind="agitation", where=("hour >= 22",)), needs_clock=True)
    assert weigh([night], [row(energy=3)]).trace[0].outcome == "undecided"
    assert weigh([night], [row(energy=3)], started_at="2026-01-01T23:10:00").trace[0].outcome == "fired"
    assert weigh([night], [row(energy=3)], started_at="2026-01-01T12:00:00").trace[0].outcome == "not fired"


def test_a_ramp_grades_the_strength():
    graded = rule(ENERGETIC, strength=Ramp(field="energy", low=2, high=4))
    assert weigh([graded], [row(energy=3.0)]).trace[0].weight == pytest.approx(2.0)
    assert weigh([graded], [row(energy=9.0)]).trace[0].weight == pytest.approx(4.0)


def test_a_profile_draws_belief_at_the_rate_of_perception():
    graded = rule(ENERGETIC, strength=Ramp(field="profile", low=0, high=1))
    seen = row(energy=3, profile=[[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    belief = weigh([graded], [seen]).beliefs([EVENT], np.array([0.0, 1.0, 2.0, 3.0]))["fight"]
    assert belief[2] > 0.7 > belief[1]
    assert belief[0] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("gap", "same", "expected"),
    [(0.5, None, "fired"), (3.0, None, "not fired"), (0.5, "track", "not fired"), (0.5, "region", "fired")],
)
def test_a_second_condition_must_be_near_in_time_and_of_the_same_track_or_place(gap, same, expected):
    both = rule(ENERGETIC, Condition(kind="stop", within=1.0, same=same))
    here = Region(x0=0.1, y0=0.1, x1=0.4, y1=0.4)
    rows = [row(energy=3, track=1, region=here), row("stop", 3 + gap, 4 + gap, id="e2", track=2, region=here)]
    assert weigh([both], rows).trace[0].outcome == expected


def test_an_absence_must_be_absent():
    alone = rule(ENERGETIC, Condition(kind="crowd", absent=True))
    assert weigh([alone], [row(energy=3)]).trace[0].outcome == "fired"
    assert weigh([alone], [row(energy=3), row("crowd", id="e2")]).trace[0].outcome == "not fired"


def test_a_second_look_that_finds_nothing_halves_the_belief_it_moves():
    blank = row("second_look", id="e2", of=["e1"], found=False, watched=["agitation"]).model_copy(
        update={"tool": "zoom@1"}
    )
    event = EVENT.model_copy(update={"prior": 0.5})
    sure = weigh([rule(ENERGETIC)], [row(energy=3)]).beliefs([event], np.array([2.0]))["fight"][0]
    doubted = weigh([rule(ENERGETIC)], [row(energy=3), blank]).beliefs([event], np.array([2.0]))["fight"][0]
    assert sure == pytest.approx(sigmoid(4.0))
    assert doubted == pytest.approx(sigmoid(2.0))


def test_the_benign_side_pushes_down():
    calm = rule(ENERGETIC, id="calm", supports="benign")
    assert weigh([calm], [row(energy=3)]).trace[0].weight == -4.0


def test_the_order_of_rows_changes_nothing():
    rows = [row(energy=i % 4 + 1, id=f"e{i}", start=i * 0.3, end=i * 0.3 + 1) for i in range(20)]
    rules = [rule(ENERGETIC), rule(ENERGETIC, id="calm", supports="benign", weight=1.0)]
    shuffled = rows[:]
    random.Random(3).shuffle(shuffled)
    assert weigh(rules, rows).trace == weigh(rules, shuffled).trace


def test_a_template_is_filled_with_data_only_once_and_text_from_data_is_not_a_template():
    hostile = row(name="{energy}", energy=3)
    assert fill("{name} {unknown}", hostile) == "{energy} {unknown}"


def test_moments_hold_the_grid_and_every_sample_of_a_profile():
    push = Push("fight", "motion", "agitation", "t@1", TimeSpan(start=0, end=1), 1.0, [0.123], [1.0])
    times = moments(1.0, [push], rate=4)
    assert times.tolist() == [0.0, 0.123, 0.25, 0.5, 0.75]
