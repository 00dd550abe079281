"""Passes that run at the same time: all of them, or none, and the first failure is the one that is told."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

import pytest

from panda_agent.errors import CasePaused, UserError
from panda_agent.nodes.together import run_together
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope

NAME: ContextVar[str] = ContextVar("NAME", default="none")


def scope(tmp_path, **given) -> Scope:
    return Scope(None, Settings(home=tmp_path), tmp_path, **given)


def test_they_run_at_the_same_time(tmp_path):
    meeting = threading.Barrier(2, timeout=10)
    run_together([lambda _: meeting.wait(), lambda _: meeting.wait()], scope(tmp_path))


def test_one_alone_runs_in_the_callers_thread(tmp_path):
    found = []
    run_together([lambda _: found.append(threading.current_thread())], scope(tmp_path))
    assert found == [threading.current_thread()]


def test_where_one_fails_the_others_stop_and_its_error_is_told(tmp_path):
    stopped = threading.Event()

    def fails(_: Scope) -> None:
        raise UserError("broken weights")

    def goes_on(given: Scope) -> None:
        try:
            while True:
                given.check()
                time.sleep(0.01)
        finally:
            stopped.set()

    with pytest.raises(UserError, match="broken weights"):
        run_together([goes_on, fails], scope(tmp_path))
    assert stopped.is_set()


def test_a_pause_stops_all(tmp_path):
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 0.1:
            raise CasePaused("paused")

    def works(given: Scope) -> None:
        while True:
            given.check()
            time.sleep(0.01)

    with pytest.raises(CasePaused):
        run_together([works, works, works], scope(tmp_path, check=check))


def test_progress_is_that_of_the_slowest(tmp_path):
    told: list[float] = []
    turn = [threading.Event(), threading.Event()]

    def slow(given: Scope) -> None:
        given.progress(1.0, 10.0)
        turn[0].set()
        turn[1].wait(10)

    def quick(given: Scope) -> None:
        turn[0].wait(10)
        given.progress(8.0, 10.0)
        turn[1].set()

    run_together([slow, quick], scope(tmp_path, progress=lambda done, total: told.append(done)))
    assert told == [1.0, 1.0]


def test_they_see_the_callers_context(tmp_path):
    seen = []
    NAME.set("of the case")
    run_together([lambda _: seen.append(NAME.get())] * 2, scope(tmp_path))
    assert seen == ["of the case"] * 2
