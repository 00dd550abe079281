"""A fork reuses all that was seen, goes on from its step, and says where it comes from."""

from __future__ import annotations

import asyncio

import pytest

from panda_agent.errors import UserError
from panda_agent.memory.case_store import CaseStore, case_folder
from panda_agent.types import VerdictReached

from .conftest import PACK, TOLD, thrash


def concluded(investigator, case_id):
    async def last():
        return [event async for event in investigator.resume(case_id)][-1]

    event = asyncio.run(last())
    assert isinstance(event, VerdictReached)
    return event.verdict


def plain(verdict):
    return verdict.model_dump(exclude={"provenance"})


def store_of(investigator, case_id) -> CaseStore:
    return CaseStore.open(case_folder(investigator.desk.settings.root, case_id))


@pytest.mark.parametrize("at", ["plan", "reason 1", "reason 2", "clip 3", "conclude"])
def test_a_fork_by_the_same_rules_comes_to_the_same_verdict_and_looks_at_nothing(finished, at):
    investigator, tool = finished()
    before = store_of(investigator, "yard").verdict()
    name = investigator.fork("yard", at=at, name="again")
    after = concluded(investigator, name)
    assert plain(after) == plain(before)
    assert after.provenance["forked"] == {"case": "yard", "at": at}
    assert tool.runs == 1


def test_a_fork_goes_on_by_other_rules(finished, settings):
    investigator, tool = finished()
    night = settings.home / "night.yaml"
    night.write_text(PACK.replace("id: test", "id: night", 1).replace('"energy >= 1"', '"energy >= 0.5"') + TOLD)
    for at in ("plan", "reason 2", "conclude"):
        verdict = concluded(investigator, investigator.fork("yard", at=at, rules=str(night)))
        assert [(span.event_type, span.start) for span in verdict.spans] == [("fight", 2.0), ("fight", 8.0)]
        assert verdict.provenance["rules"]["pack"] == "night"
    assert tool.runs == 1
    assert len(store_of(investigator, "yard").verdict().spans) == 1


def test_judgements_before_the_step_stay_as_they_were(finished, settings):
    investigator, _ = finished()
    night = settings.home / "night.yaml"
    night.write_text(PACK.replace('"energy >= 1"', '"energy >= 9"') + TOLD)
    name = investigator.fork("yard", at="reason 2", rules=str(night))
    assert concluded(investigator, name).label == "normal"
    statuses = [one.status for one in store_of(investigator, name).judgements()]
    assert statuses == ["abnormal", "normal", "normal"]


def test_what_was_talked_about_does_not_go_along(finished):
    from panda_agent.conversation import Conversation

    investigator, _ = finished()
    with Conversation(investigator, "yard") as talk:
        talk.say("I know that is the guard")
        talk.say("add rule theft when thrash energy < 1 weight 5")
    verdict = concluded(investigator, investigator.fork("yard", at="conclude"))
    assert plain(verdict) == plain(store_of(investigator, "yard").verdict(1))


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("reason 4", "no step 'reason 4': 3 clips are judged"),
        ("lunch", "'lunch' is no step"),
        ("reason 0", "is no step"),
    ],
)
def test_a_step_that_is_not_there_is_refused_and_leaves_nothing(finished, at, why):
    investigator, _ = finished()
    with pytest.raises(UserError, match=why):
        investigator.fork("yard", at=at, name="again")
    assert not case_folder(investigator.desk.settings.root, "again").exists()


def test_a_name_that_is_taken_is_refused(finished):
    investigator, _ = finished()
    with pytest.raises(UserError, match="There is a case 'yard' already"):
        investigator.fork("yard", name="yard")
    assert store_of(investigator, "yard").verdict().label == "anomalous"


def test_a_case_without_a_verdict_can_be_forked_as_far_as_it_got(finished):
    investigator, tool = finished(thrash(2.0, 4.0, 2.0))
    with store_of(investigator, "yard") as store:
        assert store.verdict() is not None
    name = investigator.fork("yard", at="reason 2", name="half")
    with pytest.raises(UserError, match="no step 'conclude'"):
        investigator.fork(name, at="conclude")
    assert concluded(investigator, investigator.fork(name, at="plan")).label == "anomalous"
    assert tool.runs == 1
