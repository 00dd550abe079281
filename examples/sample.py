"""The video that an example looks at when the command line names none: a rendered street with a cyclist in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from examples.demo_scenes import render

SAMPLE = Path("out/demo/cyclist_0007.mp4")


def video_of(arguments: Sequence[str]) -> str:
    """The first argument; without one, the path of a scene that is rendered once and kept."""
    if arguments:
        return arguments[0]
    if not SAMPLE.exists():
        SAMPLE.parent.mkdir(parents=True, exist_ok=True)
        unfinished = SAMPLE.with_suffix(".part")
        render("cyclist", 7, unfinished)
        unfinished.replace(SAMPLE)
    return str(SAMPLE)
