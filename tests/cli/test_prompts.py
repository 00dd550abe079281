"""`panda prompts`: what ships is listed, shown and sound; what is wrong with a pack is said in a sentence each."""

from __future__ import annotations

import json
import shutil
from importlib.resources import as_file

import pytest
import yaml

from panda_agent.cli.prompt_check import SAMPLES, problems, shapes
from panda_agent.prompts.prompt_packs import MANIFEST, SHIPPED, load_prompts, prompt_pack_names


@pytest.fixture
def mine(tmp_path):
    """A copy of the pack that ships, to be changed."""
    with as_file(SHIPPED) as folder:
        shutil.copytree(folder / "default", tmp_path / "mine")
    return tmp_path / "mine"


def spoil(pack, **changes):
    """Change what the manifest says of the prompt `judge`."""
    path = pack / MANIFEST
    tree = yaml.safe_load(path.read_text())
    tree["prompts"]["judge"] |= changes
    path.write_text(yaml.safe_dump(tree))


def test_packs_that_ship_are_listed_with_version_and_hash(inside):
    done = inside("prompts", "list")
    pack = load_prompts("default")
    assert done.out.splitlines()[0].split() == ["pack", "version", "prompts", "hash"]
    assert ["default", str(pack.version), str(len(pack.prompts)), pack.sha256[:12]] in [
        line.split() for line in done.out.splitlines()
    ]
    (told,) = [one for one in json.loads(inside("prompts", "list", "--json").out) if one["pack"] == "default"]
    assert told["sha256"] == pack.sha256


def test_a_prompt_is_shown_with_its_inputs_and_the_shape_of_its_reply(inside):
    out = inside("prompts", "show", "default", "question.text").out
    assert out.startswith("── question.text ── version 2; given pictures, first, last, data (fenced); reply Reading: ")
    assert "{{ data | fenced }}" in out
    assert "question.system" not in out
    told = json.loads(inside("prompts", "show", "default", "question", "--json").out)["prompts"]["question"]
    assert set(told["files"]) == {"question.system", "question.text"}
    assert told["untrusted"] == ["data"]
    assert set(told["reply"]["properties"]) == set(shapes()["Reading"].model_fields)


def test_a_prompt_that_there_is_not_is_a_usage_error(inside):
    done = inside("prompts", "show", "default", "nonsense")
    assert (done.code, done.out) == (2, "")
    assert "has no prompt 'nonsense'. It has caption, " in done.err


def test_what_differs_is_shown_file_by_file(inside, mine):
    assert "No difference." in inside("prompts", "diff", "default", str(mine)).err
    (mine / "judge.text.j2").write_text("{{ data | fenced }}\nOnly\x1b[2J this.\n")
    spoil(mine, version=9)
    lines = inside("prompts", "diff", "default", str(mine)).out.splitlines()
    assert "--- default/judge.text" in lines
    assert "+Only[U+001B][2J this." in lines
    assert any(line.startswith("+# version 9; ") for line in lines)
    assert not any("caption" in line for line in lines)
    assert inside("prompts", "diff", "default", str(mine), "caption").out == ""


def test_a_difference_has_no_colours_in_a_pipe_and_keeps_long_lines_whole(panda, mine):
    (mine / "judge.text.j2").write_text("{{ data | fenced }}" + " word" * 200)
    out = panda("prompts", "diff", "default", str(mine), "judge.text").out
    assert "\x1b" not in out
    assert "+{{ data | fenced }}" + " word" * 200 in out.splitlines()


def test_packs_that_ship_are_sound(inside):
    for name in prompt_pack_names():
        done = inside("prompts", "check", name)
        assert (done.code, done.out.split(", ")[-1].strip(), done.err) == (0, "nothing wrong", "")


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ data | fenced }} {{ nonsense }}", "judge.text: it uses 'nonsense', which is not under `inputs`."),
        ("{{ data }}", "judge.text: 'data' is untrusted and goes into the prompt without `| fenced`."),
        ("{% if pictures > 9 %}{{ data.rows }}{% endif %}", "'data' is untrusted and goes into the prompt without"),
        ("{{ data | upper | fenced }}", "'data' is untrusted and goes into the prompt without"),
        ("{% for %}", "judge.text: line 1 is no jinja2: "),
        ("{{ data | shout }}", "judge.text: line 1 is no jinja2: No filter named 'shout'."),
        ("{{ first }} {{ pictures.nonsense.more }}", "judge.text: Prompt 'judge.text' of the pack 'default' can't be"),
        ("{% if pictures %}{{ data | fenced }}{% endif %}", "judge.text: it is empty where there is little to say."),
        ("{{ data | fenced }}", "judge: the input 'earlier' is declared, but neither template uses it."),
    ],
)
def test_a_wrong_template_is_a_sentence_and_exit_code_2(inside, mine, template, sentence):
    (mine / "judge.text.j2").write_text(template)
    done = inside("prompts", "check", str(mine))
    assert done.code == 2
    assert sentence in done.out
    assert "fault" in done.err


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"output": "Nonsense"}, "judge: there is no reply shape 'Nonsense'; there are AccountReply, Description,"),
        ({"output": "Reading"}, "judge: the agent reads 'Opinion' as its reply, not 'Reading'."),
        ({"untrusted": []}, "judge: the input 'data' is text of others, so it must stand under `untrusted` too."),
        ({"untrusted": ["data", "x"]}, "judge: 'x' stands under `untrusted`, but not under `inputs`."),
        ({"inputs": ["data", "weather"]}, "judge: the agent gives no input 'weather'; it gives pictures, first,"),
    ],
)
def test_a_wrong_manifest_is_a_sentence(mine, changes, sentence):
    spoil(mine, **changes)
    assert any(one.startswith(sentence) for one in problems(load_prompts(str(mine))))


def test_a_prompt_that_the_agent_never_asks_is_named(mine):
    tree = yaml.safe_load((mine / MANIFEST).read_text())
    tree["prompts"]["sing"] = {"version": 1, "output": "Opinion"}
    (mine / MANIFEST).write_text(yaml.safe_dump(tree))
    for part in ("system", "text"):
        (mine / f"sing.{part}.j2").write_text("La.")
    assert [one for one in problems(load_prompts(str(mine))) if "the agent has no prompt of this name" in one]


def test_there_is_a_made_up_input_for_every_name_of_the_manifest():
    inputs = {name for spec in load_prompts("default").prompts.values() for name in spec.inputs}
    assert inputs == set(SAMPLES)
