"""Videos are worked in processes of their own, as many at a time as was asked for; one of them is no exception."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from panda_agent.errors import PandaError
from panda_agent.evaluation.result import Result
from panda_agent.evaluation.sources import Task
from panda_agent.settings import Settings
from panda_agent.types import Verdict

Keep = Callable[[str, Verdict], None]
"""Given each video's name and verdict in the process that worked it, before it counts as done; can be pickled."""


@dataclass(frozen=True)
class Done:
    """What came of one video."""

    name: str
    result: Result | None
    """None where it failed."""
    seconds: float
    """Of processor time."""
    why: str = ""
    """Why there is no result."""


class Workers:
    """Processes that are started with the first video and kept for the next run; to be used in a `with`.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._count = max(1, count)
        self._pool: ProcessPoolExecutor | None = None
        self._before = set(multiprocessing.active_children())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def work_all(self, tasks: Sequence[Task], settings: Settings, keep: Keep | None = None) -> Iterator[Done]:
        """Work each video, the longest first; what is done is yielded as it comes.

        The first is worked alone where normal videos are given: what is learnt from them is learnt once.

        Raises:
            PandaError: A process was killed; what was done before is not lost.
        """
        queue = sorted(tasks, key=lambda task: -task.size)
        alone = 1 if queue and queue[0].normal else 0
        try:
            for some in (queue[:alone], queue[alone:]):
                yield from _finished([self._open().submit(_done, task, settings, keep) for task in some])
        except BrokenProcessPool as error:
            self._close()
            raise PandaError(
                "A process that worked on a video was killed; is there memory enough?",
                hint="Run the same command again: it goes on where it was.",
            ) from error

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork would copy threads of OpenCV in any state
            self._pool = ProcessPoolExecutor(self._count, mp_context=context, initializer=_attend)
        return self._pool

    def _close(self) -> None:
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - self._before:
            child.kill()
            child.join()
        pool.shutdown(wait=True)  # else its thread outlives it, and complains when the interpreter ends


@contextmanager
def staff(workers: int | Workers) -> Iterator[Workers]:
    """So many processes for one run, or those of somebody who has more to do with them."""
    if isinstance(workers, Workers):
        yield workers
    else:
        with Workers(workers) as own:
            yield own


def _finished(futures: Iterable[Future[Done]]) -> Iterator[Done]:
    waiting = set(futures)
    try:
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in ready)
    finally:
        for future in waiting:
            future.cancel()


def _done(task: Task, settings: Settings, keep: Keep | None) -> Done:
    from panda_agent.evaluation.worked import worked

    began = time.process_time()
    try:
        return Done(task.name, worked(task, settings, keep), time.process_time() - began)
    except PandaError as error:
        return Done(task.name, None, time.process_time() - began, str(error))
    except Exception:  # a process boundary: the other videos go on, and this one is listed
        return Done(task.name, None, time.process_time() - began, traceback.format_exc(limit=-3).strip())


def _attend() -> None:
    """In a worker: Ctrl-C is the parent's to mind, and without a parent there is nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def leave() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
