"""`panda prompts`: what a model is told, by pack; and whether a pack of one's own works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from panda_agent.cli.options import Json
from panda_agent.errors import UserError

if TYPE_CHECKING:
    from panda_agent.prompts.prompt_packs import PromptPack

app = typer.Typer(no_args_is_help=True, help="List, show, compare and check what a model is told.")
DIGITS = 12
"""Digits of a hash that are shown."""
Pack = Annotated[
    str, typer.Argument(metavar="PACK", help="A pack that ships, or a folder with a pack.yaml.", show_default=False)
]
Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="Only this prompt (judge) or file (judge.text).", show_default=False),
]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the packs that ship."""
    from panda_agent.cli.output import print_json
    from panda_agent.cli.tables import print_table
    from panda_agent.prompts.prompt_packs import load_prompts, prompt_pack_names

    packs = {name: load_prompts(name) for name in prompt_pack_names()}
    if as_json:
        print_json([{"pack": name, **_gist(pack)} for name, pack in packs.items()])
        return
    rows = [(name, str(pack.version), str(len(pack.prompts)), pack.sha256[:DIGITS]) for name, pack in packs.items()]
    print_table(("pack", "version", "prompts", "hash"), rows)


@app.command()
def show(pack: Pack, name: Name = None, as_json: Json = False) -> None:
    """Show the templates, what is put into them, and the shape of the reply."""
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.prompts.prompt_packs import load_prompts

    loaded = load_prompts(pack)
    files = _chosen(loaded, name)
    if as_json:
        prompts = {prompt: _facts(loaded, prompt, files) for prompt in dict.fromkeys(map(_prompt_of, files))}
        print_json({"pack": loaded.id, **_gist(loaded), "prompts": prompts})
        return
    for file in files:
        print_plain(f"── {file} ── {_said(loaded, _prompt_of(file))}")
        print_plain("\n".join([*map(_harmless, loaded.texts[file].splitlines()), ""]))


@app.command()
def diff(old: Pack, new: Pack, name: Name = None) -> None:
    """Show what differs from one pack to another, file by file."""
    from difflib import unified_diff

    from panda_agent.cli.output import say
    from panda_agent.prompts.prompt_packs import load_prompts

    before, after = load_prompts(old), load_prompts(new)
    files = sorted({*_chosen(before, name, after), *_chosen(after, name, before)})
    lines = [
        line
        for file in files
        for line in unified_diff(
            _lines(before, file), _lines(after, file), f"{old}/{file}", f"{new}/{file}", lineterm=""
        )
    ]
    if lines:
        _print_diff(lines)
    else:
        say("No difference.")


@app.command()
def check(pack: Pack, as_json: Json = False) -> None:
    """Fill each template from made-up inputs; check names, fences and reply shapes. Exit code 2 if one is wrong."""
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.cli.prompt_check import problems
    from panda_agent.prompts.prompt_packs import load_prompts

    loaded = load_prompts(pack)
    found = [_harmless(one) for one in problems(loaded)]
    if as_json:
        print_json({"pack": loaded.id, **_gist(loaded), "problems": found})
    else:
        print_plain("\n".join(found) or f"{len(loaded.prompts)} prompts, nothing wrong")
    if found:
        raise UserError(f"The prompt pack {pack!r} has {len(found)} fault{'s' if len(found) > 1 else ''}.")


def _gist(pack: PromptPack) -> dict[str, Any]:
    return {"version": pack.version, "count": len(pack.prompts), "sha256": pack.sha256}


def _facts(pack: PromptPack, prompt: str, files: list[str]) -> dict[str, Any]:
    from panda_agent.cli.prompt_check import shapes

    shape = shapes().get(pack.prompts[prompt].output)
    texts = {
        file: {"text": pack.texts[file], "sha256": pack.hashes[file]} for file in files if _prompt_of(file) == prompt
    }
    reply = None if shape is None else shape.model_json_schema()
    return {**pack.prompts[prompt].model_dump(mode="json"), "files": texts, "reply": reply}


def _said(pack: PromptPack, prompt: str) -> str:
    """One line of the manifest, in words."""
    from panda_agent.cli.prompt_check import shapes

    spec = pack.prompts[prompt]
    shape = shapes().get(spec.output)
    given = [f"{name} (fenced)" if name in spec.untrusted else name for name in spec.inputs]
    fields = "" if shape is None else f": {', '.join(shape.model_fields)}"
    return _harmless(f"version {spec.version}; given {', '.join(given) or 'nothing'}; reply {spec.output}{fields}")


def _chosen(pack: PromptPack, name: str | None, other: PromptPack | None = None) -> list[str]:
    """Names of the files of a pack, or of those that are asked for; none where only another pack has them.

    Raises:
        UserError: There are none of that name.
    """
    files = [file for file in pack.texts if name in (None, file, _prompt_of(file))]
    if not files and (other is None or not any(name in (file, _prompt_of(file)) for file in other.texts)):
        raise UserError(f"The pack {pack.id!r} has no prompt {name!r}.", hint=f"It has {', '.join(pack.prompts)}.")
    return files


def _prompt_of(file: str) -> str:
    return file.rpartition(".")[0]


def _lines(pack: PromptPack, file: str) -> list[str]:
    """A file for a comparison, under what the manifest says of it; nothing where the pack has none."""
    if file not in pack.texts:
        return []
    return [f"# {_said(pack, _prompt_of(file))}", *map(_harmless, pack.texts[file].splitlines())]


def _harmless(line: str) -> str:
    """A line with its indent, in which nothing can drive the terminal."""
    from panda_agent.reporting.text import clean

    body = line.lstrip(" ")
    return " " * (len(line) - len(body)) + clean(body, limit=4000)


def _print_diff(lines: list[str]) -> None:
    """Coloured on a terminal, plain in a pipe; no line is broken."""
    from rich.text import Text

    from panda_agent.cli.output import print_plain, stdout

    if not stdout().is_terminal:
        print_plain("\n".join(lines))
        return
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        style = "bold" if line.startswith(("+++", "---")) else styles.get(line[:1], "")
        stdout().print(Text(line, style), soft_wrap=True)
