"""`panda eval`: how good it is on a data set whose truth is known, beside what is trivial on the same observations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from panda_agent.cli.options import Json


def evaluate(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ROW",
            help="ucf-crime, ucf-crime-online, ucf-crime-gated, shanghaitech, ped2-captions, ped2-video, "
            "ped2-video-zero-shot, or own.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The run folder; eval/ROW by default. A run that lies there is gone on with."),
    ] = None,
    tier: Annotated[Literal["bare", "weights"], typer.Option(help="What is looked with.")] = "bare",
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Videos worked at a time; no figure depends on it.", show_default="one a core"
        ),
    ] = None,
    recordings: Annotated[
        Path | None, typer.Option(metavar="DIR", help="For own: a folder of recordings.", show_default=False)
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="For own: a CSV of video,start,end in seconds, or the name of a data set under PANDA_DATA.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Work every video of a data set as a case, and measure: figures, baselines, intervals, dev and held.

    Data lie under PANDA_DATA, weights under PANDA_WEIGHTS. 5 where a video failed.
    """
    from panda_agent.cli.evaluating import evaluate_row

    return evaluate_row(name, out, tier, workers, recordings, truth, as_json)
