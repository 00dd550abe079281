"""`panda record`: investigate a video and keep all that its tools saw, or import what others saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def record(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO", help="A video, or a file of captions to import (.jsonl, .jsonl.gz).", show_default=False
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the recording goes; a folder for imports.", show_default=False)
    ],
    normal: Annotated[
        list[Path] | None,
        typer.Option(metavar="VIDEO_OR_FOLDER", help="Normal life before this camera.", show_default=False),
    ] = None,
    zones: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Named parts of the picture.", show_default=False),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            min=0.001, metavar="N", help="Imports: frames a second, where rows number frames.", show_default=False
        ),
    ] = None,
    video: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Imports: only this video.", show_default=False),
    ] = None,
) -> int:
    """Keep what the tools see of a video, for `panda investigate --recording`; or import the captions of others."""
    from panda_agent.cli.inputs import existing

    existing([source])
    if source.name.endswith((".jsonl", ".jsonl.gz")):
        from panda_agent.cli.imports import import_captions

        return import_captions(source, out, fps, video)
    from panda_agent.cli.recording import record_video

    return record_video(source, out, normal or [], zones)
