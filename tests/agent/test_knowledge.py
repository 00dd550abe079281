"""The rules that a model writes once for each question: asked for by event type, kept whole or not at all, editable."""

from __future__ import annotations

import pytest
import yaml

from panda_agent.embedders import HashEmbedder
from panda_agent.reasoning.llm.knowledge import FOLDER
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from tests.agent.conftest import when
from tests.made_up import Still, frames

EVENTS = ("fight", "fall")
PACK = """
id: small
version: 1
title: for tests
scenes: [street]
event_types:
  - {id: fight, title: Fight, statement: People fight., benign: They play., severity: high, prior: 0.05}
  - {id: fall, title: Fall, statement: Somebody falls., benign: They sit down., severity: medium, prior: 0.05}
rules:
  - id: fight.told
    event_type: fight
    when: [{kind: caption, where: ['told mentions ["fight"]']}]
    weight: 2.5
    question: Does anyone fight?
    explanation: "It is said: {told}"
    fires: [{kind: caption, at: [0, 1], told: Two men fight.}]
    must_not: [{kind: caption, at: [0, 1], told: Nobody fights.}]
  - id: fall.told
    event_type: fall
    when: [{kind: caption, where: ['told mentions ["fall"]']}]
    weight: 2.5
    question: Does anyone fall?
    explanation: "It is said: {told}"
    fires: [{kind: caption, at: [0, 1], told: A man falls.}]
    must_not: [{kind: caption, at: [0, 1], told: Nobody falls.}]
"""
GOOD = {
    "description": "One person strikes another.",
    "supports": "anomaly",
    "scenes": [],
    "phrases": ["strike person"],
    "fires": "A man strikes another person.",
    "must_not": "Two people shake hands.",
}
TWICE = GOOD | {"description": "The same in other words."}
REFUTED = GOOD | {"phrases": ["bite person"]}
RULES = {"rules": [GOOD, TWICE, REFUTED, GOOD | {"phrases": ["kick person"], "fires": "He kicks a person."}]}


@pytest.fixture
def asked(work, tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK)

    def case(*replies: dict, name: str = "case", **given):
        mine = ModelReasoner(embedder=HashEmbedder())
        more = {"tools": [Still()], "reasoner": mine, "rules": str(tmp_path / "pack.yaml")}
        return work(frames(), list(replies), case=name, agent={"knowledge": "model"}, **more, **given)

    return case


def kept(case) -> list[dict]:
    return [yaml.safe_load(file.read_text()) for file in (case.settings.root / FOLDER).glob("*.yaml")]


def test_it_is_asked_for_once_an_event_type_and_what_fails_or_repeats_is_left_out(asked):
    case = asked(when("knowledge", RULES))
    assert case.purposes().count("knowledge") == len(EVENTS)
    (pack,) = kept(case)
    names = [rule["id"] for rule in pack["rules"]]
    assert names == [f"{event}.known0{n}" for event in EVENTS for n in (1, 4)]
    tested = {line.rule for line in case.verdict.trace}
    assert {f"{name}@1" for name in names} <= tested


def test_another_case_with_the_same_question_asks_no_more(asked):
    asked(when("knowledge", RULES))
    assert "knowledge" not in asked(name="again").purposes()
    assert "knowledge" in asked(when("knowledge", RULES), name="other", question="Does anyone fall?").purposes()


@pytest.mark.parametrize(
    "second",
    [when("knowledge", {"rules": []}), when("knowledge", text="no JSON"), when("knowledge", {"rules": [REFUTED]})],
)
def test_what_is_empty_or_partial_is_used_but_not_kept(asked, second):
    first = when("knowledge", RULES, times=1)
    case = asked(first, second)
    assert kept(case) == []
    assert any(line.rule.startswith("fight.known") for line in case.verdict.trace)


def test_without_any_answer_the_verdict_says_so(asked):
    case = asked(when("knowledge", text="no JSON"))
    assert any("did not give the rules of experience" in warning for warning in case.verdict.warnings)


def test_the_kept_pack_can_be_edited_and_used_as_a_rule_pack(asked, work, tmp_path):
    case = asked(when("knowledge", RULES))
    (file,) = (case.settings.root / FOLDER).glob("*.yaml")
    pack = yaml.safe_load(file.read_text())
    pack["rules"][0]["weight"] = 0.5
    file.write_text(yaml.safe_dump(pack))
    mine = ModelReasoner(embedder=HashEmbedder())
    used = work(frames(), [], case="used", tools=[Still()], reasoner=mine, rules=str(file))
    assert used.verdict.provenance["rules"]["pack"].startswith("knowledge-")
