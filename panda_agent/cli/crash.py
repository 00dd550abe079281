"""What is left when something breaks that should not: one sentence, and a file with the details."""

from __future__ import annotations

import errno
import platform
import shlex
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from panda_agent.cli.mending import mend_import
from panda_agent.settings import Settings


def describe_crash(error: Exception, args: Sequence[str]) -> str:
    """Say in one line what broke and whose fault it is; the details go into a file."""
    fault = _of_the_machine(error)
    if fault is not None:
        return fault
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"something broke that should not: {what}. This is a defect of panda_agent; {_filed(error, args)}."


def _of_the_machine(error: Exception) -> str | None:
    """One sentence where the machine is at fault, not the program."""
    if isinstance(error, ImportError) and not (error.name or "").startswith("panda_agent"):
        return mend_import(error)
    if isinstance(error, MemoryError):
        return "the machine ran out of memory. Close other programs, or lower perception.max_side."
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, sqlite3.Error) and "disk is full" in str(error)):
        return "the disk is full. Make room, then go on with `panda resume CASE`; `panda cases list` names it."
    return None


def _filed(error: Exception, args: Sequence[str]) -> str:
    for folder in (_logs(), Path(tempfile.gettempdir())):
        path = folder / f"crash-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(_details(error, args), encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue  # the next folder may be writable
        return f"details in {path}"
    return "the details could not be written anywhere"


def _logs() -> Path:
    try:
        return Settings().root / "logs"
    except ValueError:  # wrong settings may be the very thing that broke
        return Path(tempfile.gettempdir())


def _details(error: Exception, args: Sequence[str]) -> str:
    from importlib.metadata import version

    head = (
        f"panda_agent {version('panda-agent')}",
        f"Python {sys.version}",
        platform.platform(),
        f"panda {shlex.join(args)}",
    )
    return "\n".join((*head, "", *traceback.format_exception(error)))
