"""Parts the memory tests share: a case, short evidence, and a child process to kill."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_agent.memory.case_store import CaseRecord, CaseStore
from panda_agent.types import Evidence, TimeSpan

Row = Callable[..., Evidence]
Fork = Callable[[Callable[[], None]], int]


@pytest.fixture
def row() -> Row:
    """Make evidence in short form: row("e1", "object 7 runs", start=2, kind="speed", track=7)."""

    def make(id: str, statement: str = "something moves", start: float = 0.0, **given: Any) -> Evidence:
        known = {name: given.pop(name) for name in ("kind", "tool", "region", "score") if name in given}
        end = given.pop("end", start + 1.0)
        filled = {"kind": "track", "tool": "motion@1"} | known
        return Evidence(id=id, span=TimeSpan(start=start, end=end), statement=statement, data=given, **filled)

    return make


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    """An empty case under tmp_path, which is the home."""
    with CaseStore.create(tmp_path / "cases" / "one", CaseRecord(case_id="one", video="walk.mp4")) as opened:
        yield opened


@pytest.fixture
def fork() -> Fork:
    """Run a function in a child process; returns its pid. The child exits 0, or 1 after printing its traceback."""

    def start(work: Callable[[], None]) -> int:
        with warnings.catch_warnings():  # 3.12 warns of forks beside threads; the children here touch files only
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            return pid
        try:
            work()
        except BaseException:  # the child's own boundary: nothing may run on into a second pytest
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
        os._exit(0)

    return start
