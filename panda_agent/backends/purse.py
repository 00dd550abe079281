"""What a case may still ask of a model: the budget of calls, tokens and money, whatever the order of the replies.

What is over the budget depends on the order of the asks and not on which reply comes first. An ask is let through
while others are under way only where all of them, at their longest, stay within the budget together; else it waits
until every earlier one is settled, and what is then spent decides. So at most one call goes over it, and a case that
was killed and resumed decides the same: what it asked before is let through, and the rest meets the same sums.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from panda_agent.backends import fitting
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.protocol import Ask, Profile
from panda_agent.errors import BackendError
from panda_agent.settings import BudgetSettings, ModelSettings

PICTURE_TOKENS = 4096
"""Tokens of one picture, at most, where the profile does not know of more."""
FRAME_TOKENS = 500
"""Tokens, at most, that an endpoint wraps around a request."""
REPAIR_TOKENS = 1500
"""Tokens, at most, by which asking again makes a request longer, beside the reply."""


class BudgetSpent(BackendError):
    """The case has used up its budget of calls, tokens or money: this was not asked. It says nothing of the video.

    Args:
        what: What is used up, like `200 calls`.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"The case has used up its budget of {what} for the model.", hint="Raise it by the settings budget.*."
        )


@dataclass(frozen=True)
class _Cost:
    """What calls took, or may take at most."""

    calls: int = 0
    tokens: int = 0
    money: float = 0.0

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.calls + other.calls, self.tokens + other.tokens, self.money + other.money)

    def used_up(self, budget: BudgetSettings) -> str | None:
        """What of the budget is used up, in words; None where there is some left of all."""
        pairs = (("calls", self.calls), ("tokens", self.tokens), ("money", self.money))
        limits = [(name, getattr(budget, name), value) for name, value in pairs]
        return next(
            (f"{limit:g} {name}" for name, limit, value in limits if limit is not None and value >= limit), None
        )


class Purse:
    """Decides, in the order of asking, what is within the budget of a case."""

    def __init__(
        self, ledger: Ledger, case_id: str, settings: ModelSettings, budget: BudgetSettings, profile: Profile
    ) -> None:
        self._ledger, self._case_id, self._settings, self._budget = ledger, case_id, settings, budget
        self._picture = max(PICTURE_TOKENS, 2 * (profile.image_tokens or 0))  # a larger picture may take more
        self._order = asyncio.Lock()
        self._open: dict[object, _Cost] = {}
        """What may be taken, at most, by asks that were let through and are not settled."""
        self._settled = asyncio.Event()

    async def admit(self, key: str, ask: Ask, ticket: object) -> BudgetSpent | None:
        """Let an ask through, as soon as it is sure that it is within the budget, or not.

        Args:
            key: Its content address.
            ask: What it may take depends on it.
            ticket: To settle it by.
        """
        most = self._most(ask)
        async with self._order:
            if sum(self._open.values(), self._spent() + most).used_up(self._budget):
                while self._open:
                    self._settled.clear()
                    await self._settled.wait()
            refusal = self.refusal(key)
            if refusal is None:
                self._open[ticket] = most
        return refusal

    def refusal(self, key: str) -> BudgetSpent | None:
        """Why a call is not made now; one that the case made before is, as it was counted then."""
        gone = self._spent().used_up(self._budget)
        if gone is None or self._ledger.uses(self._case_id, key):
            return None
        return BudgetSpent(gone)

    def settle(self, ticket: object) -> None:
        """An ask is settled: what it took is in the ledger."""
        self._open.pop(ticket, None)
        self._settled.set()

    def _spent(self) -> _Cost:
        spent = self._ledger.spent(self._case_id)
        return _Cost(spent.calls, spent.tokens_in + spent.tokens_out, spent.money)

    def _most(self, ask: Ask) -> _Cost:
        """What an ask and its repair take at most: a token has at least one byte."""
        words = [ask.system, ask.text, *(turn.text for turn in ask.history)]
        shape = len(json.dumps(ask.shape))
        first = sum(len(text.encode()) for text in words) + shape + len(ask.pictures) * self._picture + FRAME_TOKENS
        read = first + (first + ask.max_tokens + shape + REPAIR_TOKENS)
        written = 2 * ask.max_tokens
        calls = 2 + (fitting.TRIES if len(ask.pictures) > 1 else 0)
        return _Cost(calls, read + written, money_of(self._settings, read, written))


def money_of(settings: ModelSettings, tokens_in: int, tokens_out: int) -> float:
    """What tokens cost, by the prices of the settings."""
    return (tokens_in * settings.price_in + tokens_out * settings.price_out) / 1e6
