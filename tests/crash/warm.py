"""A process that has everything imported and nothing running; it forks one child for each order.

Orders come as lines of JSON on stdin; a line of JSON on stdout says what became of the child. It is a program of its
own because pytest may have threads, and a fork beside threads is not safe.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import agent_case
import calls_case
import case
import faiss  # noqa: F401
import mutations
import openai.resources.chat  # noqa: F401
import ticks

from panda_agent import Investigator
from panda_agent.cli.files import deliver
from panda_agent.errors import CaseNotFound, PandaError, UserError
from panda_agent.perception.tracks import MotionTracker
from panda_agent.reporting import csv_files, html, media, video  # noqa: F401
from panda_agent.types import Event, Verdict, VerdictReached

DEADLINE = 60
"""Seconds after which a child counts as hung, and SIGALRM ends it."""
ASKING = {"tools": calls_case, "agent": agent_case}
"""Cases that ask a model: its tools alone, or every stage."""


def main() -> None:
    MotionTracker(case.RATE, Path(sys.argv[1]) / "ultralytics")  # imports torch and ultralytics
    if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:
        raise SystemExit("a thread runs before the fork")
    for line in sys.stdin:
        print(json.dumps(_obey(json.loads(line))), flush=True)


def _obey(order: dict[str, Any]) -> dict[str, Any]:
    if "kill" in order:
        os.kill(order["kill"], signal.SIGKILL)
        return _state(order["kill"], 0)
    pid = os.fork()
    if pid == 0:
        signal.alarm(DEADLINE)
        _child(order)
    return _state(pid, os.WUNTRACED)


def _state(pid: int, options: int) -> dict[str, Any]:
    """Wait until a child ended, or stopped itself."""
    _, status = os.waitpid(pid, options)
    return {"pid": pid, "code": None if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)}


def _child(order: dict[str, Any]) -> None:
    """Do as ordered; never returns."""
    folder = Path(order["folder"])
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(descriptor, target)
    code = 1
    try:
        case.write(folder) if order.get("render") else _run(folder, order)
        code = 0
    except PandaError as error:  # as the command line does it
        print(f"{type(error).__name__}: {error}")
        code = error.exit_code
    except BaseException:  # the child's own boundary: nothing may go on into a second server
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _run(folder: Path, order: dict[str, Any]) -> None:
    """What `panda investigate`, or `panda resume` after it, does: work on the case, then write its files."""
    tick = ticks.Ticks(tuple(order["at"]) if order["at"] else None, order["signal"])
    tick.install()
    if order["mutation"]:
        mutations.MUTATIONS[order["mutation"]]()
    if order["model"] is None:
        inv = case.investigator(folder)
    else:
        calls_case.tick_calls(tick)
        kind, url, concurrency = order["model"]
        inv = ASKING[kind].investigator(folder, url, concurrency)
    asyncio.run(_verdict(inv, folder, from_frames=order["frames"]))
    deliver(folder / "home", folder.name, {"out": str(folder / "out")})
    (folder / "trail.json").write_text(json.dumps(tick.trail))


async def _verdict(inv: Investigator, folder: Path, *, from_frames: bool) -> Verdict:
    """Take the case up if it is there, else open it; frames are given again where they are asked for."""
    try:
        return await _last(inv.resume(folder.name))
    except CaseNotFound:
        source = case.frames() if from_frames else folder / case.VIDEO
        inv.open(source, case_id=folder.name, question="Was there a visit?", normal=[folder / case.NORMAL])
        return await _last(inv.resume(folder.name))
    except UserError:
        if not from_frames:
            raise
        return await _last(inv.resume(folder.name, case.frames()))


async def _last(events: AsyncGenerator[Event, None]) -> Verdict:
    """The verdict, after the last event: who leaves at the verdict cuts the last checkpoint off, or not, by chance."""
    verdict: Verdict | None = None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, VerdictReached):
                verdict = event.verdict
    assert verdict is not None, "the case ended without a verdict"
    return verdict


main()
