"""Work on one case until its verdict, with somebody watching and signals minded."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from functools import partial

from panda_agent.cli.files import keep
from panda_agent.cli.output import say
from panda_agent.cli.signals import drain, quit_at_once
from panda_agent.errors import StoreError
from panda_agent.investigator import Investigator
from panda_agent.memory.case_store import CaseStore, case_folder
from panda_agent.nodes.desk import Case
from panda_agent.types import Event, HumanAsked

Answer = str | dict[str, str]
GRACE = 2.0
"""Seconds that work has to come to a halt after a signal."""


def work(
    investigator: Investigator, case_id: str, watch: Callable[[Event], None], answer: Answer | None = None
) -> HumanAsked | None:
    """Go on with a case to its verdict; the first Ctrl-C or SIGTERM pauses it.

    Args:
        investigator: Runs the case.
        case_id: The case.
        watch: Sees each event.
        answer: What a person says to the question that the case waits for.

    Returns:
        The question that the case waits for now, where there is no verdict yet.

    Raises:
        CasePaused: A signal came; everything found so far is kept.
        UserError: Another process works on it.
        VideoError: The video can't be investigated after all.
    """
    drain.hint = f"Go on with `panda resume {case_id}`."
    began = time.monotonic()
    try:
        return asyncio.run(_follow(investigator, case_id, watch, answer))
    finally:
        with CaseStore.open(case_folder(investigator.desk.settings.root, case_id)) as store:
            keep(store, {}, time.monotonic() - began)


async def _follow(
    investigator: Investigator, case_id: str, watch: Callable[[Event], None], answer: Answer | None
) -> HumanAsked | None:
    case = investigator.desk.case(case_id)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        case.pause.set()
        loop.call_later(GRACE, _give_up, case)
        if sys.stderr.isatty():
            say("pausing; Ctrl-C again quits at once")

    with drain.asking(partial(loop.call_soon_threadsafe, stop)):
        last: Event | None = None
        async with aclosing(investigator.resume(case_id, answer=answer)) as events:
            async for event in events:
                last = event
                watch(event)
    return last if isinstance(last, HumanAsked) else None


def _give_up(case: Case) -> None:
    """Cut off what does not heed the pause, e.g. a library that is being loaded; what was committed is safe."""
    with suppress(StoreError):  # closed already: the pause was on its way
        case.store.set_status("paused")
    say(f"panda: Case {case.id} was paused. {drain.hint}")
    quit_at_once(drain.code)
