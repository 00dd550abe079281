"""One process at a time works on a case."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from panda_agent.errors import StoreError, UserError

FILE = "case.lock"
"""Inside the case folder; holds the process id of whoever works on the case, or did last."""


@contextmanager
def working_on(folder: Path) -> Iterator[None]:
    """Hold a case for the length of a block; the system lets go of it when the process ends, also by kill -9.

    Args:
        folder: The case folder, which exists.

    Raises:
        UserError: Another process holds it, or another run of this one.
        StoreError: The folder can't be written.
    """
    try:
        file = (folder / FILE).open("a+b", buffering=0)
    except OSError as error:
        raise StoreError(
            f"Case {folder.name} can't be worked on: {error.strerror}.", hint="Check who may write to its folder."
        ) from error
    with file:
        if not _locked(file):
            raise UserError(
                f"Case {folder.name} is being worked on by {_holder(file)}.",
                hint="Wait for it to end, or pause it there with Ctrl-C.",
            )
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        yield


def _holder(file: IO[bytes]) -> str:
    file.seek(0)
    pid = file.read(20).decode("ascii", "replace")
    return "another run in this process" if pid == str(os.getpid()) else f"another process (pid {pid or 'unknown'})"


if sys.platform == "win32":
    import msvcrt

    def _locked(file: IO[bytes]) -> bool:
        file.seek(1 << 30)  # a locked byte can't be read, so it must not be one of the process id's
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
