"""Which failures of an endpoint are worth another try: the only place that retries, by an explicit table.

The SDK's own retries are switched off. It, and LangGraph's default policy, also retry what can't get better: a wrong
key, an empty purse, a request that the model refuses.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_after_delay
from tenacity.wait import wait_base, wait_exponential_jitter

from panda_agent.backends.errors_in_words import in_plain_words
from panda_agent.errors import Unreachable

ATTEMPTS = 4
SECONDS = 120.0
"""No new try after this long."""
LONGEST_WAIT = 30.0
"""Seconds between two tries, at most, whatever the server asks for."""


def passes(error: BaseException) -> bool:
    """Whether the same request may well succeed a little later: the table is that of `errors_in_words`."""
    if isinstance(error, openai.OpenAIError):
        return isinstance(in_plain_words(error, ""), Unreachable)
    return isinstance(error, TimeoutError)


class _Wait(wait_base):
    """As long as the server asks for, else ever longer, with jitter so that workers don't knock in step."""

    def __init__(self, first: float) -> None:
        self._growing = wait_exponential_jitter(multiplier=first, max=LONGEST_WAIT, jitter=first)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome is not None else None
        asked = _retry_after(error)
        return self._growing(retry_state) if asked is None else min(asked, LONGEST_WAIT)


def _retry_after(error: BaseException | None) -> float | None:
    if not isinstance(error, openai.APIStatusError):
        return None
    told = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):  # neither seconds nor a date: then our own pace does
        return None


def retrying(first_wait: float = 1.0) -> AsyncRetrying:
    """The policy, to be called with a coroutine function; the last error is raised as it is.

    Args:
        first_wait: Seconds before the second try.
    """
    return AsyncRetrying(
        retry=retry_if_exception(passes),
        wait=_Wait(first_wait),
        stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(SECONDS),
        reraise=True,
    )
