"""A finished case is taken from the shelf, and weighed again with less evidence."""

import shutil

import pytest

from panda_agent import CaseFile, Investigator, Settings
from panda_agent.errors import CaseNotFound, UserError
from tests.evaluation.told import record, texts


@pytest.fixture
def investigator():
    return Investigator(Settings(rules="crime", tier="bare"))


@pytest.fixture
def verdict(investigator, tmp_path):
    return investigator.investigate(recording=record(tmp_path / "street.rec", texts()), case_id="street")


def test_a_reopened_case_has_its_verdict_and_all_of_its_evidence(investigator, verdict):
    with investigator.reopen("street") as case:
        assert isinstance(case, CaseFile)
        assert (case.id, case.verdict) == ("street", verdict)
        assert {row.cite for row in verdict.evidence_rows} <= {row.cite for row in case.evidence()}
        assert len(case.evidence(kind="caption")) == 40
        assert [row.span.start for row in case.evidence(kind="caption", span=(20.2, 21.8))] == [20.0, 21.0]


def test_weighed_again_with_everything_the_verdict_is_the_same(investigator, verdict):
    with investigator.reopen("street") as case:
        again = case.reweigh()
    assert (again.label, again.event_type) == ("anomalous", "fight")
    for name in ("label", "event_type", "severity", "confidence", "spans", "score_timeline", "explanation", "headline"):
        assert getattr(again, name) == getattr(verdict, name)


def test_without_what_it_cites_it_is_another_verdict_and_nothing_of_that_is_kept(investigator, verdict):
    cited = {cite for claim in verdict.explanation for cite in claim.cites}
    with investigator.reopen("street") as case:
        before = case.evidence()
        without = case.reweigh(without=cited)
        assert without.label == "normal"
        assert not cited & {cite for claim in without.explanation for cite in claim.cites}
        assert case.evidence() == before
        assert case.reweigh() == case.reweigh(without=())
    with investigator.reopen("street") as case:
        assert case.verdict == verdict


def test_an_unknown_row_is_refused_by_name(investigator, verdict):
    with investigator.reopen("street") as case, pytest.raises(UserError, match="no evidence e000000000ff"):
        case.reweigh(without=["e000000000ff"])


def test_a_case_that_is_not_there_or_not_finished_is_refused(investigator, tmp_path):
    with pytest.raises(CaseNotFound), investigator.reopen("nobody"):
        pass
    investigator.open(recording=record(tmp_path / "street.rec", texts()), case_id="open")
    with pytest.raises(UserError, match="has no verdict yet"), investigator.reopen("open"):
        pass


def test_nobody_else_works_on_it_meanwhile_and_it_can_be_reopened_after_an_error(investigator, verdict):
    with (
        investigator.reopen("street"),
        pytest.raises(UserError, match="being worked on"),
        investigator.reopen("street"),
    ):
        pass
    with pytest.raises(ZeroDivisionError), investigator.reopen("street"):
        raise ZeroDivisionError
    with investigator.reopen("street") as case:
        assert case.verdict.label == "anomalous"


def test_of_a_real_clip_the_verdict_is_the_same_and_rests_on_what_it_cites(shared, tmp_path):
    video = shutil.copy(shared / "data" / "clips" / "SCFD_fi026.mp4", tmp_path)
    investigator = Investigator(Settings(tier="bare"))
    verdict = investigator.investigate(video, case_id="clip")
    with investigator.reopen("clip") as case:
        again = case.reweigh()
        assert (again.label, again.confidence, again.spans) == (verdict.label, verdict.confidence, verdict.spans)
        assert verdict.label == "anomalous"
        assert case.reweigh({cite for claim in verdict.explanation for cite in claim.cites}).label == "normal"
    (tmp_path / "SCFD_fi026.mp4").unlink()
    with pytest.raises(UserError, match="The video of case clip is gone"), investigator.reopen("clip"):
        pass
