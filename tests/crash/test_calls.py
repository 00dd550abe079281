"""kill -9 around every call of a model: what was answered is never asked again, and the verdict is the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from panda_agent.backends.profile import _choice
from tests.crash.fates import KINDS, Served, failures_of, figures_of, serving

pytestmark = pytest.mark.crash
CALLS = {"caption": 8, "question": 4}
EVERY = 4
LIMIT = 8
"""Calls under way at a time, where there are several."""
MOMENTS = 6
SEED = 1
DELAY = 0.2
"""Seconds that a description takes where several are to be under way."""
WORD, COLOUR = _choice("scripted")
CARD = {"word": WORD, "colour": COLOUR}
FIGHT = {"description": "Two men fight.", "people": [], "objects": [], "visible_text": [], "quality": "good"}
YES = {"reason": "One hits.", "letters": ["A"], "answer": "yes"}


def serve(delay: float) -> Served:
    """A model that sees a fight everywhere."""
    rules = [("probe", CARD, 0.0), ("caption", FIGHT, delay), ("question", YES, 0.0)]
    server = serving({"when": {"purpose": name}, "json": words, "delay": late} for name, words, late in rules)
    return Served("tools", CALLS, server)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    case = serve(delay=0)
    with case.server:
        yield case


@pytest.fixture(scope="module")
def whole(harness, served):
    """The case that nobody disturbed."""
    folder = harness.whole("calls", model=served.model())
    assert Counter(one.purpose for one in served.server.asked) == {"probe": 1, **CALLS}
    return folder


@pytest.fixture
def step(request):
    """1 to try everything, as `make crash` does."""
    return 1 if request.config.getoption("--all-crash-points") else EVERY


def test_the_case_makes_calls_of_both_kinds(whole, look_into, served):
    left = look_into(whole)
    verdict, asked = json.loads(left["verdict.json"]), CALLS["question"]
    assert (verdict["label"], verdict["cost"]["calls"], verdict["cost"]["looks"]) == ("anomalous", served.total, asked)
    assert Counter(row["kind"] for row in left["evidence"]) >= Counter(caption=CALLS["caption"], answer=asked)
    trail = Counter(json.loads((whole / "trail.json").read_text()))
    assert trail >= Counter({f"call: {kind}": served.total for kind in KINDS})


@pytest.mark.timeout(1800)
def test_killed_at_every_step_of_every_call(killer, served, whole, look_into, step, capsys):
    expected = look_into(whole)
    fates = {at: killer.fate(served, at, expected) for at in served.moments[::step]}
    with capsys.disabled():
        print(f"\n{figures_of(fates)}")
    assert failures_of(fates) == []


@pytest.mark.timeout(600)
def test_killed_with_several_calls_under_way(harness, killer, look_into, step, capsys):
    """A kill may lose what eight calls were about to answer, and nothing more."""
    served = serve(DELAY)
    described = [at for at in served.moments if at[1] <= CALLS["caption"]]
    moments = random.Random(SEED).sample(described, MOMENTS)[::step]
    with served.server:
        expected = look_into(harness.whole("several", model=served.model(LIMIT)))
        fates = {at: killer.fate(served, at, expected, limit=LIMIT) for at in moments}
    with capsys.disabled():
        lost = {f"{kind} {n}": (fate.under_way, fate.twice) for (kind, n), fate in fates.items()}
        print(f"\n{len(moments)} moments with {LIMIT} at a time; (under way, asked twice): {lost}")
    assert max(fate.under_way for fate in fates.values()) > 1, "they came one by one"
    assert [f"{at}: {problem}" for at, fate in fates.items() for problem in fate.problems(most=LIMIT)] == []


DEFECTS = [
    ("forget_replies", "nothing answered is asked again"),
    ("count_what_was_sent", "equal"),
    ("report_nothing_twice", "run.json tells"),
]


@pytest.mark.parametrize(("mutation", "claim"), DEFECTS)
def test_the_harness_notices_defects(killer, served, whole, look_into, mutation, claim):
    """One kill shows each of them, by the claim that it breaks."""
    fate = killer.fate(served, ("after send", 5), look_into(whole), mutation=mutation)
    assert fate.killed
    assert fate.finished
    assert f"not so: {claim};" in " ".join(fate.problems())
