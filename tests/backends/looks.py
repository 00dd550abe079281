"""Asks of one shape, the script that answers them, and the calls of a case over it."""

from contextlib import contextmanager

from pydantic import Field

from panda_agent.backends.calls import Answer, ModelCalls
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.protocol import Ask, Profile
from panda_agent.backends.script import Rule, Script, When
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
