"""`panda config`: every setting, and where its value comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from panda_agent.cli.options import Json

app = typer.Typer(no_args_is_help=True, help="Show the settings.")


@app.callback()
def config() -> None:
    """Show the settings: flags before environment (PANDA_*) before panda.toml before defaults."""


@app.command()
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Also say where each value comes from.", metavar="")] = False,
    as_json: Json = False,
) -> None:
    """Show every setting with its value."""
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.reporting.text import clean
    from panda_agent.settings import load_settings, origins

    values = dict(_leaves(load_settings().model_dump(mode="json")))
    sources = origins()
    if as_json:
        print_json({k: {"value": v, "origin": sources[k]} if origin else v for k, v in values.items()})
        return
    wide = max(len(name) for name in values)
    for name, value in values.items():
        shown = clean("none" if value is None else str(value))
        print_plain(f"{name:<{wide}}  {shown:<20}  {sources[name]}" if origin else f"{name:<{wide}}  {shown}")


def _leaves(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in tree.items():
        found += _leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found
