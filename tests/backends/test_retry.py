"""What is tried again, when, and how often: measured at a real server."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import openai
import pytest

from panda_agent.backends import Ask, FakeServer, OpenAIBackend, Script
from panda_agent.backends.retry import ATTEMPTS, LONGEST_WAIT, retrying, seconds
from panda_agent.errors import QuotaExhausted, Unreachable
from panda_agent.settings import ModelSettings


def worked(server: FakeServer, count: int = 1, *, first_wait: float = 0.001):
    """Replies or errors of several asks at the same time, and how long all took."""

    async def all_of_them():
        backend = OpenAIBackend(ModelSettings(base_url=server.base_url, name="scripted"), first_wait=first_wait)
        asks = [Ask(purpose="ask", system="s", text=f"#{i}#") for i in range(count)]
        began = time.perf_counter()
        try:
            told = await asyncio.gather(*map(backend.complete, asks), return_exceptions=True)
            return told, time.perf_counter() - began
        finally:
            await backend.close()

    return asyncio.run(all_of_them())


def served(*rules: dict) -> FakeServer:
    return FakeServer(Script.model_validate({"rules": [*rules, {"text": "fine"}]}))


def pauses(rule: dict, *, first_wait: float = 0.001) -> list[float]:
    """Seconds that the policy waits between its tries at a server, without waiting."""
    waited: list[float] = []

    async def wait(length: float) -> None:
        waited.append(length)

    async def ask(client: openai.AsyncOpenAI) -> None:
        await client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "x"}])

    async def all_tries() -> None:
        policy = retrying(first_wait)
        policy.sleep = wait
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key="k", max_retries=0) as client:
            with suppress(openai.APIError):
                await policy(ask, client)

    with served(rule) as server:
        asyncio.run(all_tries())
    return waited


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", [0.5, 7, LONGEST_WAIT])
def test_a_pause_in_seconds_is_kept_within_a_tenth(status, asked):
    waited = pauses({"status": status, "retry_after": asked})
    assert len(waited) == ATTEMPTS - 1
    assert all(asked <= wait <= 1.1 * asked for wait in waited)
    assert len(set(waited)) > 1, "workers that were sent away together come back one by one"


def test_a_pause_until_a_date_is_kept_within_a_tenth():
    until = datetime.now(UTC) + timedelta(seconds=40)
    waited = pauses({"status": 429, "retry_after": format_datetime(until, usegmt=True)})
    left = (until - datetime.now(UTC)).total_seconds()
    assert len(waited) == ATTEMPTS - 1
    assert all(left - 1 <= wait <= 1.1 * 40 for wait in waited)


def test_the_pause_is_really_made():
    with served({"times": 1, "status": 429, "retry_after": 0.3}) as server:
        (reply,), took = worked(server)
    assert (reply.text, len(server.asked)) == ("fine", 2)
    assert took >= 0.3


def test_who_asks_for_a_long_pause_is_not_asked_again():
    with served({"status": 429, "retry_after": LONGEST_WAIT + 1}) as server:
        (error,), _ = worked(server)
    assert isinstance(error, Unreachable)
    assert len(server.asked) == 1


@pytest.mark.parametrize("odd", ["soon", "", "-5", "nan", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Foo", "1e400x"])
def test_a_pause_that_is_none_is_no_pause(odd):
    waited = pauses({"status": 429, "retry_after": odd})
    assert len(waited) == ATTEMPTS - 1
    assert max(waited) < 0.1


def test_pauses_grow_and_differ_where_the_server_does_not_say():
    one, other = (pauses({"status": 500}, first_wait=1.0) for _ in range(2))
    for waited in (one, other):
        assert all(2**i <= wait <= 2**i + 1 for i, wait in enumerate(waited))
    assert one != other


@pytest.mark.parametrize(
    ("told", "wait"), [("2", 2.0), ("1.5", 1.5), ("-1", 0.0), ("inf", float("inf")), ("x", None), ("nan", None)]
)
def test_seconds_of_the_header(told, wait):
    assert seconds(told) == wait


def test_dates_of_the_header():
    soon = datetime.now(UTC) + timedelta(seconds=90)
    assert seconds(format_datetime(soon, usegmt=True)) == pytest.approx(90, abs=2)
    assert seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 0.0
    assert seconds("Sun, 06 Nov 1994 08:49:37") is None


def test_a_server_whose_clock_is_wrong_is_left_alone_for_as_long_as_it_meant():
    theirs = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert seconds("Sat, 03 Feb 2001 04:05:36 GMT", now=theirs) == 30.0
    assert seconds("Sat, 03 Feb 2001 05:05:36 +0100", now=theirs) == 30.0


def test_an_empty_account_is_asked_once():
    with served({"status": 429, "error": {"message": "x", "code": "insufficient_quota"}, "retry_after": 1}) as server:
        (error,), _ = worked(server)
    assert isinstance(error, QuotaExhausted)
    assert len(server.asked) == 1


def test_twenty_requests_of_which_30_percent_meet_a_429_and_10_percent_a_500():
    rules = (
        {"when": {"nth": [1, 4, 7, 10, 13, 16]}, "status": 429, "retry_after": 0.05},
        {"when": {"nth": [2, 9]}, "status": 500},
    )
    with served(*rules) as server:
        replies, _ = worked(server, 20)
    assert [reply.text for reply in replies] == ["fine"] * 20
    assert len(server.asked) == 28 <= 1.6 * 20


def test_what_is_no_failure_of_an_endpoint_is_not_tried_again():
    times = []

    async def fail() -> None:
        times.append(1)
        raise ValueError("a defect of ours")

    with pytest.raises(ValueError, match="defect"):
        asyncio.run(retrying(0.001)(fail))
    assert len(times) == 1
