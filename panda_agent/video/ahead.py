"""Reading ahead: decoding goes on in a thread of its own while the last frame is being looked at."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import closing
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class _End:
    """The generator ended, of itself or with an error."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Generator[T, None, None], depth: int) -> Generator[T, None, None]:
    """Run a generator in a thread, up to `depth` items ahead; items, their order and errors stay the same.

    Closing or dropping the result closes `items` and ends the thread before it returns.
    """
    ready: SimpleQueue[T | _End] = SimpleQueue()
    free = threading.Semaphore(depth)
    stopped = threading.Event()

    def fill() -> None:
        try:
            with closing(items):
                for item in items:
                    ready.put(item)
                    free.acquire()
                    if stopped.is_set():
                        break
            ready.put(_End())
        except BaseException as error:  # a thread's boundary: whatever it is, it is raised where the items are taken
            ready.put(_End(error))

    worker = threading.Thread(target=fill, name="panda-video", daemon=True)
    worker.start()
    try:
        while not isinstance(item := ready.get(), _End):
            free.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        free.release()
        if not sys.is_finalizing():  # the interpreter has stopped daemon threads by then
            worker.join()
