"""An OpenAI-compatible endpoint, through the openai SDK."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import openai

from panda_agent.backends.retry import retrying
from panda_agent.errors import BackendError, UserError
from panda_agent.settings import ModelSettings

KEYS = ("PANDA_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key, the first one first; it is kept nowhere else."""


class OpenAIBackend:
    """Talks to the endpoint of the settings.

    Args:
        settings: Where it is and how long it may take.
        first_wait: Seconds before a failed request is tried again.

    Raises:
        UserError: The address is none.
    """

    def __init__(self, settings: ModelSettings, *, first_wait: float = 1.0) -> None:
        self._url = _checked(settings.base_url)
        self._first_wait = first_wait
        key = next((os.environ[name] for name in KEYS if os.environ.get(name)), None)
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            api_key=key or "none",  # local servers want none, but the SDK does
            max_retries=0,
            timeout=settings.timeout,
        )

    async def models(self) -> list[str]:
        """Names of the models that the endpoint serves, sorted.

        Raises:
            BackendError: It can't be reached, or refuses.
        """
        try:
            return await retrying(self._first_wait)(self._names)
        except openai.OpenAIError as error:
            raise self._in_plain_words(error) from None  # the SDK's error holds the request, and with it the key

    async def _names(self) -> list[str]:
        page = await self._client.models.list()
        return sorted(model.id for model in page.data)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    def _in_plain_words(self, error: openai.OpenAIError) -> BackendError:
        if isinstance(error, openai.APIStatusError):
            return _of_status(error, self._url)
        if isinstance(error, openai.APITimeoutError):
            return BackendError(f"The model endpoint {self._url} did not answer in time.", hint="Raise model.timeout.")
        if isinstance(error, openai.APIConnectionError):
            return BackendError(
                f"The model endpoint {self._url} can't be reached.", hint="Is it running, and is model.base_url right?"
            )
        return BackendError(f"The model endpoint {self._url} gave an answer that is none ({type(error).__name__}).")


def _of_status(error: openai.APIStatusError, url: str) -> BackendError:
    if error.status_code in (401, 403):
        return BackendError(f"The model endpoint {url} refuses the key.", hint=f"Set {KEYS[0]} to one that it takes.")
    if error.code in ("insufficient_quota", "billing_hard_limit_reached"):
        return BackendError(f"The account at {url} has no money left.", hint="Top it up, or use another endpoint.")
    return BackendError(f"The model endpoint {url} answers with status {error.status_code}.", hint="Try again later.")


def _checked(url: str | None) -> str:
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(
            f"Setting 'model.base_url' is no address of a model endpoint: {url!r}.",
            hint="Give one like http://localhost:8000/v1.",
        )
    if parts.username or parts.password:
        raise UserError("Setting 'model.base_url' holds a password.", hint=f"Put the key into {KEYS[0]}.")
    return parts.geturl()
