"""Prompt packs: they load, they are filled, and what is wrong with one is said."""

from __future__ import annotations

import pytest

from panda_agent.errors import UserError
from panda_agent.prompts.prompt_packs import TEXTS, load_prompts, prompt_pack_names

VALUES = {
    "pictures": 3,
    "first": "A",
    "last": "C",
    "statement": "People fight.",
    "benign": "They play.",
    "checks": ("Is it {{ 7 * 7 }}?",),
}


@pytest.mark.parametrize("name", prompt_pack_names())
@pytest.mark.parametrize("text", TEXTS)
def test_packs_that_ship_are_filled(name, text):
    filled = load_prompts(name).render(text, **VALUES)
    assert filled
    assert "{%" not in filled


def test_what_is_filled_in_is_no_template():
    assert "{{ 7 * 7 }}" in load_prompts("default").render("question.text", **VALUES)


def test_the_describer_hears_nothing_of_what_is_suspected():
    pack = load_prompts("default")
    assert "People fight." not in pack.render("caption.text", **VALUES) + pack.render("caption.system", **VALUES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is no YAML mapping"),
        ("- 1", "is no YAML mapping"),
        ("id: x\nversion: 1\ntexts: {}", "lacks caption.system, caption.text"),
        ("id: x\nversion: one\ntexts: {}", "is wrong at version"),
    ],
)
def test_a_wrong_pack_is_one_sentence(tmp_path, text, message):
    path = tmp_path / "pack.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_prompts(str(path))


def test_a_template_that_wants_more_than_is_given_says_so(tmp_path):
    path = tmp_path / "pack.yaml"
    path.write_text("id: x\nversion: 1\ntexts:\n" + "".join(f"  {name}: '{{{{ nonsense }}}}'\n" for name in TEXTS))
    with pytest.raises(UserError, match="'nonsense' is undefined"):
        load_prompts(str(path)).render("caption.text", **VALUES)


def test_a_template_can_not_reach_into_python(tmp_path):
    path = tmp_path / "pack.yaml"
    path.write_text("id: x\nversion: 1\ntexts:\n" + "".join(f"  {n}: '{{{{ first.__class__ }}}}'\n" for n in TEXTS))
    with pytest.raises(UserError, match="can't be filled"):
        load_prompts(str(path)).render("caption.text", **VALUES)


def test_there_is_no_such_pack():
    with pytest.raises(UserError, match="no prompt pack 'nonsense'"):
        load_prompts("nonsense")
