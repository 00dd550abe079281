"""From a reply to a shape: what is in it is read, and nothing else is made of it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from panda_agent.backends.protocol import Ask, Reply
from panda_agent.backends.replies import LONGEST, read, repair_ask, visible, without_thoughts
from panda_agent.errors import BadReply
from panda_agent.tools.caption_clip import Description, Reading
from panda_agent.types.time import Model
from tests.backends.malformed import GOOD, MALFORMED, Look, malformed

LOOK = Look.model_validate(GOOD)
DESCRIPTION = {
    "description": "A man walks, [then,] runs.",
    "people": [{"doing": "running", "letters": ["B"]}],
    "objects": [],
    "visible_text": ["EXIT"],
    "quality": "good",
}
READING = {"reason": "They greet.", "letters": [], "answer": "no"}


class Anything(Model):
    value: JsonValue


def told(text: str, shape: type[Model] = Look) -> str:
    """What is wrong with a reply."""
    with pytest.raises(BadReply) as caught:
        read(text, shape)
    return caught.value.message.removeprefix("The model's reply has not the shape that was asked for: ")


@pytest.mark.parametrize("reply", MALFORMED, ids=lambda reply: reply.name)
def test_of_twelve_malformed_replies_those_are_read_that_hold_the_answer(reply):
    if reply.readable:
        assert read(reply.text, Look) == LOOK
    else:
        told(reply.text)


@pytest.mark.parametrize(("shape", "good"), [(Description, DESCRIPTION), (Reading, READING)])
def test_it_is_so_for_the_shapes_of_every_call_site(shape, good):
    for reply in malformed(good, shape.model_json_schema()):
        if reply.readable:
            assert read(reply.text, shape).model_dump() == good, reply.name
        else:
            told(reply.text, shape)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty."),
        ("<think>{}", "it is empty."),
        ("Nothing.", "it holds no whole JSON object."),
        ("null", "it holds no whole JSON object."),
        (json.dumps(Look.model_json_schema()), "it gives the schema back instead of an answer."),
        (json.dumps(GOOD | {"share": float("nan")}), "it holds a number that is none."),
        (json.dumps(GOOD).replace("0.25", "1e999"), "it holds a number that is none."),
        (json.dumps(GOOD | {"share": "0.25"}), "'share': input should be a valid number."),
        (json.dumps(GOOD | {"share": True}), "'share': input should be a valid number."),
        (json.dumps(GOOD | {"letters": "A"}), "'letters': input should be a valid array."),
        (json.dumps(GOOD | {"letters": [1]}), "'letters.0': input should be a valid string."),
        (json.dumps(GOOD | {"answer": "Yes"}), "'answer': input should be 'yes', 'no' or 'unclear'."),
        (json.dumps(GOOD | {"reason": None}), "'reason': input should be a valid string."),
        (json.dumps({name: value for name, value in GOOD.items() if name != "share"}), "'share' is missing."),
        (json.dumps(GOOD | {"more": json.loads('{"a":' * 60 + "1" + "}" * 60)}), "it is nested too deep."),
        (json.dumps(GOOD)[:-1] + ', "answer": "no"}', "it gives a field two values."),
        (json.dumps(GOOD) + json.dumps(GOOD | {"answer": "no"}), "it gives answers that differ."),
        (json.dumps([GOOD, GOOD | {"share": 0.5}]), "it gives answers that differ."),
        (json.dumps(GOOD | {"ans\u200bwer": "no"}), "the name of a field holds characters that can't be seen."),
        (json.dumps(GOOD | {"ans\ud800wer": "no"}), "the name of a field holds characters that can't be seen."),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(text, problem):
    assert told(text) == problem


def test_a_name_that_the_model_made_up_can_t_make_the_sentence_long_or_odd():
    class Strict(Model):
        answer: str

    said = told(json.dumps({"answer": "yes", "\u202ex" * 500: 1}), Strict)
    assert said == "the name of a field holds characters that can't be seen."
    said = told(json.dumps({"answer": "yes", "x" * 500: 1}), Strict)
    assert len(said) <= 201


@pytest.mark.parametrize(
    "text",
    [
        '{"results": [' + json.dumps(GOOD) + ", " + json.dumps(GOOD)[:30],
        '{"reason": "He says ' + json.dumps(GOOD)[:-9],
        json.dumps({"answer": GOOD}),
        json.dumps(GOOD)[:-1],
        json.dumps(GOOD)[1:],
        "<think>" + json.dumps(GOOD),
    ],
)
def test_no_answer_is_taken_out_of_what_is_broken_off_or_around_it(text):
    told(text)


@pytest.mark.parametrize(
    "text",
    [
        "I think {" + "of a set }\n" + json.dumps(GOOD),
        "The user wants JSON, perhaps {}. </think>\n\n" + json.dumps(GOOD),
        "<thinking>a</thinking><reasoning>b</reasoning>" + json.dumps(GOOD),
        "```\n" + json.dumps(GOOD, indent=2),
        f"```json\n{json.dumps(GOOD, indent=2)}\n```\nof\n```json\n{json.dumps(Look.model_json_schema())}```",
        "\ufeff \n" + json.dumps(GOOD) + "\n\n",
        json.dumps(GOOD)[:-1] + ', "share": 0.25,}',
        json.dumps(GOOD | {"note": "more than was asked for"}),
    ],
)
def test_what_stands_around_the_answer_does_not_matter(text):
    assert read(text, Look) == LOOK


@pytest.mark.parametrize("said", ["</think>", "<think>", "```json\n{}\n```", ',]{"a":[1,]}', "a \\ b", '"{', "]},"])
def test_marks_within_a_string_are_part_of_it(said):
    """What a sign says is quoted by the model, and may be made to look like the end of something."""
    for text in (json.dumps(GOOD | {"reason": said}), "So: " + json.dumps(GOOD | {"reason": said}) + " Done."):
        if text.startswith("{") or ("think" not in said and "```" not in said):
            assert read(text, Look).reason == said
    commas = json.dumps(GOOD | {"reason": said})[:-1] + ",}"
    assert read(commas, Look).reason == said


def test_control_and_bidi_characters_are_dropped_and_escapes_are_read():
    odd = "\u202e\u2066a\u0000\u0007\u001b[31m\u200b caf\u00e9 \U0001f44b\u2069\ud800"
    for text in (json.dumps(GOOD | {"reason": odd}), json.dumps(GOOD | {"reason": odd}, ensure_ascii=False)):
        assert read(text, Look).reason == "a[31m caf\u00e9 \U0001f44b"
    assert read(json.dumps(GOOD | {"reason": " a\n\tb "}).replace("\\n", "\n"), Look).reason == "a\n\tb"
    assert visible("a\r\nb\x85\u061c\ue000c") == "a\nbc"


PARTS = ["<think>", "</think>", "```", "```a", "``` a", '"', '{"', '{"\\"', "{", "[", '{"a":', "[1,],", '{"a":[1,],']


@pytest.mark.parametrize("part", [*PARTS, "9", "\\", ",", "}", "x", " ", ", "])
def test_two_hundred_thousand_characters_of_anything_are_no_answer(part):
    for begin in ("", "{", '{"a":"', "```"):
        told((begin + part * (LONGEST // len(part)))[:LONGEST])


def test_a_long_answer_is_read_and_one_that_is_longer_than_can_be_is_not():
    assert len(read(json.dumps(GOOD | {"reason": "x" * (LONGEST - 200)}), Look).reason) == LONGEST - 200
    assert told(json.dumps(GOOD | {"reason": "x" * LONGEST})) == "it holds no whole JSON object."


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co"])).map(str.strip),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co"])), inner, max_size=4)
    ),
    max_leaves=12,
)
WORDS = st.text(st.characters(exclude_characters="{}<>`"))
FENCES = st.sampled_from([("", ""), ("```json\n", "\n```"), ("```", "```"), ("<think>hm {</think>", ""), ("", "\n\n")])


@given(JSON, FENCES, WORDS, WORDS, st.booleans())
def test_any_value_comes_through_fences_and_prose_as_it_is(value, fence, before, after, ascii_only):
    text = json.dumps({"value": value}, ensure_ascii=ascii_only, indent=1)
    around = before if fence[0].startswith("```") or not fence[0] else ""
    if "```" in text or "<" in text:
        around = after = ""
        fence = ("", "")
    assert read(f"{around}{fence[0]}{text}{fence[1]}{after}", Anything).value == value


SCRAPS = [*'{}[]",:\\`<>', "think>", "</", "```json\n", '"value":', "1", "e9", "NaN", "\n", "\ud800", "x"]


@given(st.text() | st.lists(st.sampled_from(SCRAPS)).map("".join))
def test_whatever_is_said_it_is_read_or_it_is_a_bad_reply(text):
    with suppress(BadReply):
        read(text, Anything)
    assert len(without_thoughts(text)) <= len(text)


MOSTLY_GOOD = st.fixed_dictionaries(
    {
        "reason": st.just("They fall.") | JSON,
        "letters": st.lists(st.sampled_from("ABC")) | JSON,
        "share": st.floats(0, 1) | st.integers() | JSON,
        "answer": st.sampled_from(["yes", "no", "unclear", "Yes", "maybe"]) | JSON,
    },
    optional={"more": JSON},
)


@given(MOSTLY_GOOD)
def test_what_is_read_was_said_just_so(value: dict[str, Any]):
    try:
        got = read(json.dumps(value), Look)
    except BadReply:
        return
    assert got.model_dump() == {name: value[name] for name in GOOD}
    assert type(value["share"]) in (int, float)


def test_the_repair_says_what_is_wrong_and_shows_the_shape():
    ask = Ask(purpose="x", system="s", text="t", shape=Look.model_json_schema())
    reply = Reply(text="x" * 10_000, model="m")
    with pytest.raises(BadReply) as caught:
        read(reply.text, Look)
    mended = repair_ask(ask, reply, caught.value)
    said, wish = mended.history
    assert (said.role, len(said.text), wish.role) == ("assistant", 4000, "user")
    assert caught.value.message in wish.text
    assert json.dumps(ask.shape, sort_keys=True) in wish.text
    assert repair_ask(ask, Reply(text="", model="m"), caught.value).history[0].text == "(nothing)"


def test_a_field_may_be_an_empty_list_but_not_be_left_out():
    class Lists(Model):
        one: list[str]
        two: Literal["a"] | None

    assert read('{"one": [], "two": null}', Lists).one == []
    assert told('{"one": []}', Lists) == "'two' is missing."
