"""Taking away what a verdict cites takes the verdict away; taking away as much else does not."""

from panda_agent import Investigator, Settings
from panda_agent.evaluation.counterfactual import counterfactuals, standing, uncited
from tests.evaluation.told import record, texts


def test_the_cited_carries_the_verdict_and_the_rest_does_not(tmp_path):
    investigator = Investigator(Settings(rules="crime", tier="bare"))
    told = texts()
    told[15] = "People stand around and watch."
    verdict = investigator.investigate(recording=record(tmp_path / "street.rec", told), case_id="street")
    with investigator.reopen("street") as case:
        (found,) = counterfactuals(verdict, case.evidence(), case.reweigh)
        others = uncited(verdict, case.evidence())
    assert found.carried
    assert found.without_cited.label == "normal"
    assert found.lost > 0.5
    assert found.cited == 5
    assert 0 < found.uncited <= 5
    assert found.uncited == min(5, len(others))
    assert found.moved == 0
    assert found.indifferent
    assert standing(verdict) == verdict.confidence


def test_a_verdict_that_cites_too_little_is_found_out(tmp_path):
    investigator = Investigator(Settings(rules="crime", tier="bare"))
    verdict = investigator.investigate(recording=record(tmp_path / "street.rec", texts()), case_id="street")
    claim = verdict.explanation[0]
    one = claim.model_copy(update={"cites": claim.cites[:1]})
    with investigator.reopen("street") as case:
        (found,) = counterfactuals(verdict.model_copy(update={"explanation": (one,)}), case.evidence(), case.reweigh)
    assert not found.carried
    assert found.without_cited.label == "anomalous"
    assert not found.indifferent


def test_standing_is_confidence_in_an_anomaly_whatever_the_label(tmp_path):
    investigator = Investigator(Settings(rules="crime", tier="bare"))
    normal = investigator.investigate(recording=record(tmp_path / "dull.rec", texts(fight=False)))
    assert normal.label == "normal"
    assert standing(normal) == 1 - normal.confidence < 0.2
    assert standing(normal.model_copy(update={"label": "inconclusive", "confidence": 0.5})) == 0.5
