"""kill -9 around every call of an agent whose stages are all the model's: nothing is asked again, nothing differs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.agent.conftest import CALM, opinion, step
from tests.crash.fates import KINDS, Served, failures_of, figures_of, serving
from tests.crash.test_calls import FIGHT, YES

pytestmark = pytest.mark.crash
CALLS = {"caption": 3, "perceive": 1, "plan": 1, "judge": 5, "reflect": 2, "question": 1, "conclude": 2}
EVERY = 26
"""The part of the points that the normal suite tries, beside those that once showed something."""
FIGHTING = opinion(event="fight", status="abnormal", score=0.9, answer="yes", reason="One strikes the other.")
DARK = opinion(status="insufficient", answer="unclear", score=0.5, reason="It is too dark to tell.")
PLAN = {
    "suspects": ["fight"],
    "checks": [{"event": "fight", "steps": ["Does one strike?"]}],
    "preprocessing": [],
    "reason": "Men meet.",
}
LEARNT = {
    "new_check": "Does anyone fall?",
    "new_rule": {"event": "fight", "description": "Somebody swings an arm at another.", "phrases": ["swing arm"]},
}
ASKED = {"questions": [{"event": "fight", "statement": "They fight.", "benign": "They dance."}]}
REPLIES = [
    ({"purpose": "caption"}, FIGHT | {"description": "Two men meet."}),
    ({"purpose": "plan"}, PLAN),
    ({"purpose": "judge", "contains": '"before": []'}, CALM),  # the first clip
    ({"purpose": "judge", "contains": "0:02.3 abnormal"}, CALM),  # the last: the one before was settled
    ({"purpose": "judge", "contains": '"tool": "question_clip"'}, FIGHTING),  # the one between, after its second look
    ({"purpose": "judge"}, DARK),
    ({"purpose": "reflect", "contains": '"tool": "zoom"'}, step("question_clip", input=ASKED)),
    ({"purpose": "reflect"}, step("zoom", **LEARNT)),
    ({"purpose": "question"}, YES),
]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    rules = [{"when": when, "json": words} for when, words in REPLIES]
    with serving(rules, personality="obedient") as server:
        yield Served("agent", CALLS, server)


@pytest.fixture(scope="module")
def whole(harness, served):
    """The case that nobody disturbed."""
    folder = harness.whole("agent", model=served.model())
    assert Counter(one.purpose for one in served.server.asked) == {"probe": 1, **CALLS}
    return folder


def test_every_stage_of_the_case_is_the_models(whole, look_into, served):
    left = look_into(whole)
    verdict = json.loads(left["verdict.json"])
    assert (verdict["label"], verdict["cost"]["calls"], verdict["cost"]["looks"]) == ("anomalous", served.total, 2)
    assert [(one["clip"], one["round"]) for one in left["judgements"]] == [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0)]
    assert Counter(row["kind"] for row in left["evidence"]) == Counter(caption=3, opinion=5, second_look=1, answer=1)
    trail = Counter(json.loads((whole / "trail.json").read_text()))
    assert trail >= Counter({f"call: {kind}": served.total for kind in KINDS})


@pytest.mark.timeout(3600)
def test_killed_at_every_step_of_every_call(killer, served, whole, look_into, request, capsys):
    some = list(dict.fromkeys([*served.moments[::EVERY], *(at for _, at, _ in DEFECTS)]))
    moments = served.moments if request.config.getoption("--all-crash-points") else some
    expected = look_into(whole)
    fates = {at: killer.fate(served, at, expected) for at in moments}
    with capsys.disabled():
        print(f"\n{figures_of(fates)}")
    assert failures_of(fates) == []


DEFECTS = [
    ("look_where_it_judged", ("checkpoint", 5), "nothing answered is asked again"),
    ("reflect_anew", ("checkpoint", 8), "nothing answered is asked again"),
    ("count_before_the_account", ("after commit", 15), "equal"),
    ("forget_replies", ("after send", 5), "nothing answered is asked again"),
]
"""With the moment that shows each; the first three are what this test found."""


@pytest.mark.parametrize(("mutation", "at", "claim"), DEFECTS)
def test_the_harness_notices_defects(harness, killer, served, look_into, mutation, at, claim):
    """Beside what the same defect leaves undisturbed, one kill shows each of them, by the claim that it breaks."""
    unhurt = look_into(harness.whole(f"agent-{mutation}", model=served.model(), mutation=mutation))
    fate = killer.fate(served, at, unhurt, mutation=mutation)
    assert fate.killed
    assert fate.finished
    assert f"not so: {claim};" in " ".join(fate.problems())
