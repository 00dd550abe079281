"""Ctrl-C and SIGTERM belong to the command line: the first asks the case to pause, the second quits at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """The user stopped the process at a place where there is no case to pause."""


class Drain:
    """Owns the two signals while it is entered."""

    def __init__(self) -> None:
        self.code = 0
        """128 + the signal that came; 0 while none has."""
        self.hint = ""
        """How to go on later; the command sets it as soon as there is something to go on with."""
        self._ask: Callable[[], object] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Drain:
        self._before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        if self.code:  # the process is about to end: another signal must not find what others do with it
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def asking(self, pause: Callable[[], object]) -> Iterator[None]:
        """While inside, the first signal calls `pause` (safe in a signal handler), and work goes on until it heeds it.

        Raises:
            Stopped: A signal came before.
        """
        self._ask = pause
        try:
            if self.code:
                raise Stopped
            yield
        finally:
            self._ask = None

    def stop(self, code: int) -> None:
        """Ask for a pause, now and in whatever is begun later; from any thread."""
        self.code = code
        if self._ask is not None:
            self._ask()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.code:
            quit_at_once(128 + number)
        self.stop(128 + number)
        if self._ask is None:
            raise Stopped


def quit_at_once(code: int) -> None:
    """End the process without waiting for anything; a case can be resumed from its last commit, as after a kill."""
    if sys.stderr.isatty():
        os.write(2, b"\x1b[?25h\r\x1b[2K")  # a progress bar hides the cursor
    os._exit(code)


@contextmanager
def shielded() -> Iterator[None]:
    """Hold the two signals back; a process started inside never sees them, this one does when it is over."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


drain = Drain()
"""The one of this process."""
