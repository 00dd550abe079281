"""What an endpoint can do is found out with few calls, kept, and found out again where that is needed."""

from __future__ import annotations

import asyncio
import base64
import json

import cv2
import numpy as np
import pytest

from panda_agent.backends import Ask, FakeServer, OpenAIBackend, Profile, Script, ScriptedBackend
from panda_agent.backends.profile import (
    CALLS,
    COLOURS,
    FOLDER,
    WORDS,
    Card,
    amend,
    card_ask,
    kept_profile,
    probe,
    profile_of,
)
from panda_agent.backends.profile import test_card as card_of
from panda_agent.errors import BackendError, BadReply, Overflow, QuotaExhausted, Unreachable, UserError
from panda_agent.settings import ModelSettings

KEY = "sk-canary-0123456789"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("PANDA_API_KEY", KEY)


def server_of(**script) -> FakeServer:
    return FakeServer(Script.model_validate(script))


def at(server: FakeServer, work, name: str | None = "scripted"):
    """What comes of some work with a backend."""

    async def once():
        backend = OpenAIBackend(ModelSettings(base_url=server.base_url, name=name), first_wait=0.001)
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(once())


def probed(server: FakeServer) -> Profile:
    return at(server, lambda backend: probe(backend, "scripted"))


@pytest.mark.parametrize(
    ("script", "calls", "vision", "mode", "logprobs", "seed"),
    [
        ({}, 1, True, "schema", True, True),
        ({"refuses": ["seed"]}, 3, True, "schema", True, False),
        ({"refuses": ["logprobs"]}, 4, True, "schema", False, True),
        ({"ignores": ["logprobs"]}, 1, True, "schema", False, True),
        ({"refuses": ["logprobs", "seed"]}, 4, True, "schema", False, False),
        ({"refuses": ["json_schema"]}, 3, True, "object", True, True),
        ({"ignores": ["json_schema"]}, 2, True, "object", True, True),
        ({"ignores": ["json_schema"], "refuses": ["json_object", "seed"]}, 5, True, "prompted", False, False),
        ({"refuses": ["json_schema", "json_object", "logprobs", "seed"]}, 5, True, "prompted", False, False),
        ({"refuses": ["json_schema", "seed"]}, 5, True, "object", True, False),
        ({"personality": "text_only"}, 1, False, "schema", False, False),
        ({"refuses": ["pictures"]}, 1, False, "schema", False, False),
        ({"max_images": 0}, 1, False, "schema", False, False),
        ({"personality": "lying"}, 1, False, "schema", True, True),
        ({"personality": "obedient", "ignores": ["pictures"]}, 1, False, "schema", True, True),
        ({"rules": [{"text": "I see MAPLE on red."}]}, 3, False, "prompted", True, True),
        ({"rules": [{"text": "I'm sorry, but I can't assist with that."}]}, 1, False, "schema", False, False),
    ],
)
def test_what_a_model_can_do_is_found_with_five_calls_at_most(script, calls, vision, mode, logprobs, seed):
    with server_of(**script) as server:
        found = probed(server)
    assert len(server.asked) == calls <= CALLS
    assert (found.vision, found.schema_mode, found.logprobs, found.seed) == (vision, mode, logprobs, seed)
    assert (found.url, found.model) == (f"{server.base_url} scripted", "scripted")


@pytest.mark.parametrize("personality", [None, "obedient", "slow", "rate_limited", "malformed", "refusing"])
def test_every_scripted_model_but_the_liar_and_the_blind_reads_the_card(personality):
    with server_of(personality=personality) as server:
        found = probed(server)
        assert (found.vision, found.schema_mode) == (True, "schema")
    assert found.image_tokens == 85 + 31


ASK = Ask(purpose="caption", system="s", text="What is there?")


def test_a_card_is_read_in_process_too():
    async def told(word: str, colour: str) -> dict:
        backend = ScriptedBackend(Script())
        try:
            return json.loads((await backend.complete(card_ask(word, colour))).text)
        finally:
            await backend.close()

    for word, colour in (("SADDLE", "yellow"), ("MAPLE", "red")):
        assert asyncio.run(told(word, colour)) == {"word": word, "colour": colour}


