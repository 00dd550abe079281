"""Does a sentence say it, and not deny it? Sentences of real captioners, and the ones that fooled earlier versions."""

from __future__ import annotations

import pytest

from panda_agent.words import mentions, quote, stem


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Two men are fighting near a car.", ["fight"]),
        ("A man rode an old red bicycle.", ["ride bicycle"]),
        ("The man FELL to the ground", ["fall ground"]),
        ("There is no fire, but smoke rises.", ["smoke rise"]),
        ("It is not dark. A person is running.", ["run"]),
        ("Nobody helps, although the woman collapsed.", ["collapse"]),
        ("Buses stop; a thief robbed the driver.", ["rob"]),
        ("He doesn’t move while others punch him", ["punch"]),
        ("A car is on fire.", ["on_fire"]),
    ],
)
def test_it_says_so(text, phrases):
    assert mentions(text, phrases)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("No one is fighting.", ["fight"]),
        ("There are no signs of violence, theft, or fighting.", ["fight"]),
        ("He isn’t running", ["run"]),
        ("Bicycles are parked, people walk.", ["ride bicycle"]),
        ("A bicycle stands there. A man rides a horse.", ["ride bicycle"]),
        ("A person in a white robe is walking.", ["rob"]),
        ("Cars carry people.", ["car crash"]),
        ("There is a person without a weapon, a gun or a knife", ["gun"]),
        ("Posters hang on the wall, a fire hydrant stands there.", ["on_fire"]),
        ("", ["fight"]),
        ("fight", []),
    ],
)
def test_it_does_not(text, phrases):
    assert not mentions(text, phrases)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("riding", "rides"),
        ("rode", "ridden"),
        ("robbing", "rob"),
        ("buses", "bus"),
        ("carried", "carrying"),
        ("punches", "punch"),
        ("collides", "colliding"),
        ("knives", "knife"),
        ("stopped", "stop"),
    ],
)
def test_forms_of_a_word_are_one(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("robe", "rob"), ("care", "car"), ("carry", "car")])
def test_other_words_stay_apart(one, other):
    assert stem(one) != stem(other)


def test_a_quote_is_the_sentence_that_says_it():
    text = "People walk by. Two of them fight!\nA car stands there."
    assert quote(text, ["fight"]) == "Two of them fight!"
    assert quote(text, ["fire"]) == ""


def test_a_text_of_any_length_and_alphabet_is_read():
    assert not mentions("no " * 100_000, ["fight"])
    assert not mentions("一个人 \x00 🔥" * 1000, ["fire"])


def test_a_small_word_is_no_short_form_of_another():
    assert not mentions("The picture shows people running in front of a shop.", ["run off"])
    assert mentions("A man runs off with the bag.", ["run off"])
