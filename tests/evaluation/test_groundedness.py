"""The verdicts of the rules say nothing beyond their evidence; a verdict that was tampered with is told from them."""

import pytest

from panda_agent import Investigator, Settings
from panda_agent.evaluation.groundedness import groundedness
from panda_agent.types import Rejected
from tests.evaluation.told import FIGHT, record, texts

CLIPS = ("GMDCSA24_S1_Fall_13.mp4", "UCF_RoadAccidents133_x264_270_451.mp4", "SCFD_nofi020.mp4")


@pytest.fixture
def told(tmp_path):
    """The verdict on people who walk, and two who fight."""
    investigator = Investigator(Settings(rules="crime", tier="bare"))
    return investigator.investigate(recording=record(tmp_path / "street.rec", texts()), case_id="street")


@pytest.mark.parametrize("name", CLIPS)
def test_verdicts_on_real_clips_are_grounded(name, shared):
    verdict = Investigator(Settings(tier="bare")).investigate(shared / "data" / "clips" / name)
    found = groundedness(verdict)
    assert found.problems == ()
    assert found.claims == found.grounded >= 3


def test_a_verdict_on_captions_is_grounded_and_cites_all_who_tell_of_the_fight(told):
    assert groundedness(told).problems == ()
    assert told.label == "anomalous"
    cited = {cite for claim in told.explanation for cite in claim.cites}
    assert [row.span.start for row in told.evidence_rows if row.cite in cited] == [12, 13, 14, 15, 16, 17]


def test_a_normal_verdict_on_captions_says_what_was_told(tmp_path):
    investigator = Investigator(Settings(rules="crime", tier="bare"))
    verdict = investigator.investigate(recording=record(tmp_path / "dull.rec", texts(fight=False)))
    assert verdict.label == "normal"
    assert [claim.span.start for claim in verdict.explanation] == [0, 20, 39]
    assert groundedness(verdict).problems == ()


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("headline", "Fight at 0:12.0–0:59.0", "headline"),
        ("headline", "Fight at 0:12.0–0:18.5 and 7 more", "headline"),
        ("answer", "Yes: people fight, at 0:01.0–0:02.0.", "answer"),
        ("rejected_alternatives", (Rejected(statement="x", why="A knife is drawn.", belief=0.1),), "rejected"),
        ("rejected_alternatives", (Rejected(statement="x", why="Not seen: a knife.", belief=0.1),), "rejected"),
        ("rejected_alternatives", (Rejected(statement="x", why="So.", belief=0, cites=("e0",)),), "rejected"),
    ],
)
def test_what_was_tampered_with_is_found(told, field, value, place):
    found = groundedness(told.model_copy(update={field: value}))
    assert {one.place for one in found.problems} == {place}
    assert found.grounded < found.claims


def test_a_claim_whose_evidence_is_gone_is_found(told):
    found = groundedness(told.model_copy(update={"evidence_rows": ()}))
    assert {one.kind for problem in found.problems for one in problem.problems} >= {"unknown_cite"}


def test_a_rule_of_ones_own_that_says_too_much_is_replaced_by_the_words_of_its_evidence(tmp_path):
    pack = tmp_path / "own.yaml"
    pack.write_text(
        "id: own\nversion: 1\ntitle: t\nscenes: []\nevent_types:\n"
        "  - {id: brawl, title: Brawl, statement: s, benign: b, severity: high, prior: 0.3, decay: 1}\n"
        "rules:\n  - {id: brawl.told, event_type: brawl, weight: 5, question: q,\n"
        "     when: [{kind: caption, where: [{field: told, op: mentions, value: [fight]}]}],\n"
        "     explanation: 'A gang of robbers attacks: {told}',\n"
        "     fires: [{kind: caption, at: [0, 1], told: They fight.}],\n"
        "     must_not: [{kind: caption, at: [0, 1], told: They walk.}]}\n"
    )
    investigator = Investigator(Settings(rules=str(pack), tier="bare"))
    verdict = investigator.investigate(recording=record(tmp_path / "street.rec", texts()))
    assert verdict.label == "anomalous"
    assert {claim.text for claim in verdict.explanation} == {FIGHT}
    assert {one.place for one in groundedness(verdict).problems} <= {"rejected"}
