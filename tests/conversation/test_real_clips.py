"""Conversations about real videos, with the rules and tools that ship."""

from __future__ import annotations

import pytest

from panda_agent import Investigator
from panda_agent.conversation import Conversation


@pytest.fixture
def about(shared):
    talks = []

    def begin(name: str) -> Conversation:
        investigator = Investigator()
        investigator.investigate(shared / "data" / "clips" / name, case_id="clip")
        talks.append(Conversation(investigator, "clip"))
        return talks[-1]

    yield begin
    for talk in talks:
        talk.close()


def test_a_fight_is_seen_again_and_then_explained(about):
    talk = about("SCFD_fi001.mp4")
    verdict = talk.docket.verdict
    assert verdict.label == "anomalous"
    look = talk.say("look at everything sharper")
    rows = [talk.docket.case.store.get(cite) for cite in look.cites]
    (again,) = (row for row in rows if row.kind == "second_look")
    assert set(again.data["of"]) <= {row.cite for row in verdict.evidence_rows}
    fact = talk.say("I know that is an exercise")
    assert fact.version is not None
    assert talk.docket.verdict.label == "normal"
    assert talk.docket.case.store.verdict(1) == verdict
    assert "against" in "\n".join(talk.say("why 1s").lines)


def test_every_moment_of_a_normal_video_has_an_answer(about):
    talk = about("SCFD_nofi001.mp4")
    assert talk.docket.verdict.label == "normal"
    for time in ("0:00", "1s", "0:01.7", "0:00 to 0:02"):
        reply = talk.say(f"why not {time}")
        assert "believed most" in reply.lines[0] or "no rule speaks" in reply.lines[0]
    assert talk.say("false alarm").version is None
