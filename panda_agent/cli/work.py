"""Work on one case until its verdict, with somebody watching and signals minded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

from panda_agent.cli.files import keep
from panda_agent.cli.lock import working_on
from panda_agent.cli.signals import drain
from panda_agent.investigator import Investigator
from panda_agent.memory.case_store import CaseStore, case_folder
from panda_agent.types import Event


def work(investigator: Investigator, case_id: str, watch: Callable[[Event], None]) -> None:
    """Go on with a case to its verdict; the first Ctrl-C or SIGTERM pauses it.

    Raises:
        CasePaused: A signal came; everything found so far is kept.
        UserError: Another process works on it.
        VideoError: The video can't be investigated after all.
    """
    folder = case_folder(investigator.desk.settings.root, case_id)
    drain.hint = f"Go on with `panda resume {case_id}`."
    began = time.monotonic()
    with working_on(folder):
        try:
            asyncio.run(_follow(investigator, case_id, watch))
        finally:
            with CaseStore.open(folder) as store:
                keep(store, {}, time.monotonic() - began)


async def _follow(investigator: Investigator, case_id: str, watch: Callable[[Event], None]) -> None:
    pause = investigator.desk.case(case_id).pause
    loop = asyncio.get_running_loop()
    with drain.asking(partial(loop.call_soon_threadsafe, pause.set)):
        async with aclosing(investigator.resume(case_id)) as events:
            async for event in events:
                watch(event)
