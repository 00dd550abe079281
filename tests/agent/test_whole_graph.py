"""The whole agent on a real video: every stage asks, every picture tool is used, memory is recalled, all is told."""

from __future__ import annotations

import pytest

from tests.agent.conftest import opinion, step, when, worked

PICTURE_TOOLS = (
    *("look_faster", "look_sharper", "zoom", "brighten", "denoise", "enhance", "read_text", "retrieve_frames"),
    *("compare_clips", "question_clip"),
)
INPUTS = {
    "retrieve_frames": {"text": "smoke"},
    "enhance": {"operation": "denoise"},
    "compare_clips": {"against": "the rest of this video"},
    "question_clip": {"questions": [{"event": "explosion", "statement": "It burns.", "benign": "It is lit."}]},
}
DOUBT = opinion(status="insufficient", answer="unclear", score=0.5, reason="The smoke hides what happens.")


@pytest.fixture(scope="module")
def whole(shared, tmp_path_factory):
    video = shared / "data" / "clips" / "XD_explosion_v=JfLYNEsrTew_52_431.mp4"
    steps = [
        when("reflect", step(tool, input=INPUTS.get(tool, {}), new_check="Does it burn?"), times=1)
        for tool in PICTURE_TOOLS
    ]
    home, rules = tmp_path_factory.mktemp("home"), [*steps, when("judge", DOUBT)]
    return worked(home, video, rules, loop={"clip_seconds": 2.0}, budget={"looks": len(PICTURE_TOOLS) + 2})


def test_every_stage_is_told_in_the_log_and_every_picture_tool_is_used(whole):
    steps = [row.step for row in whole.log()]
    for stage in ("ask perceive", "ask plan", "ask judge 0.0", "ask reflect 0.0", "ask conclude", "plan", "conclude"):
        assert any(step.startswith(stage) for step in steps), stage
    acts = [row.data for row in whole.log() if row.step.startswith("act ")]
    assert [act["tool"] for act in acts][: len(PICTURE_TOOLS)] == list(PICTURE_TOOLS)
    failed = {act["tool"]: act["failed"] for act in acts if "failed" in act}
    assert not failed


def test_an_unclear_clip_has_three_rounds_each_with_another_tool(whole):
    first = [row for row in whole.log() if row.step.startswith(("judge 0.", "act 0."))]
    assert [row.step for row in first] == [
        *("judge 0.0", "act 0.1", "judge 0.1", "act 0.2", "judge 0.2", "act 0.3", "judge 0.3")
    ]
    tools = [row.data["tool"] for row in first if row.step.startswith("act")]
    assert len(set(tools)) == 3


def test_later_clips_recall_the_one_that_was_most_like_them(whole):
    assert '"similar_before": null' in whole.said("reflect")[0]
    assert "insufficient" in whole.said("reflect")[3].split('"similar_before"')[1]
    wishes = [row.data for row in whole.log() if row.step.startswith("reflect 1.")]
    assert all("The smoke hides what happens." in wish["recalled"] for wish in wishes)


def test_short_memory_tells_of_the_steps_before_in_words_and_one_picture_each(whole):
    first, later = whole.said("judge")[0], whole.said("judge")[-1]
    assert '"before": []' in first
    assert later.count("insufficient (") >= 5
    assert whole.pictures("judge")[0] == 3
    assert whole.pictures("judge")[-1] == 3 + 5


def test_what_the_tools_brought_is_told_when_the_clip_is_judged_again(whole):
    again = whole.said("judge")[1]
    assert '"tool": "look_faster"' in again
    assert "Looked again (look faster)" in again
    assert "Does it burn?" in again


def test_a_clip_that_stays_unclear_has_the_default_score(whole):
    opinions = [row for row in whole.store().evidence(kind="opinion")]
    assert opinions
    assert {row.data["p"] for row in opinions} == {whole.settings.agent.default_score}
