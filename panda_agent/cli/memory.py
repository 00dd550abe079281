"""`panda memory`: what was learnt of normal life before each camera."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from panda_agent.cli.options import Json
from panda_agent.errors import StoreError, UserError

app = typer.Typer(no_args_is_help=True, help="List, show and remove what was learnt of normal life.")
MemoryId = Annotated[str, typer.Argument(metavar="MEMORY", help="As `panda memory list` shows it.", show_default=False)]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the normality memories."""
    from panda_agent.cli.output import print_json, say
    from panda_agent.cli.tables import print_table

    told = [_facts(folder) for folder in _folders()]
    if as_json:
        print_json(told)
    elif told:
        print_table(("memory", "what is in it"), [(facts["memory"], _gist(facts)) for facts in told], brief=True)
    else:
        say("Nothing was learnt yet: give normal videos by `panda investigate VIDEO --normal FOLDER`.")


@app.command()
def show(memory: MemoryId, as_json: Json = False) -> None:
    """Show one memory: what it measures, on what scale, and which videos it was learnt from."""
    from panda_agent.cli.output import print_json
    from panda_agent.cli.tables import print_table

    facts = _facts(_folder(memory))
    if as_json:
        print_json(facts)
        return
    print_table(None, [(name, _told(value)) for name, value in facts.items()])


@app.command()
def rm(memory: MemoryId, as_json: Json = False) -> None:
    """Delete a memory; it is learnt anew when its normal videos are given again."""
    import shutil

    from panda_agent.cli.output import print_json, print_plain

    folder = _folder(memory)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(
            f"The memory {memory} can't be deleted: {error}.", hint="Delete its folder by hand."
        ) from error
    if as_json:
        print_json({"removed": [memory]})
    else:
        print_plain(f"removed {memory}")


def _folders() -> list[Path]:
    from panda_agent.nodes.normal_life import FOLDER
    from panda_agent.settings import load_settings

    shelf = load_settings().root / FOLDER
    return sorted(path for path in shelf.iterdir() if path.is_dir()) if shelf.is_dir() else []


def _folder(memory: str) -> Path:
    """The folder of a memory.

    Raises:
        UserError: There is none of that name.
    """
    from panda_agent.memory.cases import nearest_names

    folders = {folder.name: folder for folder in _folders()}
    if memory not in folders:
        near = nearest_names(folders, memory)
        raise UserError(f"There is no memory {memory!r}.", hint=f"Nearest: {', '.join(near)}." if near else None)
    return folders[memory]


def _facts(folder: Path) -> dict[str, Any]:
    """What a memory says of itself, or why it can't be used."""
    from panda_agent.memory.normality import read_header

    try:
        return {"memory": folder.name, **read_header(folder)}
    except StoreError as error:
        return {"memory": folder.name, "problem": str(error)}


def _gist(facts: dict[str, Any]) -> str:
    from panda_agent.reporting.text import counted

    if "problem" in facts:
        return str(facts["problem"])
    return f"learnt from {counted(len(facts['sources']), 'video')}: {facts['count']} moments of motion"


def _told(value: Any) -> str:
    """A fact in short: content hashes by their first digits, numbers by their first three."""
    match value:
        case list():
            return ", ".join(map(_told, value))
        case float():
            return f"{value:.3g}"
        case str() if re.fullmatch(r"[0-9a-f]{64}", value):
            return value[:12]
    return str(value)
