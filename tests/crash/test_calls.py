"""kill -9 around every call of a model: what was answered is never asked again, and the verdict is the same."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from panda_agent.backends import FakeServer, Ledger, Script
from panda_agent.backends.profile import _choice

pytestmark = pytest.mark.crash
CALLS = 12
KINDS = ("before send", "after send", "after reply", "after commit", "checkpoint")
ASKED_AGAIN = {"after send": 1, "after reply": 1}
"""How often more than once the server is asked for the call that was under way; else not at all."""
EVERY = 4
WORD, COLOUR = _choice("scripted")
SCRIPT = {
    "rules": [
        {"when": {"purpose": "probe"}, "json": {"word": WORD, "colour": COLOUR}},
        {
            "when": {"purpose": "caption"},
            "json": {
                "description": "Two men fight.",
                "people": [],
                "objects": [],
                "visible_text": [],
                "quality": "good",
            },
        },
        {"when": {"purpose": "question"}, "json": {"reason": "One hits.", "letters": ["A"], "answer": "yes"}},
    ]
}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """It outlives every child that is killed, and knows what it was asked."""
    with FakeServer(Script.model_validate(SCRIPT)) as serving:
        yield serving


@pytest.fixture(scope="module")
def whole(harness, server):
    """The case that nobody disturbed."""
    folder = harness.whole("calls", model=(server.base_url, 1))
    assert sent(server) == CALLS
    return folder


def sent(server) -> int:
    return sum(seen.purpose in ("caption", "question") for seen in server.asked)


def spent(folder):
    with closing(Ledger.of(folder / "home")) as ledger:
        return ledger.spent(folder.name)


@pytest.mark.timeout(1200)
def test_killed_at_every_step_of_every_call(harness, server, whole, look_into, request, capsys):
    step = 1 if request.config.getoption("--all-crash-points") else EVERY
    expected = look_into(whole)
    points = [(kind, n) for n in range(1, CALLS + 1) for kind in KINDS][::step]
    told: Counter[str] = Counter()
    failures = []
    for kind, n in points:
        folder = harness.folder(f"calls-{kind.replace(' ', '-')}-{n}")
        before = sent(server)
        killed = harness.run(folder, (f"call: {kind}", n), model=(server.base_url, 1)).killed
        end = harness.run(folder, model=(server.base_url, 1))
        equal = end.code == 0 and look_into(folder) == expected
        again, used = sent(server) - before - CALLS, spent(folder)
        told.update(killed=killed, finished=end.code == 0, equal=equal, asked_again=again, reported=used.repeated)
        right = again == ASKED_AGAIN.get(kind, 0) and used.repeated == (kind not in ("after commit", "checkpoint"))
        if not (killed and equal and right and used.calls == CALLS):
            failures.append((kind, n, killed, equal, again, used, end.log[-500:]))
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\n{len(points)} points around model calls: {dict(told)}")
    assert failures == []


@pytest.mark.timeout(600)
def test_several_calls_under_way(harness, server, whole, look_into, request):
    """With eight at a time a kill may lose what eight calls were about to answer, and nothing more."""
    step = 1 if request.config.getoption("--all-crash-points") else 3
    expected = look_into(whole)
    for kind, n in [
        ("before send", 5),
        ("after send", 3),
        ("after reply", 4),
        ("after commit", 2),
        ("after commit", 9),
    ][::step]:
        folder = harness.folder(f"eight-{kind.replace(' ', '-')}-{n}")
        before = sent(server)
        assert harness.run(folder, (f"call: {kind}", n), model=(server.base_url, 8)).killed
        assert harness.run(folder, model=(server.base_url, 8)).code == 0
        assert look_into(folder) == expected
        assert sent(server) - before - CALLS <= 8
        assert spent(folder).repeated <= 8


def test_the_harness_notices_replies_that_are_not_kept(harness, server, whole):
    folder = harness.folder("forgetful")
    before = sent(server)
    harness.run(folder, ("call: before send", 5), model=(server.base_url, 1), mutation="forget_replies")
    harness.run(folder, model=(server.base_url, 1), mutation="forget_replies")
    assert sent(server) - before > CALLS + 1
