import base64
import json
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import closing, contextmanager

import pytest
from pydantic import Field

from panda_agent.backends import calls as calls_module
from panda_agent.backends.calls import Answer, ModelCalls
from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.ledger import Ledger, Spent
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.protocol import Ask, Picture, Profile
from panda_agent.backends.purse import BudgetSpent
from panda_agent.backends.script import Rule, Script, Usage, When
from panda_agent.backends.scripted import ScriptedBackend
from panda_agent.errors import BadReply, CasePaused, QuotaExhausted, Refused, Unreachable
from panda_agent.settings import BudgetSettings, ModelSettings
from panda_agent.types.time import Model


class Look(Model):
    """What the model is to say."""

    words: str = Field(max_length=99)
    count: int


def ask(text, **fields):
    return Ask(purpose="look", system="Look.", text=text, shape=Look.model_json_schema(), **fields)


def asks(n):
    return [ask(f"#{i}#") for i in range(n)]


def told(i, *, words="seen", **fields):
    """The rule that answers ask i."""
    return Rule(when=When(contains=f"#{i}#"), json={"words": f"{words} {i}", "count": i}, **fields)


def script(*rules, **fields):
    return Script(rules=rules, **fields)


def never():
    """The case goes on."""


@contextmanager
def calls_of(backend, home, *, case="one", check=never, budget=None, **settings):
    ledger = Ledger.of(home)
    calls = ModelCalls(
        backend,
        ledger,
        case,
        ModelSettings(**settings),
        BudgetSettings(**(budget or {})),
        Profile(url="", model=""),
        check,
    )
    try:
        yield calls
    finally:
        calls.close()
        ledger.close()


def over_http(server, **settings):
    return OpenAIBackend(ModelSettings(base_url=server.base_url, name="scripted", **settings), first_wait=0.01)


def values(outcomes):
    return [one.value.count if isinstance(one, Answer) else type(one).__name__ for one in outcomes]


def test_answers_come_in_the_order_of_the_asks(home):
    slow_first = [told(i, delay=0.2 - i * 0.02) for i in range(8)]
    with FakeServer(script(*slow_first)) as server, calls_of(over_http(server), home) as calls:
        outcomes = calls.read(asks(8), Look)
        spent = calls.spent()
    assert values(outcomes) == list(range(8))
    assert {one.repaired for one in outcomes} == {False}
    assert [request.purpose for request in server.asked] == ["look"] * 8
    assert (spent.calls, spent.sent, spent.hits, spent.repeated) == (8, 8, 0, 0)
    assert spent.tokens_in == sum(one.reply.tokens_in for one in outcomes) > 0


def test_a_second_run_asks_nothing_and_gets_the_same(home):
    with FakeServer(script(*map(told, range(3)))) as server:
        with calls_of(over_http(server), home) as calls:
            first = calls.read(asks(3), Look)
        with calls_of(over_http(server), home) as calls:
            assert calls.read(asks(3), Look) == first
            spent = calls.spent()
        assert len(server.asked) == 3
    assert (spent.calls, spent.sent, spent.hits) == (3, 3, 3)


def test_no_more_are_under_way_than_the_setting_says(home):
    with FakeServer(script(Rule(delay=0.05))) as server:
        with calls_of(over_http(server), home, concurrency=3) as calls:
            readers = [threading.Thread(target=calls.read, args=(asks(9), Look)) for _ in range(2)]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            spent = calls.spent()
        assert (len(server.asked), server.peak) == (9, 3), "two threads asked the same: each was sent once"
    assert (spent.sent, spent.hits) == (9, 9)


def test_the_same_ask_twice_is_one_call(home):
    with FakeServer(script(told(0))) as server, calls_of(over_http(server), home) as calls:
        first, second = calls.read([ask("#0#"), ask("#0#")], Look)
        assert (first, len(server.asked)) == (second, 1)
        another = calls.read([ask("#0#", sample=1)], Look)
        assert (values(another), len(server.asked)) == ([0], 2)


def test_a_reply_in_another_shape_is_asked_for_once_more(home):
    rules = (
        Rule(when=When(contains="#0#", nth=(1,)), text="There is a yard."),
        told(0),
        Rule(when=When(contains="#1#"), text="There is a yard."),
    )
    with FakeServer(script(*rules)) as server:
        with calls_of(over_http(server), home) as calls:
            mended, hopeless = calls.read([ask("#0#"), ask("#1#")], Look)
            spent = calls.spent()
        sent = len(server.asked)
        with calls_of(over_http(server), home) as calls:
            again = calls.read([ask("#0#"), ask("#1#")], Look)
            assert (again[0], str(again[1]), len(server.asked)) == (mended, str(hopeless), sent)
    assert (mended.value.count, mended.repaired) == (0, True)
    assert isinstance(hopeless, BadReply)
    assert (sent, spent.calls, spent.sent, spent.repairs) == (4, 4, 4, 2)
    assert mended.call_id in {call.key for call in Ledger.of(home).calls("one")}


