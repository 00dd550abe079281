"""Captions of others become recordings, one file a video."""

from __future__ import annotations

import re
from pathlib import Path

from panda_agent.cli.output import say
from panda_agent.errors import UserError
from panda_agent.importers import as_recording, read_captions
from panda_agent.memory.recording import write_recording


def import_captions(source: Path, out: Path, fps: float | None, video: str | None) -> int:
    """Write one recording a video into the folder `out`; of one video by name, into the file `out`."""
    found = read_captions(source, fps)
    chosen = found if video is None else [one for one in found if one.video == video]
    if not chosen:
        names = ", ".join(one.video for one in found[:5])
        raise UserError(f"{source.name} tells of no video {video!r}.", hint=f"It tells of {len(found)}: {names} …")
    for one in chosen:
        path = out if video is not None else out / f"{_safe(one.video)}.rec"
        write_recording(path, *as_recording(one, fps, source.name))
    say(f"{len(chosen)} recording{'s' if len(chosen) != 1 else ''} in {out}")
    return 0


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "video"
