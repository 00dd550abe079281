"""Moments of a run at which it can be killed.

A tick is one moment of one category, e.g. `act: in transaction`. The n-th tick of a category is the same moment in
every run, so a run that only counts shows where later runs can be killed.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from panda_agent import database, graph
from panda_agent.memory.normality import NormalityMemory
from panda_agent.memory.record import FILE
from panda_agent.nodes import perceive
from panda_agent.nodes.desk import Case
from panda_agent.reporting import json_files


class Ticks:
    """Counts moments, and at one of them sends its own process a signal.

    Args:
        at: (category, n): the n-th tick of that category, from 1; ("any", n): the n-th of all; None only counts.
        signal: What to send, e.g. SIGKILL.
    """

    def __init__(self, at: tuple[str, int] | None, signal: int) -> None:
        self.at, self.signal = at, signal
        self.where = "open"
        """The step of the case that is under way."""
        self.trail: list[str] = []
        """The category of every tick so far."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, kind: str, where: str | None = None) -> None:
        with self._lock:
            category = f"{where or self.where}: {kind}"
            self.trail.append(category)
            self._counts.update((category, "any"))
            if self.at is not None and self.at in ((category, self._counts[category]), ("any", self._counts["any"])):
                os.kill(os.getpid(), self.signal)
                time.sleep(0.1)  # the signal ends or stops the process before this thread goes on

    def install(self) -> None:
        """Put ticks into the running code of this process, which is a fork that ends after one case."""
        self._follow_nodes()
        self._tick_events()
        self._tick_transactions()
        _wrap(Case, "check_pause", before=lambda: self("frame"))  # every tool calls it once a frame
        _wrap(NormalityMemory, "save", before=lambda: self("before memory"), after=lambda: self("after memory"))
        _wrap(perceive, "_file_coverage", before=lambda: self("before coverage"))
        _wrap(
            json_files, "_flush", before=lambda: self("file written", "files"), after=lambda: self("flushed", "files")
        )
        _wrap(json_files, "replace_atomic", after=lambda: self("renamed", "files"))
        for name in ("aput", "aput_writes"):
            self._tick_checkpoints(name)

    def _follow_nodes(self) -> None:
        bind = graph._bind

        def follow(node: Any, desk: Any) -> Any:
            step = bind(node, desk)

            def run(state: Any) -> Any:
                self.where = node.__name__
                return step(state)

            return run

        graph._bind = follow

    def _tick_events(self) -> None:
        writer = graph.get_stream_writer

        def ticking() -> Callable[[Any], None]:
            write = writer()

            def emit(event: Any) -> None:
                self("event")
                write(event)

            return emit

        graph.get_stream_writer = ticking

    def _tick_transactions(self) -> None:
        """Of the case database, not of LangGraph's."""
        writing = database.Database.writing

        @contextmanager
        def ticking(db: database.Database) -> Any:
            if db.path.name != FILE:
                with writing(db) as connection:
                    yield connection
                return
            self("before transaction")
            with writing(db) as connection:
                yield connection
                self("in transaction")
            self("after transaction")

        database.Database.writing = ticking

    def _tick_checkpoints(self, name: str) -> None:
        put = getattr(AsyncSqliteSaver, name)

        async def ticking(saver: Any, *args: Any, **kwargs: Any) -> Any:
            self(f"before {name}", "checkpoint")
            result = await put(saver, *args, **kwargs)
            self(f"after {name}", "checkpoint")
            return result

        setattr(AsyncSqliteSaver, name, ticking)


def _wrap(
    owner: Any, name: str, *, before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None
) -> None:
    call = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before()
        result = call(*args, **kwargs)
        after()
        return result

    setattr(owner, name, wrapped)
