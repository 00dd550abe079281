"""Answers as probabilities: from the chances of the token in which the answer begins, or as written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.backends.protocol import Reply, TokenChances
from panda_agent.backends.scores import WRITTEN, of_answer

BEFORE = ['{"', "reason", '":"', "They", " fight", "; no doubt", '","', "answer", '":', ' "']


def reply(*tokens: str | tuple[str, dict[str, float]]) -> Reply:
    """A reply of tokens; those with probabilities have alternatives, the others are certain."""
    pairs = [token if isinstance(token, tuple) else (token, {token: 1.0}) for token in tokens]
    chances = [
        TokenChances(token=token, chances={name: math.log(p) if p else -math.inf for name, p in told.items()})
        for token, told in pairs
    ]
    return Reply(text="".join(token for token, _ in pairs), model="m", logprobs=tuple(chances))


def told(*tokens, answer="yes", mode="yes_no"):
    score = of_answer(reply(*tokens), answer, mode)
    return round(score.value, 4), score.mode


@pytest.mark.parametrize(
    "answer",
    [
        [*BEFORE, ("yes", {"yes": 0.6, "no": 0.2, "unclear": 0.2}), '"}'],
        [*BEFORE, ('yes"', {'yes"': 0.6, 'no"': 0.2, 'unclear"': 0.2}), "}"],
        [*BEFORE[:-1], (' "yes', {' "yes': 0.6, ' "no': 0.2, ' "un': 0.2}), '"}'],
        [*BEFORE[:-2], ('":"yes"', {'":"yes"': 0.6, '":"no"': 0.2, '":"unclear"': 0.2}), "}"],
        [*BEFORE, ("y", {"y": 0.6, "n": 0.2, "u": 0.2}), "es", '"}'],
        [*BEFORE, ("ye", {"ye": 0.6, "no": 0.2, "unc": 0.2}), "s", '"}'],
        [*BEFORE, (" yes", {" yes": 0.4, "Yes": 0.1, "YES": 0.1, " no": 0.15, "No": 0.05, "unclear": 0.2}), '"}'],
        [*BEFORE, ("\u0120yes", {"\u0120yes": 0.6, "\u0120no": 0.2, "\u2581unclear": 0.2}), '"}'],
        [*'{"answer":"', ("y", {"y": 0.6, "n": 0.2, "u": 0.2}), *'es"}'],
        ["```json\n", '{"answer": "', ("yes", {"yes": 0.6, "no": 0.2, "unclear": 0.2}), '"}\n```'],
        [
            "<think>",
            '{"answer": "',
            "no",
            '"}?',
            "</think>",
            '{"answer":"',
            ("yes", {"yes": 0.6, "no": 0.2, "un": 0.2}),
        ],
        [("Yes", {"Yes": 0.6, "No": 0.2, "Unclear": 0.2}), ", they fight."],
        ["\n", ("Yes", {"Yes": 0.6, "No": 0.2, "Unclear": 0.2})],
    ],
    ids=lambda tokens: "|".join(token if isinstance(token, str) else token[0] for token in tokens[-3:]),
)
def test_the_chances_are_found_however_tokens_are_cut(answer):
    assert told(*answer) == (0.75, "yes_no")
    assert told(*answer, mode="expected_token") == (0.7, "expected_token")
    assert told(*answer, mode="decoded") == (0.9, "decoded")


def test_words_of_other_languages_and_other_words_count_for_nothing():
    odd = {"yes": 0.3, "no": 0.1, "да": 0.2, "нет": 0.1, "sí": 0.1, "não": 0.1, "nein": 0.02, "not": 0.05, "ýes": 0.03}
    assert told(*BEFORE, ("yes", odd)) == (0.75, "yes_no")
    assert told(*BEFORE, ("да", {"да": 0.9, "нет": 0.1}), '"}') == (0.9, "decoded")
    assert told(*BEFORE, ("是", {"是": 0.9, "yes": 0.1}), '"}') == (0.9, "decoded")


@pytest.mark.parametrize("mode", ["yes_no", "expected_token", "decoded"])
@pytest.mark.parametrize("answer", WRITTEN)
def test_without_chances_it_is_as_written_and_says_so(mode, answer):
    for tokens in ([], ['{"answer": "', "maybe"], ['{"reason": "', "yes", '"}'], ["{}"]):
        assert told(*tokens, answer=answer, mode=mode) == (WRITTEN[answer], "decoded")


def test_chances_that_stand_at_another_word_than_the_answer_are_not_its():
    """As where a model said yes first, and its mended reply says no."""
    assert told(*BEFORE, ("yes", {"yes": 0.9, "no": 0.1}), answer="no") == (0.1, "decoded")


def test_an_answer_that_excludes_the_other_is_sure():
    assert told(*BEFORE, ("yes", {"yes": 1.0, "no": 0.0})) == (1.0, "yes_no")
    assert told(*BEFORE, ("no", {"no": 0.8, "unclear": 0.2}), answer="no", mode="expected_token") == (
        0.1,
        "expected_token",
    )


def test_unclear_is_half_way_or_what_is_between_yes_and_no():
    torn = ("unclear", {"unclear": 0.5, "yes": 0.4, "no": 0.1})
    assert told(*BEFORE, torn, answer="unclear", mode="expected_token") == (0.65, "expected_token")
    assert told(*BEFORE, torn, answer="unclear") == (0.5, "decoded")  # yes and no must outweigh it
    leaning = ("unclear", {"unclear": 0.4, "yes": 0.4, "no": 0.1})
    assert told(*BEFORE, leaning, answer="unclear") == (0.8, "yes_no")
    sure = ("unclear", {"unclear": 1.0})
    assert told(*BEFORE, sure, answer="unclear") == (0.5, "decoded")
    assert told(*BEFORE, sure, answer="unclear", mode="expected_token") == (0.5, "expected_token")


TOKENS = st.sampled_from(['{"answer":"', "yes", "no", "un", "clear", '"', "}", " ", "да", "Ġno", "</think>", "\n", ""])
CHANCES = st.dictionaries(TOKENS, st.floats(-50, 0) | st.just(-math.inf), max_size=4)


@given(
    st.lists(st.builds(lambda token, chances: TokenChances(token=token, chances=chances), TOKENS, CHANCES), max_size=8),
    st.sampled_from([*WRITTEN]),
    st.sampled_from(["yes_no", "expected_token", "decoded"]),
)
def test_any_tokens_make_a_probability(tokens, answer, mode):
    score = of_answer(Reply(text="", model="m", logprobs=tuple(tokens)), answer, mode)
    assert 0 <= score.value <= 1
    assert score.mode in (mode, "decoded")
