"""Videos are worked in processes of their own, as many at a time as was asked for; one of them is no exception."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from panda_agent.errors import PandaError
from panda_agent.evaluation.result import Result
from panda_agent.evaluation.sources import Task
from panda_agent.settings import Settings


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


def work_all(tasks: Sequence[Task], settings: Settings, workers: int) -> Iterator[Done]:
    """Work each video, the longest first; what is done is yielded as it comes.

    The first is worked alone where normal videos are given: what is learnt from them is learnt once.

    Raises:
        PandaError: A process was killed; what was done before is not lost.
    """
    queue = sorted(tasks, key=lambda task: -task.size)
    alone = 1 if queue and queue[0].normal else 0
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")  # a fork would copy threads of OpenCV in whatever state they are
    pool = ProcessPoolExecutor(max(1, workers), mp_context=context, initializer=_attend)
    try:
        for some in (queue[:alone], queue[alone:]):
            yield from _finished([pool.submit(_done, task, settings) for task in some])
    except BrokenProcessPool as error:
        raise PandaError(
            "A process that worked on a video was killed; is there memory enough?",
            hint="Run the same command again: it goes on where it was.",
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
            child.join()


def _finished(futures: Iterable[Future[Done]]) -> Iterator[Done]:
    waiting = set(futures)
    while waiting:
        ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in ready)


def _done(task: Task, settings: Settings) -> Done:
    from panda_agent.evaluation.worked import worked

    began = time.process_time()
    try:
        return Done(task.name, worked(task, settings), time.process_time() - began)
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
