"""PANDA's ladder: each rung has what the one before it has, and exactly one thing more."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from panda_agent import Investigator
from panda_agent.embedders import HashEmbedder
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from panda_agent.settings import LADDER, load_settings
from tests.agent.conftest import opinion, step, when
from tests.made_up import Glance, Still, frames

DOUBT = opinion(status="insufficient", answer="unclear", score=0.5, reason="It is too dark to tell.")
SCENE = {
    "overview": "A yard behind a warehouse.",
    "normal": "People walk across it.",
    "conditions": "Daylight.",
    "lighting": "day",
    "quality": "good",
    "tags": ["street"],
    "potential_anomalies": ["somebody climbs the fence"],
}


@pytest.fixture
def rung(work):
    def on(name: str):
        rules = [when("reflect", step("zoom")), when("judge", DOUBT), when("perceive", SCENE)]
        return work(
            frames(),
            rules,
            tools=[Still(), Glance()],
            reasoner=ModelReasoner(embedder=HashEmbedder()),
            agent={"rung": name},
        )

    return on


def quoted(text: str) -> dict:
    """The fenced data of a request."""
    inside = text.split("\n<data-")[-1] if "\n<data-" in text else text.split("<data-")[1]
    return json.loads(inside[inside.index("\n") + 1 : inside.index("\n</data-")])


def has(case) -> dict[str, bool]:
    """What a case had of that which the ladder switches."""
    judged = [quoted(text) for text in case.said("judge")]
    reflected = [quoted(text) for text in case.said("reflect")]
    return {
        "planning": "plan" in case.purposes(),
        "perception": "perceive" in case.purposes() and all("scene" in told for told in judged),
        "advice": all(0 < len(told.get("rules", ())) <= 5 for told in judged),
        "reflection": bool(reflected),
        "short_memory": bool(judged[-1].get("before")) and case.pictures("judge")[-1] > 3,
        "long_memory": any(told["similar_before"] for told in reflected),
    }


@pytest.mark.parametrize("name", list(LADDER))
def test_a_rung_switches_exactly_its_parts(rung, name):
    wanted = {part: bool(value) for part, value in LADDER[name].items()}
    assert has(rung(name)) == wanted


@pytest.mark.parametrize(("lower", "upper"), list(pairwise(LADDER)))
def test_a_rung_has_one_thing_more_than_the_one_below(lower, upper):
    changed = {part for part in LADDER[upper] if LADDER[upper][part] != LADDER[lower][part]}
    assert len(changed) == 1


def test_on_the_lowest_rung_only_the_model_speaks_for_named_incidents(rung):
    case = rung("m0")
    kinds = {rule.split("@")[0].split(".")[1] for rule in _tested(case) if not rule.startswith("unusual.")}
    assert kinds <= {"judged", "cleared", "confirmed", "denied"}


def test_from_the_third_rung_on_the_rules_of_the_pack_speak_too(rung):
    assert any(rule.startswith("fight.told") for rule in _tested(rung("m3")))


def _tested(case) -> set[str]:
    return {line.rule for line in case.verdict.trace}


@pytest.mark.parametrize("name", ["m0", "m3", "m6"])
def test_without_a_model_a_rung_switches_what_the_rules_have_of_it(home, name):
    settings = load_settings(tier="bare", agent={"rung": name})
    verdict = Investigator(settings, tools=[Still(), Glance()]).investigate(frames())
    assert bool(verdict.scene.tags or "not looked over" not in verdict.scene.overview) == LADDER[name]["perception"]
    named = {line.event_type for line in verdict.trace}
    assert (named <= {"unusual"}) == (LADDER[name]["advice"] == 0)
