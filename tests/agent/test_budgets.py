"""Planners that loop, repeat themselves or spend: the engine keeps the budget, and says why the case ended."""

from __future__ import annotations

import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from tests.agent.conftest import opinion, step, when
from tests.made_up import Glance, Still, frames

DOUBT = opinion(status="insufficient", answer="unclear", score=0.5, reason="It is too dark to tell.")
CLIPS = 6


@pytest.fixture
def planner(work):
    def with_steps(*steps: dict, **budget):
        *first, last = steps
        rules = [*(when("reflect", one, times=1) for one in first), when("reflect", last), when("judge", DOUBT)]
        mine = ModelReasoner(embedder=HashEmbedder())
        return work(
            frames(5.0 * CLIPS),
            rules,
            tools=[Still(), Glance()],
            reasoner=mine,
            budget=budget,
            agent={"tools": ["zoom"]},
        )

    return with_steps


def paid(case) -> int:
    return sum(purpose not in ("probe", "models") for purpose in case.purposes())


def test_a_planner_that_asks_for_one_tool_over_and_over_gets_it_once_a_clip(planner):
    case = planner(step("zoom"), looks=100)
    acts = [(row.step.split()[1].split(".")[0], row.data["tool"]) for row in case.log() if row.step.startswith("act")]
    assert len(acts) == len(set(acts))
    assert case.verdict.label == "normal"


def test_a_planner_that_asks_for_the_same_by_other_names_is_not_fooled(planner):
    case = planner(*(step(name) for name in ("zoom", "ZOOM", " zoom ")), looks=100)
    acts = [(row.step.split()[1].split(".")[0], row.data["tool"]) for row in case.log() if row.step.startswith("act")]
    assert len(acts) == len(set(acts))


@pytest.mark.parametrize("looks", [0, 1, 4])
def test_a_looping_planner_never_gets_more_looks_than_the_budget(planner, looks):
    case = planner(step("zoom"), looks=looks)
    assert sum(row.step.startswith("act ") for row in case.log()) <= looks
    assert case.verdict.cost.looks <= looks


@pytest.mark.parametrize("calls", [1, 7, 12])
def test_an_expensive_planner_is_at_most_one_call_over_and_the_verdict_says_why(planner, calls):
    case = planner(step("zoom"), calls=calls, looks=100)
    assert paid(case) <= calls + 1
    assert case.verdict.label == "inconclusive"
    assert case.verdict.abstained_because == f"budget: {calls} calls are used up"


@pytest.mark.parametrize("tokens", [2000, 20000])
def test_tokens_are_kept_to_as_well(planner, tokens):
    case = planner(step("zoom"), tokens=tokens, looks=100)
    largest = 4000
    assert case.verdict.cost.tokens <= tokens + largest
    assert case.verdict.label == "inconclusive"
    assert case.verdict.abstained_because == f"budget: {tokens} tokens are used up"


def test_steps_are_kept_to(planner):
    case = planner(step("zoom"), steps=12, looks=100)
    assert case.verdict.label == "inconclusive"
    assert case.verdict.abstained_because == "budget: 12 steps are used up"
