"""The account: a model writes it, and only what the evidence backs is kept; the label does not rest on it."""

from __future__ import annotations

import json
import re
from contextlib import closing

import pytest

from panda_agent import Investigator
from panda_agent.conversation import Conversation
from panda_agent.conversation.retold import with_account
from panda_agent.embedders import HashEmbedder
from panda_agent.evaluation.groundedness import groundedness
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from tests.agent.conftest import opinion, when, worked
from tests.agent.test_ladder import quoted

FIGHT = opinion(
    event="fight", status="abnormal", score=0.95, answer="yes", reason="One man strikes another.", seen="They strike."
)
LIES = [
    "A masked man stabs 3 people and sets the yard on fire.",
    "The motion is agitated for 90.0 seconds.",
    "At 9:59 somebody leaves.",
    "A dog barks at a red car.",
]
EMPTY = {"what": [], "why": [], "before": [], "after": [], "instead": []}


@pytest.fixture(scope="module")
def told(shared, tmp_path_factory):
    """What the model is told when it is to write the account."""
    return quoted(_worked(shared, tmp_path_factory, []).said("conclude")[0])


def _worked(shared, tmp_path_factory, replies):
    video = shared / "data" / "clips" / "SCFD_fi001.mp4"
    mine = ModelReasoner(embedder=HashEmbedder())
    rules = [*replies, when("judge", FIGHT)]
    return worked(tmp_path_factory.mktemp("home"), video, rules, reasoner=mine)


def test_sentences_that_evidence_backs_are_kept_with_their_cites(told, shared, tmp_path_factory):
    row = next(row for row in told["evidence"] if "agitat" in row["says"].lower())
    true = EMPTY | {"what": [{"text": row["says"], "cites": [row["id"]]}]}
    case = _worked(shared, tmp_path_factory, [when("conclude", true)])
    (passage,) = case.verdict.account
    assert (passage.role, passage.sentences[0].text) == ("what", row["says"])
    assert passage.sentences[0].cites == (row["id"],)
    assert "conclude" in case.purposes()
    assert case.purposes().count("conclude") == 1


def test_a_liar_loses_every_sentence_after_one_chance_to_mend_it(told, shared, tmp_path_factory):
    cites = [row["id"] for row in told["evidence"]]
    lies = EMPTY | {"what": [{"text": text, "cites": cites[:3]} for text in LIES]}
    lies |= {"why": [{"text": "People fight.", "cites": ["e00000000000"]}, {"text": "It is so.", "cites": []}]}
    case = _worked(shared, tmp_path_factory, [when("conclude", lies)])
    assert case.verdict.account == ()
    assert case.purposes().count("conclude") == 2
    refused = quoted(case.said("conclude")[1])["refused"]
    assert len(refused) == len(LIES) + 2
    assert any(re.match(r"6 sentences of the model's account were left out", w) for w in case.verdict.warnings)


def test_the_repaired_account_counts(told, shared, tmp_path_factory):
    row = told["evidence"][0]
    bad = EMPTY | {"what": [{"text": LIES[0], "cites": [row["id"]]}]}
    good = EMPTY | {"what": [{"text": row["says"], "cites": [row["id"]]}]}
    case = _worked(shared, tmp_path_factory, [when("conclude", bad, times=1), when("conclude", good)])
    assert [claim.text for claim in case.verdict.account[0].sentences] == [row["says"]]


def test_the_verdict_is_the_same_whatever_the_account_says(told, shared, tmp_path_factory):
    quiet = _worked(shared, tmp_path_factory, [when("conclude", EMPTY)])
    loud = _worked(shared, tmp_path_factory, [when("conclude", text="no JSON at all")])
    assert (quiet.verdict.label, quiet.verdict.confidence) == (loud.verdict.label, loud.verdict.confidence)
    assert any(w.startswith("The model wrote no account:") for w in loud.verdict.warnings)


def test_of_a_lying_model_nothing_ungrounded_survives(shared, tmp_path_factory):
    video = shared / "data" / "clips" / "SCFD_nofi001.mp4"
    mine = ModelReasoner(embedder=HashEmbedder())
    case = worked(tmp_path_factory.mktemp("home"), video, [], personality="lying", reasoner=mine)
    found = groundedness(case.verdict)
    assert found.problems == ()
    assert json.dumps(case.verdict.model_dump(mode="json")["account"]).count("stabs") == 0


def test_a_revised_verdict_keeps_what_still_stands_of_the_account(told, shared, tmp_path_factory):
    fought = next(row for row in told["evidence"] if "agitat" in row["says"].lower())
    other = next(row for row in told["evidence"] if row["id"] != fought["id"])
    said = [{"text": row["says"], "cites": [row["id"]]} for row in (fought, other)]
    case = _worked(shared, tmp_path_factory, [when("conclude", EMPTY | {"what": said})])
    before = case.verdict
    with closing(case.store()) as store:
        rows = {row.cite: row for row in store.evidence()}
    bare = before.model_copy(update={"account": (), "evidence_rows": ()})
    assert with_account(bare, before, rows).account == before.account
    (kept,) = with_account(bare, before, {fought["id"]: rows[fought["id"]]}).account
    assert [claim.text for claim in kept.sentences] == [fought["says"]]
    calm = with_account(bare.model_copy(update={"label": "normal"}), before, rows)
    assert calm.account == ()
    assert "left out" in calm.warnings[-1]


def test_a_conversation_keeps_the_account_where_the_finding_stays(told, shared, tmp_path_factory):
    row = next(row for row in told["evidence"] if "agitat" in row["says"].lower())
    case = _worked(
        shared, tmp_path_factory, [when("conclude", EMPTY | {"what": [{"text": row["says"], "cites": [row["id"]]}]})]
    )
    with Conversation(Investigator(case.settings), case.case_id) as talk:
        reply = talk.say("I know it is so: a man falls at 0:01")
        assert reply.version == 2, reply.lines
        assert talk.docket.verdict.account == case.verdict.account
