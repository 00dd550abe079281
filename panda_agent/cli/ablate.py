"""`panda ablate`: the same videos worked in many ways, each held against one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panda_agent.cli.options import Json


def ablate(
    suite: Annotated[
        Path, typer.Argument(metavar="SUITE", help="What to work, and how: a YAML file.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder of all runs; ablations/SUITE by default. What is finished there is not worked again.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Videos worked at a time; no figure depends on it.", show_default="one a core"
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Work every cell of a suite, and hold each against the reference: paired differences, costs, what changed.

    Data lie under PANDA_DATA. 5 where a cell or a video failed.
    """
    from panda_agent.cli.ablating import ablate_suite

    return ablate_suite(suite, out, workers, as_json)
