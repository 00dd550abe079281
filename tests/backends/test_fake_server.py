import asyncio
import http.client
import json
import socket
import threading
import time

import openai
import pytest

from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.script import Rule, Script, When
from panda_agent.errors import UserError


def served(*rules, **fields):
    return FakeServer(Script.model_validate({"rules": list(rules), **fields}))


def client(server, **options):
    return openai.AsyncOpenAI(base_url=server.base_url, api_key="sk-canary", max_retries=0, **options)


def asked(server, *texts, **options):
    """What becomes of several requests at once, in order: words or errors."""

    async def ask():
        async with client(server, **options) as one:
            return await asyncio.gather(*(_words(one, text) for text in texts), return_exceptions=True)

    return asyncio.run(ask())


async def _words(one, text):
    reply = await one.chat.completions.create(
        model="scripted",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}],
        extra_headers={"X-Panda-Purpose": "greet"},
    )
    return reply.choices[0].message.content


def raw(server, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(*server.base_url[7:-3].split(":"), timeout=10)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_the_sdk_gets_its_reply_and_the_server_keeps_what_it_saw():
    with served(Rule(when=When(purpose="greet"), text="hello")) as server:
        assert asked(server, "hi") == ["hello"]
    (seen,) = server.requests
    assert (seen.method, seen.path, seen.purpose) == ("POST", "/v1/chat/completions", "greet")
    assert seen.body["messages"][1]["content"] == "hi"
    assert seen.headers["authorization"] == "Bearer sk-canary"
    assert "canary" not in repr(seen)


def test_the_list_of_models():
    with served(also_serves=["b"]) as server:

        async def names():
            async with client(server) as one:
                return [model.id async for model in one.models.list()]

        assert asyncio.run(names()) == ["scripted", "b"]
    assert server.asked == []


def test_many_at_once_are_counted():
    with served(Rule(delay=0.3)) as server:
        assert len(set(asked(server, *map(str, range(6))))) == 1
        assert (len(server.asked), server.peak) == (6, 6)
        asked(server, "one more")
        assert server.peak == 6


def test_errors_arrive_as_the_sdk_knows_them():
    rules = (
        Rule(when=When(nth=(1,)), status=429, error={"message": "slower", "code": "rate_limited"}, retry_after=1.5),
        Rule(when=When(nth=(1,)), status=400, error={"message": "no", "code": "content_filter"}),
        Rule(when=When(nth=(1,)), status=503, body="<html>busy</html>"),
        Rule(body="no JSON"),
    )
    with served(*rules) as server:
        (limited,), (filtered,), (busy,) = (asked(server, "x") for _ in range(3))
    assert isinstance(limited, openai.RateLimitError)
    assert limited.response.headers["retry-after"] == "1.5"
    assert isinstance(filtered, openai.BadRequestError)
    assert filtered.code == "content_filter"
    assert isinstance(busy, openai.InternalServerError)


def test_a_connection_that_is_closed_in_the_middle():
    with served(Rule(text="hello " * 99, close=True, times=1), Rule(text="whole")) as server:
        (broken,) = asked(server, "x")
        assert isinstance(broken, openai.APIConnectionError)
        assert asked(server, "x") == ["whole"]


def test_a_response_that_trickles_ends_only_with_the_clients_patience():
    with served(Rule(stall=True)) as server:

        async def ask():
            async with client(server, timeout=0.3) as one, asyncio.timeout(1.0):
                await _words(one, "x")

        with pytest.raises(TimeoutError):
            asyncio.run(ask())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/models", None, 200),
        ("GET", "/", None, 404),
        ("POST", "/v1/models", b"{}", 404),
        ("POST", "/v1/chat/completions", b"", 400),
        ("POST", "/v1/chat/completions", b"\xff{", 400),
        ("POST", "/v1/chat/completions", b"[" * 100_000, 400),
    ],
)
def test_what_is_no_request_is_an_error_in_openais_format(method, path, body, status):
    with served() as server:
        found, told = raw(server, method, path, body)
    assert found == status
    assert status == 200 or told["error"]["message"]


def test_a_request_without_an_end_is_refused():
    with served() as server:
        assert raw(server, "POST", "/v1/chat/completions", **{"content-length": "9" * 12})[0] == 413
        assert server.requests == []


def test_closing_cuts_off_what_is_under_way_and_leaves_no_thread():
    before = threading.active_count()
    server = served(Rule(delay=600)).start()
    idle = socket.create_connection(("127.0.0.1", int(server.base_url[7:-3].split(":")[1])))
    waiting = threading.Thread(target=lambda: results.extend(asked(server, "x")))
    results = []
    waiting.start()
    while not server.requests:
        time.sleep(0.01)
    server.close()
    server.close()
    waiting.join(10)
    idle.close()
    assert isinstance(results[0], openai.APIConnectionError)
    assert threading.active_count() == before


def test_it_can_be_made_and_never_started():
    served().close()


def test_it_is_reached_from_this_machine_only():
    with served() as server:
        assert server.base_url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_or_none():
    with served() as server, pytest.raises(UserError, match="can't be used: Address already in use"):
        FakeServer(Script(), int(server.base_url[7:-3].split(":")[1]))
    with pytest.raises(UserError, match="Port 99999 can't be used"):
        FakeServer(Script(), 99_999)
