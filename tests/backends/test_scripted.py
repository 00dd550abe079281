import asyncio
import json

import pytest

from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.protocol import Ask, Picture
from panda_agent.backends.script import Rule, Script, When
from panda_agent.backends.scripted import ScriptedBackend
from panda_agent.errors import Unreachable
from panda_agent.settings import ModelSettings
from tests.backends.played import Leaf


def in_process(script, work):
    """What comes of some work with a script in the place of an endpoint."""

    async def go():
        backend = ScriptedBackend(script)
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(go())


def test_a_script_runs_in_process_as_an_endpoint_does():
    rule = Rule(when=When(purpose="models"), status=503, times=2)
    assert in_process(Script(also_serves=("b",), rules=(rule,)), lambda backend: backend.models()) == ["b", "scripted"]


LEAF = Ask(
    purpose="leaf",
    system="You describe.",
    text="What is there?",
    pictures=(Picture(letter="A", jpeg=b"\xff\xd8\xff\xe0", width=4, height=3),),
    shape=Leaf.model_json_schema(),
)


def test_a_reply_in_process_is_the_reply_over_http():
    script = Script(personality="lying", rules=(Rule(when=When(purpose="leaf", nth=(1,)), status=429, retry_after=0),))
    inside = in_process(script, lambda backend: backend.complete(LEAF))

    async def outside():
        backend = OpenAIBackend(ModelSettings(base_url=server.base_url, name="scripted"), first_wait=0.01)
        try:
            return await backend.complete(LEAF)
        finally:
            await backend.close()

    with FakeServer(script) as server:
        assert asyncio.run(outside()) == inside
        assert len(server.asked) == 2
    Leaf.model_validate_json(inside.text)
    assert json.loads(inside.body)["choices"][0]["message"]["content"] == inside.text


def test_a_connection_that_is_closed_in_process():
    with pytest.raises(Unreachable):
        in_process(Script(rules=(Rule(close=True),)), lambda backend: backend.complete(LEAF))


def test_another_script_is_another_address():
    async def address(backend):
        return backend.address

    scripts = Script(), Script(rules=(Rule(),)), Script(rules=(Rule(json=None),)), Script(model="b")
    assert len({in_process(script, address) for script in scripts}) == 4
    assert in_process(Script(), address) == in_process(Script(), address)
