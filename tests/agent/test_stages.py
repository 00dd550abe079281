"""Where the model is not there, or was unclear a moment ago."""

from __future__ import annotations

from panda_agent import Investigator
from panda_agent.embedders import HashEmbedder
from panda_agent.errors import Unreachable
from panda_agent.memory.camera import CameraMemory
from panda_agent.nodes.model_access import ModelAccess
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from panda_agent.settings import load_settings
from tests.agent.conftest import NO_STEP, opinion, when
from tests.made_up import Still, frames

DOUBT = opinion(status="insufficient", answer="unclear", score=0.5, reason="It is too dark to tell.")


def test_an_endpoint_that_is_away_is_waited_for_once_and_not_at_every_stage(home, monkeypatch):
    tried = []

    def nobody(access):
        tried.append(access)
        raise Unreachable("The model endpoint http://127.0.0.1:9/v1 can't be reached.")

    monkeypatch.setattr(ModelAccess, "_opened", nobody)
    settings = load_settings(home=home, model={"base_url": "http://127.0.0.1:9/v1"})
    mine = ModelReasoner(embedder=HashEmbedder())
    verdict = Investigator(settings, tools=[Still()], reasoner=mine).investigate(frames())
    assert len(tried) == 1
    assert verdict.label == "inconclusive"
    assert any("can't be reached" in warning for warning in verdict.warnings)


def test_a_clip_after_an_unclear_one_is_looked_at_with_and_without_short_memory(work):
    """Which clips the gate lets through must not depend on a memory that the ladder switches."""
    judged = []
    for memory in (0, 5):
        agent = {"gate_share": 0.0, "gate_least": 1, "gate_every": 2, "reflection": False, "short_memory": memory}
        mine = ModelReasoner(embedder=HashEmbedder())
        rules = [when("judge", DOUBT)]
        case = work(frames(30.0), rules, case=f"m{memory}", tools=[Still()], reasoner=mine, agent=agent)
        judged.append([row.step for row in case.log() if row.step.startswith("ask judge")])
    assert judged[0] == judged[1]
    assert len(judged[0]) > 1


SWINGS = {
    "description": "Two men near a wall; one swings his arm at the other.",
    "people": [],
    "objects": [],
    "visible_text": [],
    "quality": "good",
}
PROPOSAL = NO_STEP | {
    "why": "The rules know no swinging arms.",
    "new_rule": {"event": "fight", "description": "Somebody swings an arm at another.", "phrases": ["swing arm"]},
}


def kept_after(work, clip, *, keep: bool, described: dict = SWINGS) -> list[str]:
    rules = [when("caption", described), when("reflect", PROPOSAL), when("judge", DOUBT)]
    agent = {"keep_rules": keep}
    case = work(clip, rules, reasoner=ModelReasoner(embedder=HashEmbedder()), camera="gate", agent=agent)
    return [kept.why for kept in CameraMemory.of(case.settings.root, "gate").rules()]


def test_a_proposed_rule_is_kept_for_the_camera_where_motion_shows_that_it_was_right(work, clip):
    (why,) = kept_after(work, clip, keep=True)
    assert why.startswith("It fired at ")
    assert "fight." in why


def test_a_proposed_rule_is_not_kept_unless_that_is_wanted(work, clip):
    assert kept_after(work, clip, keep=False) == []


def test_a_proposed_rule_that_never_fired_is_not_kept(work, clip):
    assert kept_after(work, clip, keep=True, described=SWINGS | {"description": "People stand near a wall."}) == []
