"""Worker processes for many videos: one that dies takes only its own video with it.

The parent and each worker share a pipe. A job goes down, steps and one outcome come up; None, or the end of the pipe
because the parent died, means: pause and leave.
"""

from __future__ import annotations

import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from panda_agent.cli.files import Delivered
from panda_agent.cli.order import WATCHING, Order
from panda_agent.cli.signals import Stopped, drain, shielded
from panda_agent.errors import CasePaused, PandaError
from panda_agent.types import Event, Progress

POLL = 0.2
"""Seconds between looks at whether a signal came."""


@dataclass(frozen=True)
class Job:
    """One video of many."""

    number: int
    name: str
    """How the video is called on the screen and in the summary."""
    video: Path
    order: Order


@dataclass(frozen=True)
class Outcome:
    """What came of a job."""

    job: Job
    code: int
    """Exit code of this video."""
    case_id: str | None = None
    done: Delivered | None = None
    error: str | None = None
    """Why there is no verdict."""
    hint: str | None = None
    """What to do about it."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: Job


def run_jobs(jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Progress | Outcome]]:
    """Work the jobs off in `workers` processes; yield steps as they are made, and one outcome a job.

    After a signal the running cases are paused, and no further one is begun.
    """
    waiting = deque(jobs)
    busy: list[_Worker] = []
    idle: list[_Worker] = []
    told = False
    # What is normal is learnt once: until the first worker is past that, it works alone.
    at_once = 1 if jobs[0].order.request["normal"] else workers
    try:
        while busy or waiting:
            if drain.code and not told:
                told = True
                yield from _not_begun(waiting)
                _dismiss(busy)
            while waiting and len(busy) < at_once:
                busy.append(_put_to_work(idle, waiting.popleft()))
            for worker in _ready(busy):
                message = _receive(worker)
                yield worker.job, message
                if isinstance(message, Progress) and message.step == WATCHING:
                    at_once = workers
                if isinstance(message, Outcome):
                    busy.remove(worker)
                    idle.append(worker)
    finally:
        _dismiss([*busy, *idle])


def _not_begun(waiting: deque[Job]) -> Iterator[tuple[Job, Outcome]]:
    while waiting:
        job = waiting.popleft()
        yield job, Outcome(job, drain.code, error="Not begun.")


def _dismiss(workers: Sequence[_Worker]) -> None:
    """Let workers pause what they do and leave; nobody waits for them here."""
    for worker in workers:
        try:
            worker.pipe.send(None)
        except OSError:  # it left, or died, before
            continue


def _put_to_work(idle: list[_Worker], job: Job) -> _Worker:
    while idle:
        worker = replace(idle.pop(), job=job)
        try:
            worker.pipe.send(job)
        except OSError:  # it died meanwhile
            continue
        return worker
    context = get_context("spawn")  # a fork would copy the threads of OpenCV and torch in whatever state they are in
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), name="panda-worker")
    with shielded():  # Ctrl-C reaches all processes of a terminal, but only the parent says what to do
        process.start()
    theirs.close()  # so that its death ends the pipe
    ours.send(job)
    return _Worker(process, ours, job)


def _ready(busy: Sequence[_Worker]) -> list[_Worker]:
    ends = wait([worker.pipe for worker in busy], timeout=POLL)
    return [worker for worker in busy if worker.pipe in ends]


def _receive(worker: _Worker) -> Progress | Outcome:
    try:
        message: Progress | Outcome = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join()
        how = (
            f"was killed by signal {-code}" if (code := worker.process.exitcode or 0) < 0 else f"ended with code {code}"
        )
        return Outcome(
            worker.job,
            PandaError.exit_code,
            error=f"The process that worked on it {how}.",
            hint="Is there memory enough? `panda cases list` names its case.",
        )
    return message


def serve(pipe: Connection) -> None:
    """Work off the jobs that come through a pipe; the life of a worker process."""
    for number in (signal.SIGINT, signal.SIGTERM):  # for where there is no shield, see `shielded`
        signal.signal(number, signal.SIG_IGN)
    inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, inbox), daemon=True).start()
    try:
        while (job := inbox.get()) is not None:
            pipe.send(do(job, pipe.send))
    except BrokenPipeError:  # the parent is gone; what was committed can be resumed
        return


def _listen(pipe: Connection, inbox: queue.SimpleQueue[Job | None]) -> None:
    job: Job | None = None
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            job = None
        inbox.put(job)
        if job is None:
            drain.stop(128 + signal.SIGTERM)
            return


def do(job: Job, tell: Callable[[Progress], object]) -> Outcome:
    """Investigate one video of many, and say what came of it."""
    from panda_agent.cli.files import deliver
    from panda_agent.cli.one import open_case
    from panda_agent.cli.work import work
    from panda_agent.investigator import Investigator

    def watch(event: Event) -> None:
        if isinstance(event, Progress):
            tell(event)

    case_id: str | None = None
    try:
        investigator = Investigator(job.order.settings)
        case_id = open_case(investigator, job.video, None, job.order)
        work(investigator, case_id, watch)
        done = deliver(job.order.settings.root, case_id, {})
    except (CasePaused, Stopped):
        return Outcome(job, drain.code, case_id, error="Paused.", hint=drain.hint)
    except PandaError as error:
        return Outcome(job, error.exit_code, case_id, error=error.message, hint=error.hint)
    except Exception as error:  # a process boundary: the other videos go on
        from panda_agent.cli.crash import describe_crash

        return Outcome(job, PandaError.exit_code, case_id, error=describe_crash(error, [str(job.video)]))
    return Outcome(job, job.order.code_of(done.verdict), case_id, done)
