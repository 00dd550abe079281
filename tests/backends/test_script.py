import json

import pytest

from panda_agent.backends import script as script_module
from panda_agent.backends.player import Player
from panda_agent.backends.script import Rule, Script, When, load_script
from panda_agent.errors import UserError
from tests.backends.played import Leaf, ask, chat, error_of, player, said, schema_of, with_part


def test_the_first_rule_that_matches_answers():
    one = player(
        {"when": {"purpose": "plan"}, "text": "a plan"},
        {"when": {"contains": "dog", "has_pictures": True}, "text": "a dog"},
        {"when": {"nth": [2, 4]}, "text": "every other"},
        {"times": 1, "text": "once"},
        {"json": {"b": [1, None]}},
    )
    assert said(one, purpose="plan")[0] == "a plan"
    assert said(one, "dogs?", pictures=1)[0] == "a dog"
    assert said(one, "dogs?")[0] == "once"
    assert [said(one)[0] for _ in range(4)] == ["every other", '{"b": [1, null]}', "every other", '{"b": [1, null]}']


def test_the_purpose_also_comes_with_the_schema():
    one = player({"when": {"purpose": "caption"}, "text": "seen"})
    assert said(one, response_format=schema_of(Leaf))[0] == "seen"


def test_a_rule_that_only_says_how_leaves_what_to_the_personality():
    one = player({"delay": 0.5, "finish": "length", "times": 1})
    outcome = ask(one, **chat())
    assert (outcome.delay, json.loads(outcome.body)["choices"][0]["finish_reason"]) == (0.5, "length")
    assert ask(one, **chat()).delay == 0


def test_raw_bodies_and_errors():
    one = player(
        {"when": {"nth": 1}, "body": "<html>"},
        {"when": {"nth": 1}, "status": 502, "body": "Bad gateway"},
        {"when": {"nth": 1}, "status": 429, "error": "slower", "retry_after": 2},
        {"status": 400, "error": {"message": "no", "code": "content_filter", "innererror": {"code": "X"}}},
    )
    assert [(o.status, o.body) for o in (ask(one, **chat()), ask(one, **chat()))] == [
        (200, "<html>"),
        (502, "Bad gateway"),
    ]
    slower = ask(one, **chat())
    assert error_of(slower)[1]["message"] == "slower"
    assert slower.headers["retry-after"] == "2.0"
    assert error_of(ask(one, **chat())) == (
        400,
        {
            "type": "invalid_request_error",
            "param": None,
            "code": "content_filter",
            "message": "no",
            "innererror": {"code": "X"},
        },
    )


def test_tokens_are_counted_from_text_and_pictures_and_the_reply_ends_where_it_must():
    one = player({"text": "one two three four"}, image_tokens=100)
    usage = json.loads(ask(one, **chat("x" * 40, pictures=2)).body)["usage"]
    assert usage == {"prompt_tokens": 210, "completion_tokens": 4, "total_tokens": 214}
    assert said(one, max_tokens=2) == ("one two", "length")
    assert said(one, max_completion_tokens=4) == ("one two three four", "stop")
    told = player({"text": "hi", "usage": {"prompt_tokens": 7, "completion_tokens": 9}})
    assert json.loads(ask(told, **chat()).body)["usage"]["total_tokens"] == 16


def test_probabilities_stand_where_the_tokens_do():
    one = player({"json": {"answer": "yes"}, "logprobs": {"yes": 0.75, "no": 0.25, "maybe": 0}})
    outcome = ask(one, **chat(logprobs=True, top_logprobs=2))
    content = json.loads(outcome.body)["choices"][0]["logprobs"]["content"]
    assert "".join(token["token"] for token in content) == '{"answer": "yes"}'
    (yes,) = (token for token in content if token["token"] == "yes")
    assert [(top["token"], round(top["logprob"], 3)) for top in yes["top_logprobs"]] == [
        ("yes", -0.288),
        ("no", -1.386),
    ]
    assert json.loads(ask(one, **chat()).body)["choices"][0]["logprobs"] is None
    assert json.loads(ask(player(ignores=["logprobs"]), **chat(logprobs=True)).body)["choices"][0]["logprobs"] is None


