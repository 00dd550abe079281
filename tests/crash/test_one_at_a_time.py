"""One process at a time works on a case, and nobody else has to wait to look at it."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import signal
import threading
from contextlib import aclosing

import numpy as np
import pytest

from panda_agent import Investigator, graph
from panda_agent.errors import StoreError, UserError
from panda_agent.memory.case_store import CaseStore, list_cases
from panda_agent.memory.lock import working_on
from panda_agent.settings import load_settings
from panda_agent.tools.observe_motion import ObserveMotion


@pytest.mark.crash
@pytest.mark.timeout(120)
@pytest.mark.parametrize("at", [("act: in transaction", 1), ("checkpoint: before aput", 9)])
def test_two_processes_resume_one_case(harness, look_into, at):
    """The first stops in the middle, as it is writing; it can be looked at, but not be joined."""
    folder = harness.folder(f"busy-{at[0][:3]}")
    first = harness.run(folder, at, send=signal.SIGSTOP)
    assert first.code is None, first.log
    try:
        second = harness.run(folder)
        assert second.code == UserError.exit_code
        assert f"UserError: Case {folder.name} is being worked on by another process (pid {first.pid})" in second.log
        assert [record.status for record in list_cases(folder / "home")] == ["open"]
        with CaseStore.open(folder / "home" / "cases" / folder.name) as store:
            assert store.evidence()
            assert store.log_rows()
    finally:
        harness.kill(first.pid)
    third = harness.run(folder)
    assert third.code == 0, third.log
    assert look_into(folder)["status"] == "finished"


def test_a_lock_is_held_once_and_let_go(tmp_path):
    with working_on(tmp_path):
        assert (tmp_path / "case.lock").read_text() == str(os.getpid())
        with pytest.raises(UserError, match="is being worked on by another run in this process"), working_on(tmp_path):
            pass
    with working_on(tmp_path):
        pass
    with pytest.raises(StoreError, match="can't be worked on: No such file"), working_on(tmp_path / "gone"):
        pass


class Blind:
    """Sees nothing, and so needs no torch."""

    spec = ObserveMotion.spec

    def run(self, scope):
        for frame in scope.reader.frames():
            scope.check()
            scope.progress(frame.time, None)
        yield from ()


def frames():
    for i in range(20):
        yield i / 4, np.full((48, 64, 3), 9 * i, np.uint8)


@pytest.fixture
def investigator():
    return Investigator(load_settings(), tools=[Blind()])


def test_a_second_run_in_the_same_process_does_not_disturb_the_first(investigator):
    async def both():
        case_id = investigator.open(frames(), case_id="twice")
        async with aclosing(investigator.resume(case_id)) as first:
            await anext(first)
            with pytest.raises(UserError, match="another run in this process"):
                await anext(investigator.resume(case_id))
            return [event.type async for event in first]

    assert asyncio.run(both())[-1] == "verdict_reached"


def test_a_case_that_was_left_is_paused_and_one_that_goes_on_is_open(investigator, home):
    def statuses():
        return [record.status for record in list_cases(home)]

    async def leave_and_go_on():
        case_id = investigator.open(frames(), case_id="left")
        async with aclosing(investigator.resume(case_id)) as events:
            async for event in events:
                if event.type == "planned":
                    break
        seen = statuses()
        async with aclosing(investigator.resume(case_id)) as events:
            await anext(events)
            seen += statuses()
            async for event in events:
                if event.type == "verdict_reached":
                    break  # whoever has the verdict may leave
        return seen + statuses()

    assert asyncio.run(leave_and_go_on()) == ["paused", "open", "finished"]


@pytest.mark.parametrize("upto", ["case_opened", "progress", "planned", "judged", "verdict_reached"])
def test_a_stream_that_is_dropped_is_quiet_and_leaves_nothing_open(investigator, home, caplog, upto):
    """No aclose(): the loop itself must clear up, without complaints of ours in its log, or warnings (errors here)."""

    async def drop():
        async for event in investigator.stream(frames(), case_id="dropped"):
            if event.type == upto:
                break

    asyncio.run(drop())
    gc.collect()
    assert caplog.text == ""
    with working_on(home / "cases/dropped"):
        assert not list((home / "cases/dropped").glob("*.part"))
    assert asyncio.run(_types(investigator.resume("dropped", frames())))[-1] == "verdict_reached"


def test_a_step_that_is_cut_off_while_it_chooses_the_next_is_made_again(investigator, monkeypatch):
    choosing, go_on = threading.Event(), threading.Event()
    choose = graph.more_clips

    @functools.wraps(choose)
    def slow(state):
        choosing.set()
        assert go_on.wait(60)
        return choose(state)

    async def leave():
        monkeypatch.setattr(graph, "more_clips", slow)
        events = investigator.stream(frames(), case_id="cut")
        while (await anext(events)).type != "planned":
            pass
        assert await asyncio.to_thread(choosing.wait, 60)
        await events.aclose()
        go_on.set()

    asyncio.run(leave())
    monkeypatch.undo()
    assert asyncio.run(_types(investigator.resume("cut")))[0] == "planned"
    assert asyncio.run(_types(investigator.resume("cut"))) == ["verdict_reached"]


async def _types(events):
    return [event.type async for event in events]
