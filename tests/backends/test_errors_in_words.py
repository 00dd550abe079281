"""Each way in which an endpoint fails, over real HTTP: the right error, one sentence, no key, no needless retry."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback

import pytest

from panda_agent.backends import Ask, FakeServer, OpenAIBackend, Profile, Script
from panda_agent.backends.errors_in_words import NotTaken, of_status
from panda_agent.backends.retry import ATTEMPTS
from panda_agent.errors import (
    BackendError,
    BadReply,
    NoVision,
    Overflow,
    QuotaExhausted,
    Refused,
    TooManyImages,
    Unreachable,
    UserError,
)
from panda_agent.settings import ModelSettings

KEY = "sk-canary-0123456789"
URL = "http://here/v1"
ASK = Ask(purpose="ask", system="s", text="What is there?")


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("PANDA_API_KEY", KEY)


def served(*rules: dict, **script) -> FakeServer:
    return FakeServer(Script.model_validate({"rules": list(rules), **script}))


def asked(server: FakeServer, ask: Ask = ASK, profile: Profile | None = None, **settings):
    """The reply; errors are raised."""

    async def once():
        wish = ModelSettings(base_url=server.base_url, name="scripted", **settings)
        backend = OpenAIBackend(wish, profile, first_wait=0.001)
        try:
            return await backend.complete(ask)
        finally:
            await backend.close()

    return asyncio.run(once())


def failed(rule: dict, **settings) -> tuple[BackendError, int]:
    """What one failure is told as, and how often it was asked."""
    with served(rule) as server, pytest.raises(BackendError) as caught:
        asked(server, **settings)
    return caught.value, len(server.asked)


def error(message: str, **more) -> dict:
    return {"error": {"message": f"{message} Your key is {KEY}.", **more}}


AZURE = {
    "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    "code": "content_filter",
    "innererror": {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {"violence": {"filtered": True, "severity": "high"}},
    },
}
NESTED = {"message": "Bad request.", "code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}
LASTING = {
    "wrong key": ({"status": 401, **error("Incorrect API key.")}, BackendError, "refuses the key"),
    "quota": ({"status": 429, **error("Quota.", code="insufficient_quota")}, QuotaExhausted, "no money left"),
    "no credits": ({"status": 402, **error("Insufficient credits.")}, QuotaExhausted, "no money left"),
    "filter before": ({"status": 400, "error": AZURE}, Refused, "content filter"),
    "filter, inner error": ({"status": 400, "error": NESTED}, Refused, "content filter"),
    "filter after": ({"text": "They are", "finish": "content_filter"}, Refused, "declined to answer"),
    "filter, no text": ({"text": "", "finish": "content_filter"}, Refused, "a content filter cut it off"),
    "refusal field": ({"refusal": "I can't help with that."}, Refused, "I can't help with that."),
    "polite prose": ({"text": "I'm sorry, but I can't assist with that."}, Refused, "declined to answer"),
    "overflow": ({"status": 400, **error("maximum context length is 4096 tokens.")}, Overflow, "longer than"),
    "images": ({"status": 400, **error("At most 2 image(s) may be provided.")}, TooManyImages, "takes 2 pictures"),
    "text-only": ({"status": 400, **error("image_url is not supported.")}, NoVision, "takes no pictures"),
    "text-only, 500": ({"status": 500, **error("image input is not supported")}, NoVision, "takes no pictures"),
    "no such model": ({"status": 404, **error("model_not_found")}, BackendError, "status 404"),
    "something else": ({"status": 400, **error("You know what.")}, NotTaken, "status 400"),
    "not implemented": ({"status": 501, "body": "no"}, NotTaken, "status 501"),
    "no JSON": ({"body": "<html>Welcome</html>"}, BadReply, "no JSON object"),
    "half a JSON": ({"body": '{"choices": [{"message": {"content": "He'}, BadReply, "no JSON object"),
    "no choice": ({"body": '{"choices": []}'}, BadReply, "no choice"),
    "odd choice": ({"body": '{"choices": [7]}'}, BadReply, "no choice"),
    "deep JSON": ({"body": "[" * 100_000}, BadReply, "no JSON object"),
    "200 with an error": ({"body": json.dumps(error("image_url is not supported"))}, NoVision, "no pictures"),
}
PASSING = {
    "rate limit": ({"status": 429, **error("Rate limit reached.", code="rate_limited")}, "asked too often"),
    "500": ({"status": 500, "body": "Internal Server Error"}, "status 500"),
    "502": ({"status": 502, "body": "<html>Bad gateway</html>"}, "status 502"),
    "529": ({"status": 529, **error("Overloaded.")}, "status 529"),
    "524": ({"status": 524, "body": "A timeout occurred"}, "status 524"),
    "close": ({"text": "They walk. " * 50, "close": True}, "can't be reached"),
    "200 with a 502": ({"body": json.dumps(error("Provider returned error.", code=502))}, "status 502"),
    "empty 503": ({"status": 503, "body": ""}, "status 503"),
}


@pytest.mark.parametrize("kind", LASTING)
def test_what_does_not_pass_is_asked_once(kind, caplog):
    rule, expected, told = LASTING[kind]
    with caplog.at_level(logging.DEBUG):
        found, times = failed(rule)
    assert (type(found), times) == (expected, 1)
    assert told in found.message
    assert_clean(found, caplog)


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_asked_again_and_then_given_up(kind, caplog):
    rule, told = PASSING[kind]
    with caplog.at_level(logging.DEBUG):
        found, times = failed(rule)
    assert (type(found), times) == (Unreachable, ATTEMPTS)
    assert told in found.message
    assert_clean(found, caplog)


@pytest.mark.parametrize("kind", PASSING)
def test_what_has_passed_is_no_error(kind):
    rule, _ = PASSING[kind]
    with served(rule | {"times": 2}, {"text": "Two men."}) as server:
        assert asked(server).text == "Two men."
        assert len(server.asked) == 3


def assert_clean(found: BackendError, caplog) -> None:
    """One sentence and a hint, and the key in nothing that a user, a log or a file gets to see."""
    assert found.hint
    assert found.message.endswith(".")
    assert "\n" not in str(found)
    shown = "".join(traceback.format_exception(found))
    assert KEY not in shown + repr(found) + str(found) + found.body + caplog.text
    assert found.__cause__ is None
    assert found.__suppress_context__ or found.__context__ is None


def test_a_stall_ends_with_the_deadline():
    found, times = failed({"stall": True}, timeout=0.2)
    assert (type(found), found.message.split("v1 ")[1], times) == (Unreachable, "did not answer in 0.2 s.", ATTEMPTS)


def test_a_late_reply_is_one_all_the_same_within_the_deadline():
    with served({"delay": 0.3, "text": "late"}) as server:
        assert asked(server, timeout=2.0).text == "late"
        assert len(server.asked) == 1


OVERFLOWS = [
    (
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, "
        "1000 in the completion). Please reduce the length of the messages or completion.",
        4096,
    ),
    ("The decoder prompt (length 5678) is longer than the maximum model length of 4096.", 4096),
    ("The prompt (total length 5678) is too long to fit into the model (context length 4096).", 4096),
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 "
        "tokens and your request has 100 input tokens (5000 > 4096 - 100).",
        4096,
    ),
    ("request (5017 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096),
    ("the request exceeds the available context size. try increasing the context size or enable context shift", None),
    (
        "This model's maximum context length is 128,000 tokens. However, your messages resulted in 140,000 tokens.",
        128_000,
    ),
    ("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.", 272_000),
    ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
    ("Prompt contains 40000 tokens, too large for model with 32768 maximum context length", 32_768),
    ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1_048_576),
    ("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000", None),
    ("prompt too long; exceeded max context length by 12 tokens", None),
]


@pytest.mark.parametrize(("words", "limit"), OVERFLOWS)
def test_an_overflow_in_the_words_of_many_servers(words, limit):
    found = of_status(400, {"message": words}, URL)
    assert (type(found), found.limit) == (Overflow, limit)


def test_an_overflow_whose_limit_stands_beside_the_message():
    told = {
        "code": 400,
        "message": "exceed",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 5017,
        "n_ctx": 4096,
    }
    assert of_status(400, told, URL).limit == 4096
    assert isinstance(of_status(413, "<html>Request Entity Too Large</html>", URL), Overflow)
    assert isinstance(
        of_status(429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000", URL), Overflow
    )


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("At most 1 image(s) may be provided in one request.", 1),
        ("At most 16 image(s) may be provided in one prompt.", 16),
        ("You set image=4 (or defaulted to 1) in `--limit-mm-per-prompt`, but found 6 items in the same prompt.", 4),
        ("Too many images in request. Maximum is 50, found 60.", 50),
        ("Too many images: 20. Max is 10.", 10),
        ("Too many images and documents: 105 + 0 > 100", 100),
        ("Too many images provided. This model supports up to 5 images.", 5),
        ("Too many images!", None),
    ],
)
def test_a_limit_of_pictures_in_the_words_of_many_servers(words, limit):
    found = of_status(400, {"message": words}, URL)
    assert (type(found), found.limit) == (TooManyImages, limit)
    number = {None: "fewer pictures", 1: "1 picture"}.get(limit, f"{limit} pictures")
    assert found.message == f"The model endpoint {URL} takes {number} a request."


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "image_url is not supported by this model."),
        (400, "Invalid content type. image_url is only supported by certain models."),
        (400, "'messages[0].content' must be a string"),
        (400, "messages[0]: unknown variant `image_url`, expected `text` at line 1 column 97"),
        (400, "Qwen2ForCausalLM is not a multimodal model"),
        (400, "At most 0 image(s) may be provided in one request."),
        (400, "Model does not support images. Please use a model that does."),
        (400, "This model does not support image inputs"),
        (404, "No endpoints found that support image input"),
        (500, "image input is not supported - hint: you may need to provide the mmproj"),
        (500, "this model is missing data required for image input"),
    ],
)
def test_a_text_only_model_in_the_words_of_many_servers(status, words):
    assert isinstance(of_status(status, {"message": words}, URL), NoVision)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, {"message": "Output data may contain inappropriate content.", "code": "data_inspection_failed"}),
        (400, {"message": "Invalid prompt: your prompt was flagged as potentially violating our usage policy."}),
        (400, {"message": "Your request was rejected as a result of our safety system."}),
        (403, {"message": "Input was flagged by moderation."}),
        (400, {"code": "1301", "contentFilter": [{"level": 1}]}),
    ],
)
def test_a_filter_in_the_words_of_many_servers(status, told):
    assert isinstance(of_status(status, told, URL), Refused)


@pytest.mark.parametrize(
    "words",
    [
        "Invalid image format: webp is not supported.",
        "image dimensions exceed the max allowed size for many-image requests: 2000 pixels",
        "Failed to download the image.",
        "Unsupported parameter: 'logprobs' is not supported with this model.",
        "json_schema or grammar, not both",
    ],
)
def test_what_merely_sounds_alike_is_none_of_them(words):
    assert type(of_status(400, {"message": words}, URL)) is NotTaken


def test_an_error_that_repeats_the_whole_request_is_read_quickly():
    assert isinstance(of_status(422, {"detail": "x", "input": "image_url " * 500_000}, URL), BackendError)


UNWANTED = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported here. Use 'max_completion_tokens'.",
    "temperature": "Unsupported value: 'temperature' does not support 0 with this model. Only 1 is supported.",
}


def test_parameters_that_a_model_wants_otherwise_are_learnt_once():
    rules = [{"times": 1, "status": 400, "error": words} for words in UNWANTED.values()]

    async def twice():
        backend = OpenAIBackend(ModelSettings(base_url=server.base_url, name="scripted"))
        try:
            return [(await backend.complete(ASK)).text for _ in range(2)]
        finally:
            await backend.close()

    with served(*rules, {"text": "fine"}) as server:
        assert asyncio.run(twice()) == ["fine", "fine"]
    bodies = [seen.body for seen in server.asked]
    assert [{"max_tokens", "temperature", "max_completion_tokens"} & body.keys() for body in bodies] == [
        {"max_tokens", "temperature"},
        {"max_completion_tokens", "temperature"},
        {"max_completion_tokens"},
        {"max_completion_tokens"},
    ]
    assert bodies[3]["max_completion_tokens"] == ASK.max_tokens


def test_a_parameter_that_is_refused_whatever_it_is_called_is_an_error():
    with served({"status": 400, "error": UNWANTED["max_tokens"]}) as server, pytest.raises(NotTaken):
        asked(server)
    assert len(server.asked) == 2


@pytest.mark.parametrize("mode", ["schema", "object", "prompted"])
def test_a_shape_is_asked_for_as_the_endpoint_takes_it(mode):
    shape = {
        "type": "object",
        "properties": {"default": {"type": "string", "default": "x"}, "properties": {"type": "integer"}},
        "required": ["default"],
    }
    with served(personality="obedient") as server:
        profile = Profile(url=server.base_url, model="scripted", schema_mode=mode)
        asked(server, ASK.model_copy(update={"shape": shape, "top_logprobs": 5}), profile)
    (body,) = [seen.body for seen in server.asked]
    assert not {"logprobs", "seed"} & body.keys()
    in_words = "Answer with one JSON object of this schema" in body["messages"][1]["content"]
    assert in_words == (mode != "schema")
    told = body.get("response_format", {"type": "none"})
    assert told["type"] == {"schema": "json_schema", "object": "json_object", "prompted": "none"}[mode]
    if mode == "schema":
        assert told["json_schema"] == {
            "name": "ask",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {"default": {"type": "string"}, "properties": {"type": "integer"}},
                "required": ["default", "properties"],
                "additionalProperties": False,
            },
        }


def body_of(**message) -> str:
    return json.dumps({"choices": [{"message": message}], "usage": {"prompt_tokens": 10**30, "completion_tokens": -1}})


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "<think>hm</think>yes"}, "yes"),
        ({"content": [{"type": "thinking", "text": "hm"}, {"type": "text", "text": "y"}, {"text": "es"}]}, "yes"),
        ({"content": None, "reasoning_content": '{"answer": "yes"}'}, ""),
        ({"content": 7}, ""),
        ({"content": "a\ud800"}, "a?"),
        ({}, ""),
    ],
)
def test_odd_replies_are_replies(message, text):
    with served({"body": body_of(**message)}) as server:
        reply = asked(server)
    assert (reply.text, reply.tokens_in, reply.tokens_out, reply.model) == (text, 0, 0, "")


def test_chances_that_are_none_are_left_out():
    def chances(*tokens) -> int:
        told = {"choices": [{"message": {"content": "yes"}, "logprobs": {"content": list(tokens)}}]}
        with served({"body": json.dumps(told)}) as server:
            return len(asked(server, ASK.model_copy(update={"top_logprobs": 5})).logprobs)

    fine = {"token": "yes", "logprob": -0.1, "top_logprobs": [{"token": "no", "logprob": None}]}
    assert chances(fine, {"token": "x", "logprob": 1e9}) == 2
    for odd in (7, {}, {"token": "a"}, {"token": "a", "logprob": "x"}, {"token": "a", "logprob": float("nan")}):
        assert chances(fine, odd) == 0


def test_the_key_of_a_reply_is_blotted_out_and_a_placeholder_changes_nothing(monkeypatch):
    with served({"text": f"Your key is {KEY}."}) as server:
        reply = asked(server)
        monkeypatch.setenv("PANDA_API_KEY", "x")
        assert KEY in asked(server).text
    assert reply.text == "Your key is [key]."
    assert KEY not in reply.body


SECRET = [f"http://me:{KEY}@here/v1", f"http://here/v1?key={KEY}", f"http://here/v1#{KEY}", f"me:{KEY}@here"]


@pytest.mark.parametrize("url", [*SECRET, "http://[::1/v1", "http://h:99999/v1", "http://h:0/v1"])
def test_an_address_that_is_none_or_holds_a_secret_is_not_repeated(url):
    with pytest.raises(UserError, match=r"model\.base_url") as caught:
        OpenAIBackend(ModelSettings(base_url=url))
    assert KEY not in str(caught.value)


def test_a_slash_at_the_end_is_no_other_endpoint():
    one, other = (OpenAIBackend(ModelSettings(base_url=url, name="m")).address for url in (URL, f"{URL}/"))
    assert one == other