@pytest.mark.parametrize(
    ("script", "request_", "told"),
    [
        ({"refuses": ["json_schema"]}, {"response_format": schema_of(Leaf)}, "json_schema is not supported"),
        ({"refuses": ["json_object"]}, {"response_format": {"type": "json_object"}}, "json_object is not supported"),
        ({"refuses": ["seed"]}, {"seed": 1}, "seed is not supported"),
        ({"refuses": ["logprobs"]}, {"logprobs": True}, "logprobs is not supported"),
        ({"personality": "text_only"}, {"pictures": 1}, "image_url is not supported"),
        ({"max_images": 2}, {"pictures": 3}, "At most 2 image(s)"),
        ({"context": 100}, {"text": "x" * 400, "max_tokens": 1}, "you requested 101 tokens (100 in the messages"),
    ],
)
def test_what_the_endpoint_can_t_do_is_a_400_before_any_rule(script, request_, told):
    one = player({"text": "hi"}, **script)
    status, error = error_of(ask(one, **chat(**request_)))
    assert (status, told in error["message"]) == (400, True), error
    assert said(one) == ("hi", "stop")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body"),
        (b"[1]", "the body"),
        (b'{"model": "scripted"}', "messages"),
        (b'{"model": "scripted", "messages": []}', "messages"),
        (b'{"model": "scripted", "messages": [{"role": "robot", "content": "x"}]}', "messages.0.role"),
        (json.dumps(chat(stream=True)).encode(), "stream"),
        (json.dumps(chat(max_tokens=0)).encode(), "max_tokens"),
        (json.dumps(chat(temperature="hot")).encode(), "temperature"),
        (json.dumps(chat(response_format={"type": "json_schema", "json_schema": []})).encode(), "response_format"),
        (with_part({"type": "sound"}), "'sound'"),
        (with_part({"type": "image_url", "image_url": {"url": "http://x/y.jpg"}}), "no JPEG or PNG"),
        (with_part({"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4A"}}), "no JPEG or PNG"),
    ],
)
def test_a_request_that_is_none_is_a_400(body, told):
    status, error = error_of(player().handle("POST", "/v1/chat/completions", "", body))
    assert (status, told in error["message"]) == (400, True), error


def test_another_model_or_place_is_not_there():
    assert error_of(ask(player(also_serves=["b"]), **chat(model="c")))[1]["code"] == "model_not_found"
    assert ask(player(also_serves=["b"]), **chat(model="b")).status == 200
    assert player().handle("POST", "/v1/embeddings", "", b"{}").status == 404


def test_the_list_of_models_follows_rules_too():
    only_once = {"when": {"purpose": "models"}, "status": 503, "times": 1}
    one = player(only_once, {"text": "for asks alone"}, also_serves=["b"], context=4096)
    assert one.handle("GET", "/v1/models", "", b"").status == 503
    served = json.loads(one.handle("GET", "/v1/models?x", "", b"").body)["data"]
    assert [(model["id"], model["max_model_len"]) for model in served] == [("scripted", 4096), ("b", 4096)]


def test_a_script_file(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "model: m\npersonality: lying\n"
        "rules:\n- {when: {purpose: caption, nth: 2}, json: no, retry_after: '1'}\n- {text: hi}\n"
    )
    script = load_script(path)
    assert script.rules[0].words == '"no"', "a word, as in YAML 1.2"
    assert script == Script(
        model="m",
        personality="lying",
        rules=(Rule(when=When(purpose="caption", nth=(2,)), json="no", retry_after="1"), Rule(text="hi")),
    )


def test_the_script_of_the_documentation(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text("\n".join(line for line in script_module.__doc__.splitlines() if line.startswith("    ")))
    one = Player(load_script(path))
    assert ask(one, **chat(purpose="caption", model="qwen-test")).status == 429
    words, _ = said(one, "A fight?", pictures=1, model="qwen-test")
    assert json.loads(words)["answer"] == "yes"
    assert said(one, purpose="plan", model="qwen-test")[0] == "no JSON at all"
    assert ask(one, **chat(purpose="plan", model="qwen-test")).delay == 0.2


def test_the_fields_that_a_prompt_explains_are_no_orders():
    one = player(personality="obedient")
    assert "unclear" not in said(one, "1. reason: one sentence.\n2. answer: yes, no, or unclear.")[0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rules: [", "is not YAML"),
        ("- a", "must be a mapping"),
        ("\x00", "is not YAML"),
        ("modell: x", "wrong at modell: Extra inputs are not permitted. It may hold model, also_serves"),
        (
            "rules: [{text: a}, {txt: b}]",
            "wrong at rule 2.txt: Extra inputs are not permitted. It may hold when, text, json,",
        ),
        ("rules: [{when: {purpos: b}}]", "It may hold purpose, contains, nth, has_pictures."),
        ("rules: [{text: a, json: {}}]", "wrong at rule 1: it has text and json, of which one is enough."),
        ("rules: [{status: 500, text: a}]", "wrong at rule 1: status 500 has a body or an error, and no text."),
        ("rules: [{error: a}]", "an error needs a status of 400 or more."),
        ("rules: [{logprobs: {yes: 0.8, no: 0.3}}]", "wrong at rule 1.logprobs: probabilities lie between 0 and 1"),
        ("rules: [{times: 0}]", "wrong at rule 1.times"),
        ("personality: kind", "wrong at personality"),
    ],
)
def test_a_wrong_script_is_one_sentence_that_says_where(tmp_path, content, told):
    path = tmp_path / "s.yaml"
    path.write_text(content)
    with pytest.raises(UserError) as caught:
        load_script(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_script(tmp_path):
    with pytest.raises(UserError, match="can't be read: No such file"):
        load_script(tmp_path / "gone.yaml")
    with pytest.raises(UserError, match="can't be read: Is a directory"):
        load_script(tmp_path)
