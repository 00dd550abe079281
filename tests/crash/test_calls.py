"""kill -9 around every call of a model: what was answered is never asked again, and the verdict is the same."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from panda_agent.backends import FakeServer, Ledger, Script
from panda_agent.backends.ledger import FILE
from panda_agent.backends.profile import _choice

pytestmark = pytest.mark.crash
DESCRIBED, ASKED = 8, 4
CALLS = DESCRIBED + ASKED
KINDS = ("before send", "after send", "after reply", "after commit", "checkpoint")
LOSES = {"before send": 0, "after send": 1, "after reply": 1}
"""Kinds that lose the reply of the call that is under way, with how often the server was asked for it by then."""
POINTS = [(kind, n) for n in range(1, CALLS + 1) for kind in KINDS]
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


@dataclass(frozen=True)
class Fate:
    """What became of a case that was killed at a call and resumed."""

    killed: bool
    finished: bool
    equal: bool
    answered: int
    """Calls whose reply was in the ledger as it was killed, or had to be."""
    under_way: int
    """Calls that were noted then, and had no reply."""
    answered_again: int
    """Calls with a reply that the resumed run asked for."""
    twice: int
    """Requests that came to the server beyond one a call."""
    told: dict[str, int]
    """What run.json says of the model."""

    def problems(self, *, most: int) -> list[str]:
        """What is wrong, where `most` calls may be under way at a time."""
        right = {
            "killed": self.killed,
            "finished": self.finished,
            "equal": self.equal,
            "nothing answered is asked again": self.answered_again == 0,
            f"at most {most} under way": self.under_way <= most,
            "nothing else is asked twice": self.twice <= self.under_way,
            "run.json tells": (self.told.get("calls"), self.told.get("repeated")) == (CALLS, self.under_way),
        }
        return [f"not so: {claim}; {self}" for claim, holds in right.items() if not holds]


def serve(delay: float) -> FakeServer:
    """A model that sees a fight everywhere."""
    rules = [("probe", CARD, 0.0), ("caption", FIGHT, delay), ("question", YES, 0.0)]
    return FakeServer(
        Script.model_validate(
            {"rules": [{"when": {"purpose": name}, "json": words, "delay": late} for name, words, late in rules]}
        )
    )


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """It outlives every child that is killed, and knows what it was asked."""
    with serve(delay=0) as serving:
        yield serving


@pytest.fixture(scope="module")
def whole(harness, server):
    """The case that nobody disturbed."""
    folder = harness.whole("calls", model=(server.base_url, 1))
    assert Counter(one.purpose for one in server.asked) == {"probe": 1, "caption": DESCRIBED, "question": ASKED}
    return folder


@pytest.fixture
def step(request):
    """1 to try everything, as `make crash` does."""
    return 1 if request.config.getoption("--all-crash-points") else EVERY


@pytest.fixture
def kill_and_resume(harness, look_into):
    """Kills a case at a tick of its calls and takes it up again."""

    def run(server, at, expected, *, limit=1, mutation=None):
        folder = harness.folder(f"calls-{limit}-{mutation}-{at[0].replace(' ', '-')}-{at[1]}")
        given = {"model": (server.base_url, limit), "mutation": mutation}
        before = len(server.asked)
        killed = harness.run(folder, (f"call: {at[0]}", at[1]), **given)
        noted, kept = ledger_of(folder)
        answered = max(kept, surely_answered(*at, limit))
        resumed = harness.run(folder, **given)
        finished = resumed.code == 0
        asked = asked_by(server.asked[before:])
        fate = Fate(
            killed=killed.killed,
            finished=finished,
            equal=finished and look_into(folder) == expected,
            answered=answered,
            under_way=noted - answered,
            answered_again=asked[resumed.pid] - (CALLS - answered),
            twice=asked.total() - CALLS,
            told=json.loads((folder / "out" / "run.json").read_text()).get("model", {}) if finished else {},
        )
        shutil.rmtree(folder)
        return fate

    return run


def surely_answered(kind, n, limit):
    """Calls that were answered by then, whatever the ledger says: it may be the ledger that forgets."""
    if kind not in LOSES:
        return n
    return n - 1 if limit == 1 or kind == "after reply" else 0


def ledger_of(folder):
    """Calls noted and calls answered, as the kill left them: a copy is read, so that whoever resumes finds it so."""
    copy = folder / "copy"
    copy.mkdir()
    for file in (folder / "home").glob(f"{FILE}*"):
        shutil.copy(file, copy)
    with closing(Ledger(copy / FILE)) as ledger:
        calls = ledger.calls()
    return len(calls), sum(call.state == "answered" for call in calls)


def asked_by(requests) -> Counter[int]:
    """How much each process asked, by its id; the test card is no call."""
    return Counter(int(one.headers["x-run"]) for one in requests if one.purpose != "probe")


def test_the_case_makes_calls_of_both_kinds(whole, look_into):
    left = look_into(whole)
    verdict = json.loads(left["verdict.json"])
    assert (verdict["label"], verdict["cost"]["calls"], verdict["cost"]["looks"]) == ("anomalous", CALLS, ASKED)
    assert Counter(row["kind"] for row in left["evidence"]) >= Counter(caption=DESCRIBED, answer=ASKED)
    assert Counter(json.loads((whole / "trail.json").read_text())) >= Counter({f"call: {k}": CALLS for k in KINDS})


@pytest.mark.timeout(1800)
def test_killed_at_every_step_of_every_call(kill_and_resume, server, whole, look_into, step, capsys):
    expected = look_into(whole)
    figures: Counter[str] = Counter()
    failures = []
    for kind, n in POINTS[::step]:
        fate = kill_and_resume(server, (kind, n), expected)
        figures.update({name: int(getattr(fate, name)) for name in ("killed", "finished", "equal", "answered_again")})
        figures.update(twice=fate.twice, repeated=fate.told.get("repeated", 0))
        failures += [f"{kind} {n}: {problem}" for problem in fate.problems(most=1)]
        if (fate.under_way, fate.twice) != (kind in LOSES, LOSES.get(kind, 0)):
            failures.append(f"{kind} {n}: it was another moment; {fate}")
    with capsys.disabled():
        print(f"\n{len(POINTS[::step])} points around model calls: {dict(figures)}")
    assert failures == []


@pytest.mark.timeout(600)
def test_killed_with_several_calls_under_way(harness, kill_and_resume, look_into, step, capsys):
    """A kill may lose what eight calls were about to answer, and nothing more."""
    moments = random.Random(SEED).sample([at for at in POINTS if at[1] <= DESCRIBED], MOMENTS)[::step]
    with serve(DELAY) as server:
        expected = look_into(harness.whole("several", model=(server.base_url, LIMIT)))
        fates = {at: kill_and_resume(server, at, expected, limit=LIMIT) for at in moments}
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
def test_the_harness_notices_defects(kill_and_resume, server, whole, look_into, mutation, claim):
    """One kill shows each of them, by the claim that it breaks."""
    fate = kill_and_resume(server, ("after send", 5), look_into(whole), mutation=mutation)
    assert fate.killed
    assert fate.finished
    assert f"not so: {claim};" in " ".join(fate.problems(most=1))
