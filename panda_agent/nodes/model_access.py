"""The model as a case uses it: opened at the first question, closed with the case."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from panda_agent.backends import OpenAIBackend
from panda_agent.backends.calls import ModelCalls
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.protocol import Profile
from panda_agent.errors import NoVision, Unreachable
from panda_agent.memory.case_store import CaseStore
from panda_agent.settings import ModelSettings, Settings

AGAIN = 60.0
"""Seconds after which an endpoint that was away is tried again."""
NOTE = "profile"
"""Note of the case: what was known of the model."""


class ModelAccess:
    """Opens the calls of one case when they are first needed.

    Args:
        settings: Of the case.
        store: The case: it keeps what was known of the model when it was first asked, so that a resumed case asks the
            same, whatever was learnt since.
        check: Raises where the case is to stop.
    """

    def __init__(self, settings: Settings, store: CaseStore, check: Callable[[], None]) -> None:
        self._settings, self._store, self._check = settings, store, check
        self._lock = threading.Lock()
        self._open: tuple[ModelCalls, Ledger] | None = None
        self._away: tuple[float, Unreachable] | None = None
        """When it was last found to be away, and how."""

    def calls(self, *, words_alone: bool = False) -> ModelCalls:
        """The calls of the case.

        Args:
            words_alone: A model that sees nothing will do.

        Raises:
            NoVision: The model did not read the test card.
            BackendError: The endpoint can't be asked.
            UserError: It serves several models, and none is named.
        """
        with self._lock:
            if self._open is None:
                self._open = self._opened_soon()
            calls = self._open[0]
        if not (calls.sees or words_alone):
            name = Profile.model_validate(self._store.note(NOTE)).model
            raise NoVision(
                f"The model {name!r} did not read the test card: it sees no pictures.",
                hint="Set model.name to one that does, or use --tier weights.",
            )
        return calls

    def _opened_soon(self) -> tuple[ModelCalls, Ledger]:
        """Open the calls; where nobody was there a moment ago, don't wait for them again at each stage of the case.

        Raises:
            Unreachable: Nobody is there.
        """
        if self._away is not None and time.monotonic() - self._away[0] < AGAIN:
            raise self._away[1]
        try:
            return self._opened()
        except Unreachable as error:
            self._away = time.monotonic(), error
            raise

    def close(self) -> None:
        """Cut off what is under way and close ledger and connections."""
        with self._lock:
            if self._open is not None:
                calls, ledger = self._open
                calls.close()
                self._keep_learnt(calls)
                ledger.close()
                self._open = None

    def _opened(self) -> tuple[ModelCalls, Ledger]:
        wish, profile = self._settings.model, self._profile()
        backend = OpenAIBackend(wish.model_copy(update={"name": profile.model}), profile)
        ledger = Ledger.of(self._settings.root)
        calls = ModelCalls(
            backend, ledger, self._store.record.case_id, wish, self._settings.budget, profile, self._check
        )
        return calls, ledger

    def _profile(self) -> Profile:
        kept = self._store.note(NOTE)
        if kept is not None:
            return Profile.model_validate(kept)
        # A thread of its own: the caller's may run an event loop, and a client must not change its loop.
        with ThreadPoolExecutor(1, thread_name_prefix="panda-probe") as pool:
            profile = pool.submit(asyncio.run, _profile(self._settings.model, self._settings.root)).result()
        self._store.put_note(NOTE, profile.model_dump(mode="json"))
        return profile

    def _keep_learnt(self, calls: ModelCalls) -> None:
        if calls.learnt:
            from panda_agent.backends.profile import amend

            amend(self._settings.root, Profile.model_validate(self._store.note(NOTE)), **calls.learnt)


async def _profile(settings: ModelSettings, home: Path) -> Profile:
    from panda_agent.backends.profile import profile_of

    backend = OpenAIBackend(settings)
    try:
        return await profile_of(backend, home)
    finally:
        await backend.close()
