"""Which failures of an endpoint are worth another try: the only place that retries, by an explicit table.

The SDK's own retries are switched off. It, and LangGraph's default policy, also retry what can't get better: a wrong
key, an empty purse, a request that the model refuses.
"""

from __future__ import annotations

import openai
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_after_delay
from tenacity.wait import wait_base, wait_exponential_jitter

ATTEMPTS = 4
SECONDS = 120.0
"""No new try after this long."""
LONGEST_WAIT = 30.0
"""Seconds between two tries, at most, whatever the server asks for."""
TRANSIENT = (408, 409, 429, 500, 502, 503, 504, 529)
"""Status codes that pass by themselves."""
HOPELESS = ("insufficient_quota", "billing_hard_limit_reached")
"""Codes of a 429 that waiting does not mend."""


def passes(error: BaseException) -> bool:
    """Whether the same request may well succeed a little later."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in TRANSIENT and error.code not in HOPELESS
    return isinstance(error, openai.APIConnectionError)


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
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date: then our own pace does
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
