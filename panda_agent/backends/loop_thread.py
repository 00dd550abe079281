"""A thread that runs an event loop, for code that must not run one itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

from panda_agent.errors import BackendError

T = TypeVar("T")


class LoopThread:
    """A thread that runs an event loop, from the first piece of work on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin a piece of work.

        Raises:
            BackendError: It was closed.
        """
        with self._lock:
            if self._closed:
                work.close()
                raise BackendError("The model is not asked any more: its calls were closed.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="model calls", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_forever()
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cut off all work, do a last piece, and end the thread."""
        if self._closed:
            return
        try:
            self.submit(_close(last)).result()
        finally:
            with self._lock:
                self._closed = True
            if self._loop is not None and self._thread is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()


async def cut_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they are gone."""
    some = list(tasks)
    for task in some:
        task.cancel()
    await asyncio.gather(*some, return_exceptions=True)


async def _close(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await cut_off(asyncio.all_tasks() - {asyncio.current_task()})
    await last()
