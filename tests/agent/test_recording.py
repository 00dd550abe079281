"""The agent over somebody else's captions: there are no pictures, so it reads, and tools that look say so."""

from __future__ import annotations

import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.errors import UserError
from panda_agent.importers import as_recording, read_captions
from panda_agent.memory.recording import write_recording
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from panda_agent.settings import load_settings
from tests.agent.conftest import opinion, step, when, worked

LOOKING = ("look_faster", "look_sharper", "zoom", "brighten", "denoise", "enhance", "read_text", "compare_clips")
MODEL = dict.fromkeys(("perceive", "plan", "judge", "reflect", "conclude"), "model")
DOUBT = opinion(status="insufficient", answer="unclear", score=0.5, reason="The description is too short.")


@pytest.fixture(scope="module")
def replayed(shared, tmp_path_factory):
    """A recorded UCF-Crime video, worked by a scripted planner that asks for pictures all the time."""
    folder = tmp_path_factory.mktemp("ucf")
    source = shared / "data" / "ucf_crime" / "observations_internvl2_8b.jsonl.gz"
    captioned = min(
        (one for one in read_captions(source, None) if one.video.startswith("Fighting")), key=lambda one: len(one.rows)
    )
    write_recording(folder / "case.rec", *as_recording(captioned, None, source.name))
    rules = [*(when("reflect", step(tool), times=1) for tool in LOOKING), when("judge", DOUBT)]
    mine = ModelReasoner(embedder=HashEmbedder())
    return worked(folder, None, rules, recording=folder / "case.rec", agent=MODEL, rules="crime", reasoner=mine)


def test_tools_that_need_a_picture_are_unavailable_and_say_why(replayed):
    acts = [row.data for row in replayed.log() if row.step.startswith("act ")][: len(LOOKING)]
    assert [act["tool"] for act in acts] == list(LOOKING)
    assert all(act["failed"].endswith("is unavailable: a recording holds no pictures.") for act in acts)
    assert "unavailable" in replayed.said("judge")[1]


def test_the_model_reads_what_was_told_and_is_shown_nothing(replayed):
    assert set(replayed.pictures("judge")) == {0}
    assert "There are no pictures of this stretch" in replayed.said("judge")[0]
    assert '"kind": "caption"' in replayed.said("judge")[0]


def test_a_failed_look_is_no_evidence(replayed):
    tools = {row.tool.split("@")[0] for row in replayed.verdict.evidence_rows}
    assert tools.isdisjoint(LOOKING)


def test_a_recording_is_worked_by_rules_unless_a_model_is_asked_for(tmp_path, shared, work, replayed):
    home = replayed.settings.root
    quiet = work(None, [], recording=home / "case.rec", rules="crime")
    assert quiet.verdict.provenance["reasoner"] == "rules@1"
    assert not quiet.asked


def test_a_model_that_is_asked_for_must_be_there(replayed, home):
    from panda_agent import Investigator

    settings = load_settings(agent=MODEL, rules="crime")
    with pytest.raises(UserError, match="no endpoint is set"):
        Investigator(settings).investigate(recording=replayed.settings.root / "case.rec")
