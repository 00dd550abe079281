"""A case that is unclear waits for a person, through a process that ends in between."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from panda_agent import Investigator
from panda_agent.errors import CasePaused, UserError
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.tools import ToolSpec
from panda_agent.types import EvidenceFound, HumanAsked, TimeSpan, VerdictReached
from tests.made_up import frames

PACK = """
id: test
version: 1
title: for tests
scenes: [street]
event_types:
  - {id: fight, title: Fight, statement: People fight or attack somebody., benign: They play.,
     severity: high, prior: 0.05, keywords: [fight]}
rules:
  - id: fight.energy
    event_type: fight
    when: [{kind: thrash, where: ["energy >= 1"]}]
    weight: 3.0
    question: Is it a fight?
    explanation: "Agitated motion, energy {energy}."
    fires: [{kind: thrash, at: [0, 1], energy: 3}]
    must_not: [{kind: thrash, at: [0, 1], energy: 0.5}]
  - id: each.confirmed
    event_type: each
    when: [{kind: answer, where: ["event == each", "p >= 0.5"]}]
    strength: {field: p, low: 0.5, high: 0.9}
    weight: 4.0
    question: Is it so?
    explanation: "{answered}"
    fires: [{kind: answer, at: [0, 5], event: each, p: 0.97, answered: "yes"}]
    must_not: [{kind: answer, at: [0, 5], event: each, p: 0.4, answered: "unclear"}]
  - id: each.denied
    event_type: each
    supports: benign
    when: [{kind: answer, where: ["event == each", "p <= 0.5"]}]
    strength: {field: p, low: 0.5, high: 0.1}
    weight: 1.5
    question: Is it not so?
    explanation: "{answered}"
    fires: [{kind: answer, at: [0, 5], event: each, p: 0.05, answered: "no"}]
    must_not: [{kind: answer, at: [0, 5], event: each, p: 0.9, answered: "yes"}]
"""


class Motion:
    """Sees one agitation that is worth a doubt."""

    spec = ToolSpec(name="observe_motion", about="Sees.", family="motion", makes={"thrash": ("energy",)})

    def run(self, scope):
        for _ in scope.reader.frames():
            scope.check()
        yield Observation("thrash", TimeSpan(start=0.5, end=1.5), "Agitated.", {"energy": 2.0})


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK)
    loop = {"ask_human": True, "unsure": 0.1, "abstain": 0.0, "rounds": 6}
    return Settings(home=tmp_path, rules=str(tmp_path / "pack.yaml"), loop=loop)


def opened(settings) -> tuple[str, list]:
    """A case with one unclear clip, worked until it waits; by an investigator that is gone."""
    investigator = Investigator(settings, tools=[Motion()])
    case_id = investigator.open(frames(), case_id="unclear")
    return case_id, events(settings, case_id)


def events(settings, case_id, **given) -> list:
    async def collect():
        investigator = Investigator(settings, tools=[Motion()])
        return [event async for event in investigator.resume(case_id, frames(), **given)]

    return asyncio.run(collect())


def test_it_waits_and_the_answer_is_evidence_of_its_own_kind(settings):
    case_id, told = opened(settings)
    asked = told[-1]
    assert isinstance(asked, HumanAsked)
    assert asked.statement == "People fight or attack somebody."
    assert isinstance(events(settings, case_id)[-1], HumanAsked)  # asked again, as nobody answered
    final = events(settings, case_id, answer={"answer": "yes", "note": "the man in white hits him"})
    while isinstance(final[-1], HumanAsked):
        final = events(settings, case_id, answer="no")
    verdict = final[-1].verdict
    assert isinstance(final[-1], VerdictReached)
    assert verdict.label == "anomalous"
    cited = [row for row in verdict.evidence(kind="answer") if row.data["answer"] == "yes"]
    assert cited[0].family == "human"
    assert "the man in white hits him" in cited[0].statement


def test_a_no_speaks_for_the_innocent_explanation(settings):
    case_id, told = opened(settings)
    while isinstance(told[-1], HumanAsked):
        told = events(settings, case_id, answer="no")
    assert told[-1].verdict.label == "normal"


def test_what_is_no_answer_is_refused(settings):
    case_id, _ = opened(settings)
    with pytest.raises(UserError, match="'maybe' is no answer"):
        events(settings, case_id, answer="maybe")


def test_who_wants_a_verdict_at_once_is_told_how_to_answer(settings):
    investigator = Investigator(settings, tools=[Motion()])
    with pytest.raises(CasePaused, match="waits for a person: is it so that People fight"):
        investigator.investigate(frames(), case_id="waits")


def test_a_question_that_nobody_answers_in_time_is_undecided(settings):
    loop = settings.loop.model_copy(update={"ask_timeout": 0.4})
    case_id, told = opened(settings.model_copy(update={"loop": loop}))
    asked = told[-1]
    assert isinstance(asked, HumanAsked)
    assert datetime.fromisoformat(asked.deadline) - datetime.now(UTC) <= timedelta(seconds=0.4)
    while isinstance(told[-1], HumanAsked):
        left = datetime.fromisoformat(told[-1].deadline) - datetime.now(UTC)
        time.sleep(max(0.0, left.total_seconds()))
        told = events(settings, case_id)
    rows = [event.evidence for event in told if isinstance(event, EvidenceFound)]
    assert [row.statement for row in rows if row.kind == "unanswered"] == [
        "Nobody answered within 0.4 s; it stays undecided."
    ]
    assert not [row for row in rows if row.kind == "answer"]


def test_until_its_deadline_a_question_is_put_again_with_the_same_deadline(settings):
    loop = settings.loop.model_copy(update={"ask_timeout": 600})
    case_id, told = opened(settings.model_copy(update={"loop": loop}))
    assert events(settings, case_id)[-1] == told[-1]
    while isinstance(told[-1], HumanAsked):
        told = events(settings, case_id, answer="yes")
    assert told[-1].verdict.label == "anomalous"
