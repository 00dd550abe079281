import random
import time

import pytest

from panda_agent.backends import calls as calls_module
from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.ledger import Spent
from panda_agent.backends.purse import BudgetSpent
from panda_agent.backends.script import Rule, Usage, When
from panda_agent.backends.scripted import ScriptedBackend
from panda_agent.errors import CasePaused
from tests.backends.looks import Look, ask, asks, calls_of, never, over_http, script, told, values


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