def test_neither_key_nor_picture_is_in_any_file(home, monkeypatch):
    monkeypatch.setenv("PANDA_API_KEY", "sk-canary")
    jpeg = b"\xff\xd8\xff\xe0picture-canary"
    shown = [Picture(letter="A", jpeg=jpeg, width=4, height=3)]
    rules = (told(0), Rule(when=When(contains="#1#"), status=401), Rule(when=When(contains="#2#"), refusal="No."))
    with FakeServer(script(*rules)) as server, calls_of(over_http(server), home) as calls:
        outcomes = calls.read([ask(f"#{i}#", pictures=tuple(shown)) for i in range(3)], Look)
        held = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert values(outcomes) == [0, "BackendError", "Refused"]
    assert server.requests[0].headers["authorization"] == "Bearer sk-canary"
    assert base64.b64encode(jpeg).decode() in json.dumps(server.requests[0].body)
    assert b"#0#" in held
    for secret in (b"sk-canary", b"picture-canary", base64.b64encode(jpeg)):
        assert secret not in held


def test_malformed_replies_cost_one_more_call_at_most_and_nothing_is_made_up(home):
    with (
        FakeServer(script(personality="malformed")) as server,
        calls_of(over_http(server), home, concurrency=1) as calls,
    ):
        outcomes = calls.read(asks(24), Look)
        spent = calls.spent()
    assert {type(one) for one in outcomes} == {Answer, BadReply}
    for one in outcomes:
        assert isinstance(one, BadReply) or (one.value.words.startswith("A person walks by."), one.value.count) == (
            True,
            0,
        )
    assert spent.sent == spent.calls == 24 + spent.repairs
    assert spent.repairs == sum(isinstance(one, BadReply) or one.repaired for one in outcomes)


def test_failures_are_returned_and_only_lasting_ones_are_kept(home):
    rules = (
        Rule(when=When(contains="#0#"), status=400, error={"message": "no", "code": "content_filter"}),
        Rule(when=When(contains="#1#"), status=503),
        told(2),
    )
    with FakeServer(script(*rules)) as server, calls_of(over_http(server), home) as calls:
        refused, gone, fine = calls.read(asks(3), Look)
        before = len(server.asked)
        again = calls.read(asks(3), Look)
        spent = calls.spent()
    assert [type(one) for one in (refused, gone, fine)] == [Refused, Unreachable, Answer]
    assert str(again[0]) == str(refused)
    assert {"#1#" in json.dumps(request.body) for request in server.asked[before:]} == {True}
    assert (spent.calls, spent.refused, spent.repeated) == (3, 1, 0)


def test_an_empty_account_stops_the_asking_and_is_raised(home):
    rules = (
        told(0),
        Rule(when=When(contains="#1#", nth=(1,)), status=429, error={"message": "no", "code": "insufficient_quota"}),
        told(2, delay=0.2),
    )
    with FakeServer(script(*rules)) as server, calls_of(over_http(server), home, concurrency=2) as calls:
        with pytest.raises(QuotaExhausted):
            calls.read(asks(20), Look)
        assert len(server.asked) < 6
        spent = calls.spent()
        assert (spent.tokens_out > 0, spent.repeated) == (True, 0)


def test_a_pause_cuts_off_what_is_under_way_and_the_case_goes_on_later(home):
    def check():
        if len(server.asked) == 4:
            raise CasePaused("Stop.")

    assert calls_module.GLANCE <= 0.2
    with FakeServer(script(told(0), Rule(delay=600, times=3), *map(told, range(1, 4)))) as server:
        paused = calls_of(over_http(server, timeout=600), home, check=check, concurrency=3)
        with paused as calls, pytest.raises(CasePaused):
            calls.read(asks(4), Look)
        with calls_of(over_http(server), home) as calls:
            assert values(calls.read(asks(4), Look)) == [0, 1, 2, 3]
            spent = calls.spent()
    assert (spent.calls, spent.sent, spent.hits, spent.repeated) == (4, 7, 1, 3)


def test_a_case_that_is_paused_asks_nothing(home):
    def check():
        raise CasePaused("Stop.")

    with FakeServer(script()) as server, calls_of(over_http(server), home, check=check) as calls:
        with pytest.raises(CasePaused):
            calls.read(asks(2), Look)
        assert server.requests == []


def test_progress_is_told(home):
    seen = []
    with calls_of(ScriptedBackend(script(Rule(delay=0.15))), home, concurrency=1) as calls:
        calls.read(asks(3), Look, lambda done, total: seen.append((done, total)))
        calls.read([], Look, lambda done, total: seen.append((done, total)))
    assert seen == [*sorted(seen[:-1]), (0, 0)]
    assert {(1, 3), (3, 3)} <= {*seen}


