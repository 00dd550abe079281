"""Which failures of an endpoint are worth another try: the only place that retries, by an explicit table.

The SDK's own retries are switched off. It, and LangGraph's default policy, also retry what can't get better: a wrong
key, an empty purse, a request that the model refuses.
"""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_after_delay, stop_any
from tenacity.stop import stop_base
from tenacity.wait import wait_base, wait_exponential_jitter

from panda_agent.backends.errors_in_words import in_plain_words
from panda_agent.errors import Unreachable

ATTEMPTS = 4
SECONDS = 120.0
"""No new try after this long."""
LONGEST_WAIT = 60.0
"""Seconds between two tries, at most: who asks for a longer pause is not asked again."""
JITTER = 0.05
"""Part by which a pause that the server asked for is made longer, at most, so that workers don't knock in step."""


def passes(error: BaseException) -> bool:
    """Whether the same request may well succeed a little later: the table is that of `errors_in_words`."""
    if isinstance(error, openai.OpenAIError):
        return isinstance(in_plain_words(error, ""), Unreachable)
    return isinstance(error, TimeoutError | Unreachable)


def retrying(first_wait: float = 1.0) -> AsyncRetrying:
    """The policy, to be called with a coroutine function; the last error is raised as it is.

    Args:
        first_wait: Seconds before the second try.
    """
    return AsyncRetrying(
        retry=retry_if_exception(passes),
        wait=_Wait(first_wait),
        stop=stop_any(stop_after_attempt(ATTEMPTS), stop_after_delay(SECONDS), _AskedForTooLong()),
        reraise=True,
    )


class _Wait(wait_base):
    """As long as the server asks for, else ever longer, with jitter."""

    def __init__(self, first: float) -> None:
        self._growing = wait_exponential_jitter(multiplier=first, max=LONGEST_WAIT, jitter=first)

    def __call__(self, retry_state: RetryCallState) -> float:
        asked = _asked(retry_state)
        return self._growing(retry_state) if asked is None else asked * random.uniform(1.0, 1.0 + JITTER)


class _AskedForTooLong(stop_base):
    """Ends the trying where the server wants to be left alone for longer than we wait."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        return (_asked(retry_state) or 0.0) > LONGEST_WAIT


def _asked(retry_state: RetryCallState) -> float | None:
    """Seconds that the server wants to be left alone; None where it does not say."""
    error = retry_state.outcome.exception() if retry_state.outcome is not None else None
    if not isinstance(error, openai.APIStatusError):
        return None
    told = error.response.headers
    return seconds(told.get("retry-after", ""), now=_date(told.get("date", "")))


def seconds(told: str, *, now: datetime | None = None) -> float | None:
    """What the header Retry-After says (RFC 9110 §10.2.3), as seconds from now.

    Args:
        told: Seconds or a date.
        now: By the clock of the server; None takes ours.

    Returns:
        None where it is neither: then our own pace does.
    """
    try:
        wait = float(told)
    except ValueError:
        date = _date(told)
        if date is None:
            return None
        wait = (date - (now or datetime.now(UTC))).total_seconds()
    return None if math.isnan(wait) else max(0.0, wait)


def _date(told: str) -> datetime | None:
    """A date of HTTP; None where it is none."""
    try:
        date = parsedate_to_datetime(told)
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else None
