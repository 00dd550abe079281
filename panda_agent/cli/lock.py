"""One process at a time works on a case."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from panda_agent.errors import UserError


@contextmanager
def working_on(folder: Path) -> Iterator[None]:
    """Hold the lock of a case folder; the system frees it whenever the process ends, also by kill -9.

    Raises:
        UserError: Another process works on the case.
    """
    with (folder / "lock").open("ab") as file:
        if not _locked(file):
            raise UserError(
                f"Another process works on case {folder.name} right now.", hint="Wait for it, or stop it with Ctrl-C."
            )
        yield


def _locked(file: IO[bytes]) -> bool:
    if sys.platform == "win32":  # no flock there; two processes on one case only repeat each other's work
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
