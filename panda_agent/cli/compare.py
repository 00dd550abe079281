"""`panda compare`: two runs of `panda eval` side by side, with paired intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panda_agent.cli.options import Json


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A run folder of `panda eval`.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Compare two runs over the videos that both have: B less A, with 95 % intervals over videos."""
    from panda_agent.cli.comparing import compare_runs

    compare_runs(first, second, as_json)
