import multiprocessing
import os
import signal
import sys
from collections import Counter
from concurrent.futures import Future
from contextlib import closing

import pytest

from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.script import Rule, When
from panda_agent.settings import ModelSettings
from tests.backends.looks import Look, asks, calls_of, script, told

CASE = script(
    Rule(when=When(contains="bad!"), json={"words": "mended", "count": 1}),
    Rule(when=When(contains="#1#"), text="bad!"),
    *(told(i) for i in (0, 2, 3)),
)
CALLS = 5
"""Four asks, of which the second needs a repair."""
STEPS = ("before send", "after send", "after reply", "after commit")


class DeadlyServer(FakeServer):
    """Kills the process that sends the n-th request, after it came and before its reply goes out."""

    def __init__(self, script, n):
        super().__init__(script)
        self.n, self.victim = n, Future()

    def answer(self, seen, raw):
        outcome = super().answer(seen, raw)
        if len(self.asked) == self.n:
            os.kill(self.victim.result(), signal.SIGKILL)
        return outcome


def a_case(url, home, concurrency=1):
    """Four asks: what they came to, and what the case used."""
    backend = OpenAIBackend(ModelSettings(base_url=url, name="scripted"), first_wait=0.01)
    with calls_of(backend, home, concurrency=concurrency) as calls:
        return calls.read(asks(4), Look), calls.spent()


def a_case_that_is_killed(url, home, step, n):
    """The same, in a process that kills itself at the n-th call; `after send` is the server's business."""
    passed = Counter()

    def tick(name):
        passed[name] += 1
        if (name, passed[name]) == (step, n):
            os.kill(os.getpid(), signal.SIGKILL)

    complete, keep = OpenAIBackend.complete, Ledger.keep_reply

    async def complete_ticking(backend, ask):
        tick("before send")
        reply = await complete(backend, ask)
        tick("after reply")
        return reply

    def keep_ticking(ledger, *args, **fields):
        kept = keep(ledger, *args, **fields)
        tick("after commit")
        return kept

    OpenAIBackend.complete, Ledger.keep_reply = complete_ticking, keep_ticking
    a_case(url, home)


@pytest.fixture(scope="module")
def warm():
    """Processes that are forked from one that has everything imported and nothing running."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["panda_agent.backends.calls", "panda_agent.backends.script", "pytest"])
    return context


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    home = tmp_path_factory.mktemp("undisturbed")
    with FakeServer(CASE) as server:
        outcomes, spent = a_case(server.base_url, home)
    assert (spent.calls, spent.sent, spent.repeated, spent.repairs) == (CALLS, CALLS, 0, 1)
    return told_by(outcomes), bodies_of(home)


def told_by(outcomes):
    """Values and replies; not keys, which name the port."""
    return [(one.value, one.repaired, one.reply) for one in outcomes]


def bodies_of(home):
    with closing(Ledger.of(home)) as ledger:
        return sorted(call.body for call in ledger.calls())


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("n", range(1, CALLS + 1))
def test_a_killed_case_repeats_no_answered_call(warm, undisturbed, tmp_path, step, n):
    with DeadlyServer(CASE, n if step == "after send" else 0) as server:
        process = warm.Process(target=a_case_that_is_killed, args=(server.base_url, tmp_path, step, n))
        process.start()
        server.victim.set_result(process.pid)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        server.n = 0
        outcomes, spent = a_case(server.base_url, tmp_path)
    assert (told_by(outcomes), bodies_of(tmp_path)) == undisturbed
    again = step != "after commit"
    assert (spent.calls, spent.sent, spent.repeated) == (CALLS, CALLS + again, int(again))
    assert len(server.asked) == CALLS + (step in ("after send", "after reply"))
