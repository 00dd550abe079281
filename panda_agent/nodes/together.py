"""Passes that run at the same time: a network on one core, the motion filters on the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import replace

from panda_agent.tools.base import Scope


class _Halted(Exception):
    """Another pass failed, so this one stops."""


def run_together(passes: Sequence[Callable[[Scope], None]], scope: Scope) -> None:
    """Run passes to their end, each in a thread of its own; where one fails the others stop at their next check.

    Args:
        passes: Each takes the scope that it shall use.
        scope: What they look at; its `progress` need not bear several threads.

    Raises:
        Exception: Whatever the first pass that failed raised.
    """
    if len(passes) == 1:
        passes[0](scope)
        return
    halted = threading.Event()
    shared = replace(scope, check=_either(scope.check, halted), progress=_one_at_a_time(scope.progress))
    with ThreadPoolExecutor(len(passes), thread_name_prefix="panda-pass") as pool:
        running = [pool.submit(copy_context().run, one, shared) for one in passes]
        wait(running, return_when=FIRST_EXCEPTION)
        if any(one.done() and one.exception() is not None for one in running):
            halted.set()
    failures = [error for one in running if (error := one.exception()) is not None and not isinstance(error, _Halted)]
    if failures:
        raise failures[0]


def _either(check: Callable[[], None], halted: threading.Event) -> Callable[[], None]:
    def checked() -> None:
        if halted.is_set():
            raise _Halted
        check()

    return checked


def _one_at_a_time(
    progress: Callable[[float, float | None], None],
) -> Callable[[float, float | None], None]:
    lock = threading.Lock()
    slowest: dict[int, float] = {}

    def report(done: float, total: float | None) -> None:
        """How far the slowest has come."""
        with lock:
            slowest[threading.get_ident()] = done
            progress(min(slowest.values()), total)

    return report
