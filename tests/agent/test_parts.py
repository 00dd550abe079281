"""The parts of the agent that are plain functions: the gate, doubts, advice, knowledge, smoothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.prompts import load_pack
from panda_agent.reasoning.llm import gate
from panda_agent.reasoning.llm.advice import rules_for
from panda_agent.reasoning.llm.doubts import ambiguous, doubts_of
from panda_agent.reasoning.llm.knowledge import WEIGHT, distinct, made, provisional, usable
from panda_agent.reasoning.llm.shapes import KnownRule, NewRule
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.reasoning.rules.smoothing import smoothed
from panda_agent.settings import AgentSettings, Settings
from panda_agent.types import Evidence, SceneContext, ScorePoint, TimeSpan

AGENT = AgentSettings(gate_share=0.2, gate_least=2, gate_every=10)


def said(**data) -> Evidence:
    usual = {"event": "none", "status": "normal", "p": 0.05, "round": 0, "contradiction": False}
    return Evidence(
        id="e1", kind="opinion", span=TimeSpan(start=0, end=5), statement="", tool="judge_clip@1", data=usual | data
    )


def test_a_short_video_is_looked_at_whole():
    assert gate.chosen([0.1, 0.2], 0.5, AGENT) is None


def test_the_gate_keeps_its_share_with_a_sample_and_the_doubtful():
    scores = [0.05] * 100
    scores[33], scores[34], scores[77] = 0.9, 0.6, 0.45
    chosen = gate.chosen(scores, 0.5, AGENT)
    assert len(chosen) == 20
    assert {33, 34, 77} <= set(chosen)
    assert {5, 15, 25, 95} <= set(chosen)


def test_all_clips_are_looked_at_where_the_share_is_one():
    assert gate.chosen([0.1] * 50, 0.5, AgentSettings(gate_share=1.0)) is None


def test_online_the_share_is_kept_clip_by_clip():
    looked = 0
    for i in range(100):
        looked += gate.worth_a_look(i, 0.9, looked, 0.5, AGENT)
        assert looked <= max(2, round(0.2 * (i + 1)))
    assert looked >= 18
    assert not gate.worth_a_look(13, 0.05, 0, 0.5, AGENT)
    assert gate.worth_a_look(15, 0.05, 0, 0.5, AGENT)


@pytest.mark.parametrize(
    ("opinion", "by_rules", "believed", "doubt"),
    [
        (said(status="insufficient", p=0.5), 0.05, 0.05, "can't tell"),
        (said(contradiction=True), 0.05, 0.05, "contradict"),
        (said(p=0.6, status="abnormal", event="fight"), 0.05, 0.2, "not sure"),
        (said(), 0.45, 0.45, "too near to the line"),
        (said(), 0.9, 0.8, "rules believe it"),
        (said(p=0.95, status="abnormal", event="fight"), 0.05, 0.7, "the model believes it"),
    ],
)
def test_what_keeps_a_clip_from_being_settled(opinion, by_rules, believed, doubt):
    assert any(doubt in one for one in doubts_of(opinion, by_rules, believed, [], Settings()))


def test_a_clear_clip_has_no_doubts():
    assert doubts_of(said(), 0.05, 0.04, [], Settings()) == []
    assert doubts_of(said(p=0.95, status="abnormal", event="fight"), 0.6, 0.9, [], Settings()) == []


def test_sureness_is_asked_for_twice_and_not_for_ever():
    late = said(p=0.6, status="abnormal", event="fight", round=2)
    assert doubts_of(late, 0.05, 0.2, [], Settings()) == []


def test_a_window_is_ambiguous_within_the_spread_of_the_scores():
    assert ambiguous([0.4, 0.5, 0.6])
    assert not ambiguous([0.1, 0.1, 0.1])
    assert not ambiguous([0.5, 0.5])


def test_advice_fits_the_scene_and_is_not_all_about_one_thing():
    pack = load_pack("general")
    scene = SceneContext(overview="A shop with shelves; a customer hides goods in a bag.", tags=("shop",))
    rules = rules_for(scene, pack.rules, pack.event_types, 5, HashEmbedder())
    assert len(rules) == 5
    assert max(sum(one.event_type == rule.event_type for one in rules) for rule in rules) <= 3
    assert rules == rules_for(scene, tuple(reversed(pack.rules)), pack.event_types, 5, HashEmbedder())
    assert rules_for(scene, pack.rules, pack.event_types, 0, HashEmbedder()) == []


GOOD = {
    "description": "One person strikes another.",
    "supports": "anomaly",
    "scenes": [],
    "phrases": ["strike person", "punch person"],
    "fires": "A man strikes another person near the wall.",
    "must_not": "Two people shake hands near the wall.",
}


def known(**changes) -> KnownRule:
    return KnownRule.model_validate(GOOD | changes)


def test_a_rule_that_a_model_writes_becomes_data_that_fires_on_its_own_example():
    rule = made(known(), "fight", 0)
    assert (rule.event_type, rule.weight, rule.id) == ("fight", WEIGHT, "fight.known01")
    told = [
        said().model_copy(update={"id": f"e{i}", "kind": "caption", "statement": text, "data": {"told": text}})
        for i, text in enumerate((GOOD["fires"], GOOD["must_not"]))
    ]
    assert weigh([rule], told[:1]).fired()
    assert not weigh([rule], told[1:]).fired()


@pytest.mark.parametrize(
    "changes",
    [
        {"phrases": []},
        {"phrases": ["person", "the man"]},
        {"phrases": ["a b c d e f g"]},
        {"fires": "Nothing of the kind."},
        {"must_not": "A man strikes another person in a film."},
    ],
)
def test_a_rule_that_its_own_examples_refute_is_left_out(changes):
    assert made(known(**changes), "fight", 0) is None


def test_the_same_rule_in_other_words_is_kept_once():
    rules = [made(known(), "fight", 0), made(known(description="Blows are exchanged."), "fight", 1)]
    assert len(distinct(rules)) == 1


def test_phrases_are_plain_words_each_once():
    assert usable(["Hit person!", "hits persons", "{{ 7*7 }}", "<b>kick</b>"]) == ["hit person", "b kick b"]


def test_reflection_can_propose_a_rule_about_a_known_incident_only():
    plan = SimpleNamespace(event_types=[SimpleNamespace(id="fight")], rules=())
    wrestling = NewRule(event="fight", description="They wrestle.", phrases=["wrestle"])
    assert provisional(wrestling, 3, plan).id == "fight.clip4"
    again = SimpleNamespace(event_types=plan.event_types, rules=(provisional(wrestling, 3, plan),))
    assert provisional(wrestling, 4, again) is None
    assert provisional(NewRule(event="flood", description="Water.", phrases=["water"]), 3, plan) is None


def test_smoothing_is_the_mean_of_the_window_and_its_ends_are_padded():
    flat = tuple(ScorePoint(t=float(t), score=0.4) for t in range(30))
    assert {point.score for point in smoothed(flat, 10)} == {0.4}
    spike = tuple(ScorePoint(t=float(t), score=1.0 if t == 15 else 0.0) for t in range(31))
    assert max(point.score for point in smoothed(spike, 10)) == pytest.approx(0.1)
    start = tuple(ScorePoint(t=float(t), score=1.0 if t == 0 else 0.0) for t in range(31))
    assert smoothed(start, 10)[0].score == pytest.approx(0.6)


def test_no_smoothing_leaves_every_point():
    points = (ScorePoint(t=0.0, score=0.1), ScorePoint(t=0.4, score=0.9))
    assert smoothed(points, 0) == points
