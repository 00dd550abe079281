import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from panda_agent.backends import OpenAIBackend
from panda_agent.backends.retry import ATTEMPTS
from panda_agent.errors import BackendError, UserError
from panda_agent.settings import ModelSettings

SERVED = (200, {"object": "list", "data": [{"id": name, "object": "model"} for name in ("qwen-vl", "llava")]}, {})
KEY = "sk-very-secret"


def refusal(status, code=None, **headers):
    return status, {"error": {"message": f"no, and your key is {KEY}", "code": code}}, headers


@contextmanager
def endpoint(*answers):
    """A real server that gives these answers in turn, the last one for ever; its address and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body, headers = answers[min(len(asked), len(answers) - 1)]
            asked.append((self.path, self.headers["authorization"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def models(url, **settings):
    async def ask():
        backend = OpenAIBackend(ModelSettings(base_url=url, **settings), first_wait=0.001)
        try:
            return await backend.models()
        finally:
            await backend.close()

    return asyncio.run(ask())


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("PANDA_API_KEY", KEY)


def test_it_lists_what_is_served_with_the_key_of_the_environment():
    with endpoint(SERVED) as (url, asked):
        assert models(url) == ["llava", "qwen-vl"]
    assert asked == [("/v1/models", f"Bearer {KEY}")]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_what_passes_is_tried_again(status):
    with endpoint(refusal(status), refusal(status, retry_after="0"), SERVED) as (url, asked):
        assert models(url) == ["llava", "qwen-vl"]
    assert len(asked) == 3


def test_it_gives_up_in_the_end():
    with endpoint(refusal(503)) as (url, asked), pytest.raises(BackendError, match="answers with status 503"):
        models(url)
    assert len(asked) == ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(401), "refuses the key"),
        (refusal(403), "refuses the key"),
        (refusal(429, "insufficient_quota"), "no money left"),
        (refusal(404), "status 404"),
        (refusal(400), "status 400"),
    ],
)
def test_what_does_not_pass_is_asked_once_and_said_without_the_key(answer, said):
    with endpoint(answer) as (url, asked), pytest.raises(BackendError, match=said) as caught:
        models(url)
    assert len(asked) == 1
    assert KEY not in str(caught.value)
    assert caught.value.exit_code == 4
    assert caught.value.__cause__ is None


def test_nobody_there():
    with endpoint(SERVED) as (url, _):
        pass
    with pytest.raises(BackendError, match="can't be reached"):
        models(url)


@pytest.mark.parametrize("url", [None, "", "localhost:8000", "ftp://here/v1", "http:///v1", "http://me:pw@here/v1"])
def test_an_address_that_is_none_is_a_usage_error(url):
    with pytest.raises(UserError, match="base_url"):
        OpenAIBackend(ModelSettings(base_url=url))


def test_doctor_asks_the_endpoint(monkeypatch):
    from panda_agent.cli.checks import CHECKS
    from panda_agent.settings import Settings

    with endpoint(SERVED) as (url, _):
        found = CHECKS["model"]("model", Settings(model=ModelSettings(base_url=url)))
    assert (found.state, found.mend) == ("note", "Set model.name to one of: llava, qwen-vl.")
    with endpoint(refusal(401)) as (url, _):
        found = CHECKS["model"]("model", Settings(model=ModelSettings(base_url=url)))
    assert found.state == "note"
    assert found.mend == "Set PANDA_API_KEY to one that it takes."