@pytest.mark.parametrize(
    ("budget", "said"),
    [({"calls": 5}, "5 calls"), ({"tokens": 500}, "500 tokens"), ({"money": 0.0005}, "0.0005 money")],
)
def test_a_budget_ends_the_asking_after_the_first_ones(home, budget, said):
    rules = [told(i, usage=Usage(prompt_tokens=60, completion_tokens=40), delay=0.01 * (i % 3)) for i in range(20)]
    with FakeServer(script(*rules)) as server:
        with calls_of(over_http(server), home, budget=budget, price_in=1.0, price_out=1.0) as calls:
            outcomes = calls.read(asks(20), Look)
            more = calls.read([ask("#3#"), ask("#19#")], Look)
        assert len(server.asked) == 5
    assert values(outcomes) == [0, 1, 2, 3, 4] + ["BudgetSpent"] * 15
    assert values(more) == [3, "BudgetSpent"], "what was asked before is still at hand"
    assert said in str(outcomes[5])
    assert isinstance(outcomes[5], BudgetSpent)


def test_no_budget_asks_nothing(home):
    with FakeServer(script()) as server, calls_of(over_http(server), home, budget={"calls": 0}) as calls:
        assert values(calls.read(asks(2), Look)) == ["BudgetSpent"] * 2
        assert (server.requests, calls.spent()) == ([], Spent())


def test_what_another_case_paid_counts_as_if_this_one_had(home):
    with FakeServer(script(*map(told, range(9)))) as server:
        with calls_of(over_http(server), home) as calls:
            calls.read(asks(9), Look)
        with calls_of(over_http(server), home, case="two", budget={"calls": 4}) as calls:
            assert values(calls.read(asks(9), Look)) == [0, 1, 2, 3] + ["BudgetSpent"] * 5
        assert len(server.asked) == 9


def test_a_share_of_the_budget_does_not_depend_on_what_is_spent(home):
    with calls_of(ScriptedBackend(script()), home, budget={"calls": 7}) as calls:
        assert calls.allowance(0.5) == 3
        calls.read(asks(3), Look)
        assert calls.allowance(0.5) == 3
    with calls_of(ScriptedBackend(script()), home, budget={"calls": None}) as calls:
        assert calls.allowance(0.5) > 10**9


def lottery(seed):
    """Twenty asks with odd delays and sizes, some in need of repair, some refused; and a budget that they don't fit."""
    draw = random.Random(seed)
    rules = []
    for i in range(20):
        usage = Usage(prompt_tokens=draw.randint(1, 900), completion_tokens=draw.randint(1, 99))
        how = {"usage": usage, "delay": draw.choice([0.0, 0.002, 0.01, 0.03])}
        fate = draw.random()
        if fate < 0.25:  # the second ask holds the first reply
            rules += [told(i, **how).model_copy(update={"when": When(contains=f"bad{i}!")})]
            rules += [Rule(when=When(contains=f"#{i}#"), text=f"bad{i}!", **how)]
        elif fate < 0.35:
            rules.append(Rule(when=When(contains=f"#{i}#"), refusal="No."))
        rules.append(told(i, **how))
    budgets = {"calls": draw.randint(1, 25)}, {"tokens": draw.randint(500, 60_000)}, {"calls": 20, "tokens": 9_000}
    return script(*rules), draw.choice(budgets)


def outcome_of(backend, home, budget, check=never, **settings):
    with calls_of(backend, home, budget=budget, check=check, **settings) as calls:
        return values(calls.read([ask(f"#{i}#", max_tokens=100) for i in range(20)], Look)), calls.spent()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_over_budget_is_the_same_one_by_one_side_by_side_and_after_pauses(tmp_path, monkeypatch, seed):
    played, budget = lottery(seed)
    with FakeServer(played) as server:
        alone, cost = outcome_of(over_http(server), tmp_path / "a", budget, concurrency=1)
        together, same_cost = outcome_of(over_http(server), tmp_path / "b", budget, concurrency=8)
        monkeypatch.setattr(calls_module, "GLANCE", 0.003)
        paused, spent = paused_often(server, tmp_path / "c", budget, seed)
    assert (together, same_cost) == (alone, cost)
    most = max(rule.usage.prompt_tokens + rule.usage.completion_tokens for rule in played.rules if rule.usage)
    assert cost.tokens_in + cost.tokens_out < budget.get("tokens", 10**9) + most
    assert cost.calls <= budget.get("calls", 10**9)
    assert (paused, spent.calls, spent.tokens_in) == (alone, cost.calls, cost.tokens_in)
    assert spent.sent == cost.sent + spent.repeated


def paused_often(server, home, budget, seed):
    """Run the case again and again, and stop it a little later every time."""
    draw = random.Random(seed)
    for stops in range(12):
        until = time.monotonic() + draw.random() * 0.02 * stops

        def check(until=until):
            if time.monotonic() > until:
                raise CasePaused("Stop.")

        try:
            return outcome_of(over_http(server), home, budget, check, concurrency=8)
        except CasePaused:
            continue
    return outcome_of(over_http(server), home, budget, concurrency=8)


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
