"""Options that several commands share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RESULTS = "Results"
"""Heading of the help under which options about output stand."""
FLAG = ""
"""What help shows of a flag's value, which has none."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON to stdout.", metavar=FLAG, rich_help_panel=RESULTS)]
CaseId = Annotated[
    str, typer.Argument(metavar="CASE", help="A case id, as `panda cases list` shows it.", show_default=False)
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for verdict.json, run.json, report.html and timeline.csv; inside the case by default.",
        metavar="DIR",
        show_default=False,
        rich_help_panel=RESULTS,
    ),
]
Blur = Annotated[
    bool | None,
    typer.Option(
        "--blur/--no-blur", help="Blur people in pictures.", metavar=FLAG, show_default=False, rich_help_panel=RESULTS
    ),
]
Annotated_ = Annotated[
    bool | None,
    typer.Option(
        "--annotated", help="Also write annotated.mp4.", metavar=FLAG, show_default=False, rich_help_panel=RESULTS
    ),
]
ExportClips = Annotated[
    bool | None,
    typer.Option(
        "--export-clips",
        help="Also cut out each span, 5 s before and after.",
        metavar=FLAG,
        show_default=False,
        rich_help_panel=RESULTS,
    ),
]