def test_the_liar_tells_another_card():
    async def all_cards(backend):
        cards = [(word, colour) for word in WORDS for colour in COLOURS]
        return [(card, (await backend.complete(card_ask(*card))).text) for card in cards]

    with server_of(personality="lying") as server:
        replies = at(server, all_cards)
    for shown, text in replies:
        told = Card.model_validate_json(text)
        assert told.word in WORDS
        assert (told.word, told.colour) != shown


def test_a_card_does_not_use_up_the_first_answer_of_a_personality():
    with server_of(personality="malformed") as server:
        probed(server)
        asked = ASK.model_copy(update={"shape": Card.model_json_schema()})
        assert at(server, lambda backend: backend.complete(asked)).text.startswith("```json")


def test_cards_differ_and_can_be_read():
    cards = {card_of(word, colour).jpeg for word in WORDS for colour in COLOURS}
    assert len(cards) == len(WORDS) * len(COLOURS)
    for colour, rgb in COLOURS.items():
        card = cv2.imdecode(np.frombuffer(card_of("TIGER", colour).jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert card.shape == (256, 448, 3)
        assert np.abs(card[20, 20].astype(int) - rgb).max() < 12
        assert 0.02 < (card.max(axis=2) < 60).mean() < 0.3, "the word is black"


@pytest.mark.parametrize(
    ("answer", "vision"),
    [
        ({"word": "{word}", "colour": "{colour}"}, True),
        ({"word": " {lower}", "colour": "bright {colour}", "more": 1}, True),
        ({"word": "{word}", "colour": "red, green, blue or yellow"}, False),
        ({"word": "{word}", "colour": "pink"}, False),
        ({"word": "word", "colour": "{colour}"}, False),
        ({"word": "MAPLE TIGER ROCKET VIOLIN HARBOR CANDLE", "colour": "{colour}"}, False),
    ],
)
def test_only_who_tells_word_and_colour_sees(answer, vision):
    with server_of(rules=[{"when": {"purpose": "probe"}, "json": {}}]) as server:
        probed(server)
    shown = server.asked[0].body["messages"][1]["content"][1]["image_url"]["url"]
    word, colour = next((w, c) for w in WORDS for c in COLOURS if shown.endswith(base64_of(w, c)))
    told = {
        name: value.format(word=word, lower=word.lower(), colour=colour) if isinstance(value, str) else value
        for name, value in answer.items()
    }
    with server_of(rules=[{"when": {"purpose": "probe"}, "json": told}]) as server:
        assert probed(server).vision is vision


def base64_of(word: str, colour: str) -> str:
    return base64.b64encode(card_of(word, colour).jpeg).decode()


@pytest.mark.parametrize(
    ("rule", "expected", "calls"),
    [
        ({"status": 401}, BackendError, 1),
        ({"status": 404, "error": "no such model"}, BackendError, 1),
        ({"status": 429, "error": {"message": "x", "code": "insufficient_quota"}}, QuotaExhausted, 1),
        ({"status": 500}, Unreachable, 4),
        ({"body": "<html>"}, BadReply, 1),
    ],
)
def test_an_endpoint_that_can_t_be_asked_is_an_error_and_not_blindness(home, rule, expected, calls):
    with server_of(rules=[{"when": {"purpose": "probe"}, **rule}]) as server, pytest.raises(expected):
        at(server, lambda backend: profile_of(backend, home))
    assert len(server.asked) == calls
    assert not (home / FOLDER).exists()


@pytest.mark.parametrize(("context", "known"), [(3000, 3000), (None, None)])
def test_the_context_is_learnt_from_the_list_of_models(context, known):
    with server_of(context=context) as server:
        assert probed(server).context == known


@pytest.mark.parametrize(
    ("entry", "known"),
    [
        ({"max_model_len": 4096}, 4096),
        ({"context_length": 8192}, 8192),
        ({"meta": {"n_ctx": 2048, "n_ctx_train": 32_768}}, 2048),
        ({"meta": {"n_ctx_train": 32_768}}, None),
        ({"meta": None, "max_model_len": "many"}, None),
        ({"max_model_len": -1}, None),
        ({"max_model_len": True}, None),
    ],
)
def test_the_context_in_the_words_of_many_servers(entry, known):
    listing = {"when": {"purpose": "models"}, "body": json.dumps({"data": [{"id": "scripted", **entry}]})}
    with server_of(rules=[listing]) as server:
        assert probed(server).context == known


def test_a_list_of_models_that_fails_costs_only_the_context():
    with server_of(rules=[{"when": {"purpose": "models"}, "status": 404, "error": "no list here"}]) as server:
        assert probed(server).vision


def test_too_small_a_context_is_said():
    with server_of(context=100) as server, pytest.raises(Overflow):
        probed(server)


def test_a_profile_is_kept_and_the_key_is_not_in_it(home):
    with server_of() as server:
        first = at(server, lambda backend: profile_of(backend, home))
        calls = len(server.asked)
        again = at(server, lambda backend: profile_of(backend, home))
        assert len(server.asked) == calls
    assert again == first
    (path,) = (home / FOLDER).iterdir()
    assert Profile.model_validate_json(path.read_bytes()) == first
    assert KEY not in path.read_text() + path.name


def test_the_backend_asks_by_its_profile_from_then_on(home):
    async def work(backend):
        await profile_of(backend, home)
        return await backend.complete(ASK.model_copy(update={"shape": Card.model_json_schema(), "top_logprobs": 3}))

    with server_of(refuses=["json_schema", "logprobs"]) as server:
        at(server, work)
    assert server.asked[-1].body["response_format"] == {"type": "json_object"}
    assert "logprobs" not in server.asked[-1].body


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff\x00", b"[]", b'{"url": 1}', b'{"url": "u", "model": "m", "odd": 1}']
)
def test_a_damaged_profile_is_found_out_again(home, damage):
    with server_of() as server:
        first = at(server, lambda backend: profile_of(backend, home))
        (path,) = (home / FOLDER).iterdir()
        path.write_bytes(damage)
        assert kept_profile(ModelSettings(base_url=server.base_url), home) is None
        assert at(server, lambda backend: profile_of(backend, home)) == first
        assert len(server.asked) == 2
    assert Profile.model_validate_json(path.read_bytes()) == first


def test_the_profile_of_another_endpoint_in_its_place_does_not_count(home):
    with server_of() as server:
        first = at(server, lambda backend: profile_of(backend, home))
        (path,) = (home / FOLDER).iterdir()
        path.write_text(first.model_copy(update={"url": "http://elsewhere/v1 scripted"}).model_dump_json())
        assert at(server, lambda backend: profile_of(backend, home)) == first


def test_another_model_is_another_profile(home):
    with server_of(also_serves=["other"], rules=[]) as server:
        one = at(server, lambda backend: profile_of(backend, home))
        other = at(server, lambda backend: profile_of(backend, home), name="other")
        assert (one.model, other.model, len(server.asked)) == ("scripted", "other", 2)
        assert kept_profile(ModelSettings(base_url=server.base_url, name="other"), home) == other
        assert kept_profile(ModelSettings(base_url=f"{server.base_url}/", name="scripted"), home) == one
        assert kept_profile(ModelSettings(base_url=server.base_url), home) is None, "which of two?"
        assert kept_profile(ModelSettings(), home) is None
        with pytest.raises(UserError, match="serves 2 models"):
            at(server, lambda backend: profile_of(backend, home), name=None)


def test_a_model_that_did_not_see_is_asked_again_as_it_may_have_been_mended(home):
    rules = [{"when": {"purpose": "probe"}, "times": 1, "status": 400, "error": "image_url is not supported"}]
    with server_of(rules=rules) as server:
        assert not at(server, lambda backend: profile_of(backend, home)).vision
        assert at(server, lambda backend: profile_of(backend, home)).vision
        assert at(server, lambda backend: profile_of(backend, home)).vision
        assert len(server.asked) == 2


def test_what_an_error_taught_is_kept(home):
    with server_of() as server:
        first = at(server, lambda backend: profile_of(backend, home))
        better = amend(home, first, max_images=4)
        assert better.max_images == 4
        assert at(server, lambda backend: profile_of(backend, home)) == better
        assert len(server.asked) == 1


def test_a_home_that_can_t_be_written_costs_a_probe_and_not_the_answer(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with server_of() as server:
        for calls in (1, 2):
            assert at(server, lambda backend: profile_of(backend, tmp_path / "file")).vision
            assert len(server.asked) == calls
