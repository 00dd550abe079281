"""The calls of one case, for tools that run in a thread.

They go out side by side, are answered from the ledger where they can be, and keep within the budget (see `purse`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, field
from functools import partial
from sys import maxsize
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from panda_agent.backends import fitting, replies
from panda_agent.backends.ledger import Kept, Ledger, Spent, key_of, request_of
from panda_agent.backends.loop_thread import LoopThread, cut_off
from panda_agent.backends.protocol import Ask, Backend, Profile, Reply
from panda_agent.backends.purse import BudgetSpent, Purse, money_of
from panda_agent.errors import BackendError, BadReply, Overflow, QuotaExhausted, TooManyImages
from panda_agent.settings import BudgetSettings, ModelSettings
from panda_agent.types.time import Model

M = TypeVar("M", bound=Model)
GLANCE = 0.1
"""Seconds between two looks at whether the case is to pause."""
USUAL_TEXT = 6000
"""Characters of a request beside its pictures, about."""


@dataclass(frozen=True)
class Answer(Generic[M]):
    """A reply in the shape that was asked for."""

    value: M
    call_id: str
    """Key of the call in the ledger whose reply this is."""
    reply: Reply
    repaired: bool
    """It was asked for twice: the first reply had another shape."""
    letters: str = ""
    """Of the pictures that were sent, which may be fewer than were to be; a sheet of all of them counts as all."""


Outcome = Answer[M] | BackendError


@dataclass
class _Batch(Generic[M]):
    """Asks that are read together."""

    shape: type[M]
    tasks: dict[str, asyncio.Task[Outcome[M]]] = field(default_factory=dict)
    """By key, in the order of the asks."""
    broken: bool = False
    """One ended in an error that is no outcome, e.g. an empty account: nothing more is to be asked."""

    @property
    def done(self) -> int:
        """How many are settled."""
        return sum(task.done() for task in list(self.tasks.values()))


class ModelCalls:
    """Asks a model for a case. Its methods block; any thread may call them but one that runs an event loop.

    A thread of its own runs the event loop in which the backend lives; it starts with the first ask.

    Args:
        backend: Where to ask; closed with this object.
        ledger: Where calls are kept; not closed.
        case_id: Who asks.
        settings: How many requests may be under way, and what tokens cost.
        budget: How much the case may use, over all its runs.
        profile: What is known of the endpoint.
        check: Raises CasePaused when the case is to stop.
    """

    def __init__(
        self,
        backend: Backend,
        ledger: Ledger,
        case_id: str,
        settings: ModelSettings,
        budget: BudgetSettings,
        profile: Profile,
        check: Callable[[], None],
    ) -> None:
        self._backend, self._ledger, self._case_id, self._check = backend, ledger, case_id, check
        self._settings, self._budget, self._profile = settings, budget, profile
        self._purse = Purse(ledger, case_id, settings, budget, profile)
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._thread = LoopThread()
        self.learnt: dict[str, int] = {}
        """What errors taught of the profile: for later cases, as this one must ask the same when it is resumed."""

    def read(
        self, asks: Sequence[Ask], shape: type[M], progress: Callable[[float, float | None], None] | None = None
    ) -> list[Outcome[M]]:
        """Ask, side by side, and read the replies.

        Args:
            asks: What to ask; where the budget is short, the first ones are asked.
            shape: What the replies are read as.
            progress: Called with (asks settled, asks in all).

        Returns:
            For each ask its answer, or why there is none: `BudgetSpent`, `BadReply`, `Refused` ...

        Raises:
            CasePaused: `check` raised it; what was under way is cut off.
            QuotaExhausted: The account is empty; replies that were still on their way are in the ledger.
            StoreError: The ledger can't be used.
        """
        self._check()
        batch = _Batch(shape)
        outcomes = self._thread.submit(self._outcomes(asks, batch))
        try:
            while not wait([outcomes], GLANCE).done:
                self._check()
                if progress is not None:
                    progress(batch.done, len(asks))
        except BaseException:
            outcomes.cancel()
            self._thread.submit(cut_off(batch.tasks.values())).result()
            raise
        if progress is not None:
            progress(len(asks), len(asks))
        return outcomes.result()

    def spent(self) -> Spent:
        """What the case used so far, over all its runs."""
        return self._ledger.spent(self._case_id)

    def allowance(self, share: float) -> int:
        """A share of the budget of calls, whatever is spent of it: a resumed case plans with the same number."""
        return maxsize if self._budget.calls is None else int(self._budget.calls * share)

    def room(self, reply: int) -> int | None:
        """How many pictures a request may hold; None where nothing is known of the model.

        Args:
            reply: Tokens of the reply, at most.
        """
        from panda_agent.backends.pictures import room_for

        return room_for(self._profile, USUAL_TEXT, reply)

    @property
    def sees(self) -> bool:
        """Whether the model told the test card right."""
        return self._profile.vision

    def close(self) -> None:
        """Cut off what is under way, and close the backend; closing twice is fine."""
        self._thread.close(self._backend.close)

    async def _outcomes(self, asks: Sequence[Ask], batch: _Batch[M]) -> list[Outcome[M]]:
        asks = [fitting.fitted(ask, self._profile) for ask in asks]
        requests = [request_of(self._backend.address, ask) for ask in asks]
        for ask, request in zip(asks, requests, strict=True):
            if key_of(request) not in batch.tasks:
                await self._begin(ask, request, batch)
            if batch.broken:
                break
        if batch.tasks:
            await asyncio.wait(batch.tasks.values())
        keys = map(key_of, requests)
        return [batch.tasks[key].result() for key in keys if key in batch.tasks]  # the first that broke raises

    async def _begin(self, ask: Ask, request: str, batch: _Batch[M]) -> None:
        """Start on an ask as soon as there is a free place, and it is known whether it is within the budget."""
        key, ticket = key_of(request), object()
        await self._slots.acquire()
        task: asyncio.Task[Outcome[M]] | None = None
        try:
            refusal = await self._purse.admit(key, ask, ticket)
            if not batch.broken:
                task = asyncio.create_task(self._outcome(refusal, ask, request, batch.shape))
                task.add_done_callback(partial(self._done, batch, ticket))
                batch.tasks[key] = task
        finally:
            if task is None:
                self._let_go(ticket)

    def _done(self, batch: _Batch[M], ticket: object, task: asyncio.Task[Outcome[M]]) -> None:
        batch.broken |= not task.cancelled() and task.exception() is not None
        self._let_go(ticket)

    def _let_go(self, ticket: object) -> None:
        self._purse.settle(ticket)
        self._slots.release()

    async def _outcome(self, refusal: BudgetSpent | None, ask: Ask, request: str, shape: type[M]) -> Outcome[M]:
        if refusal is not None:
            return refusal
        try:
            return await self._answer(ask, request, shape, fitting.TRIES)
        except QuotaExhausted:
            raise
        except BackendError as error:
            return error

    async def _answer(self, ask: Ask, request: str, shape: type[M], tries: int) -> Answer[M]:
        """Ask, with fewer pictures where the model can't take as many, and read the reply.

        Raises:
            BackendError: There is no reply in that shape.
        """
        try:
            reply = await self._call(ask, request)
        except (Overflow, TooManyImages) as error:
            self._learn(error)
            less = fitting.smaller(ask, error) if tries else None
            if less is None:
                raise
            return await self._answer(less, request_of(self._backend.address, less), shape, tries - 1)
        try:
            value = replies.read(reply.text, shape)
            return Answer(value, key_of(request), reply, repaired=False, letters=_letters(ask))
        except BadReply as problem:
            return await self._mended(ask, reply, problem, shape)

    def _learn(self, error: Overflow | TooManyImages) -> None:
        field = "context" if isinstance(error, Overflow) else "max_images"
        if error.limit is not None:
            self.learnt[field] = min(error.limit, self.learnt.get(field, error.limit))

    async def _mended(self, ask: Ask, reply: Reply, problem: BadReply, shape: type[M]) -> Answer[M]:
        """Ask once more for the right shape, where the budget has room for it.

        Raises:
            BadReply: It has none again, or was not asked.
            BackendError: The second call failed.
        """
        second = replies.repair_ask(ask, reply, problem)
        request = request_of(self._backend.address, second)
        if self._purse.refusal(key_of(request)) is not None:
            raise problem
        mended = await self._call(second, request, repair=True)
        value = replies.read(mended.text, shape)
        return Answer(value, key_of(request), mended, repaired=True, letters=_letters(ask))

    async def _call(self, ask: Ask, request: str, *, repair: bool = False) -> Reply:
        """The reply of the ledger, else of the endpoint; of equal calls at the same time one is sent."""
        key = key_of(request)
        async with self._turns.setdefault(key, asyncio.Lock()):
            kept = self._ledger.begin(self._case_id, request, repair=repair)
            if kept is None:
                kept = await self._sent(ask, key)
        if isinstance(kept, BackendError):
            raise kept
        return kept

    async def _sent(self, ask: Ask, key: str) -> Kept:
        began = time.perf_counter()
        try:
            reply = await self._backend.complete(ask)
        except BackendError as error:
            kept = self._ledger.keep_failure(key, error, seconds=time.perf_counter() - began)
            if kept is None:
                raise
            return kept
        money = money_of(self._settings, reply.tokens_in, reply.tokens_out)
        return self._ledger.keep_reply(key, reply, money=money, seconds=time.perf_counter() - began)


def _letters(ask: Ask) -> str:
    return "" if fitting.ON_A_SHEET in ask.text else "".join(picture.letter for picture in ask.pictures)
