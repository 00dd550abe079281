"""An OpenAI-compatible endpoint, through the openai SDK: chat completions, and nothing that one server alone knows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import openai

from panda_agent.backends.chat_reply import json_object, read_reply
from panda_agent.backends.chat_request import body_of
from panda_agent.backends.errors_in_words import NotTaken, in_plain_words
from panda_agent.backends.protocol import Ask, Profile, Reply
from panda_agent.backends.retry import retrying
from panda_agent.errors import BackendError, Unreachable, UserError
from panda_agent.settings import ModelSettings

T = TypeVar("T")
KEYS = ("PANDA_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key, the first one first; it is kept nowhere else."""
PURPOSE_HEADER = "X-Panda-Purpose"
"""Tells proxies, logs and scripted servers which call site a request comes from."""
SHORTEST_KEY = 12
"""Characters of a key that is a secret: `none` and `EMPTY` are words that replies may hold."""


class OpenAIBackend:
    """Talks to the endpoint of the settings.

    Args:
        settings: Where it is, which model, and how long it may take.
        profile: What it can do; everything is taken for granted where None.
        first_wait: Seconds before a failed request is tried again.

    Raises:
        UserError: The address is none.
    """

    def __init__(self, settings: ModelSettings, profile: Profile | None = None, *, first_wait: float = 1.0) -> None:
        self._url = _checked(settings.base_url)
        self._model = settings.name or (None if profile is None else profile.model)
        self._timeout, self._first_wait = settings.timeout, first_wait
        self.profile = profile
        self._unwanted: frozenset[str] = frozenset()
        self._key = key = next((os.environ[name] for name in KEYS if os.environ.get(name)), None)
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            api_key=key or "none",  # local servers want none, but the SDK does
            max_retries=0,
            timeout=settings.timeout,
        )

    @property
    def address(self) -> str:
        """Endpoint and model, as calls are known by."""
        return f"{self._url} {self._model or ''}".strip()

    async def models(self) -> list[str]:
        """Names of the models that the endpoint serves, sorted.

        Raises:
            BackendError: It can't be reached, or refuses.
        """
        return sorted(entry["id"] for entry in await self.listing())

    async def listing(self) -> list[dict[str, Any]]:
        """What the endpoint tells of its models.

        Raises:
            BackendError: It can't be reached, or refuses.
        """
        raw = await self._sent(lambda: self._client.models.with_raw_response.list())
        entries = json_object(self._without_key(raw.text)).get("data")
        found = [entry for entry in entries or () if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
        if not isinstance(entries, list) or len(found) != len(entries):
            raise BackendError(f"The model endpoint {self._url} gave a list of models that is none.")
        return found

    async def settle_model(self) -> str:
        """The name of the model: that of the settings, else the only one that is served.

        Raises:
            UserError: Several are served, or none.
            BackendError: The endpoint can't be reached.
        """
        if self._model is None:
            served = await self.models()
            if len(served) != 1:
                hint = f"Set model.name to one of: {', '.join(served)}." if served else "Load a model there."
                raise UserError(f"The model endpoint {self._url} serves {len(served)} models.", hint=hint)
            self._model = served[0]
        return self._model

    async def complete(self, ask: Ask) -> Reply:
        """Send one request and wait for the reply, with the retries that the table allows.

        Raises:
            Unreachable: No connection, no answer in time, or a server that keeps failing.
            QuotaExhausted: The account is empty.
            Refused: A filter, or the model itself, declined.
            Overflow, TooManyImages, NoVision: The request asks too much of the model.
            BadReply: The body is no chat completion.
        """
        request = body_of(ask, await self.settle_model(), self.profile, self._unwanted)
        headers = {PURPOSE_HEADER: ask.purpose}
        create: Any = self._client.chat.completions.with_raw_response.create

        async def sent() -> Reply:
            raw = await create(**request, extra_headers=headers)
            return read_reply(self._without_key(raw.text), ask, self._url)  # may be an error in spite of its status

        try:
            return await self._sent(sent)
        except NotTaken as error:  # some models want another name for it, or none of it: learnt once
            if error.parameter not in request:
                raise
            self._unwanted |= {error.parameter}
            return await self.complete(ask)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    def _without_key(self, text: str) -> str:
        """A reply is kept verbatim, but for the key, which some servers send back."""
        return text if len(self._key or "") < SHORTEST_KEY else text.replace(str(self._key), "[key]")

    async def _sent(self, send: Callable[[], Awaitable[T]]) -> T:
        """One request with its retries, each with a deadline that also ends a server that trickles."""

        async def once() -> T:
            async with asyncio.timeout(self._timeout):
                return await send()

        try:
            return await retrying(self._first_wait)(once)
        except TimeoutError:
            raise Unreachable(
                f"The model endpoint {self._url} did not answer in {self._timeout:g} s.", hint="Raise model.timeout."
            ) from None
        except openai.OpenAIError as error:
            raise in_plain_words(error, self._url) from None  # the SDK's error holds the request, and with it the key


def _checked(url: str | None) -> str:
    parts = _split(url or "")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UserError(
            "Setting 'model.base_url' holds more than an address: a password, or what follows a ? or #.",
            hint=f"Put the key into {KEYS[0]}.",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(
            "Setting 'model.base_url' is no address of a model endpoint.",
            hint="Give one like http://localhost:8000/v1.",
        )
    return parts.geturl().rstrip("/")


def _split(url: str) -> SplitResult:
    """The parts of an address; none of them where it is none."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else urlsplit("")
    except ValueError:
        return urlsplit("")
