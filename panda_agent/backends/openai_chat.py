"""An OpenAI-compatible endpoint, through the openai SDK: chat completions, and nothing that one server alone knows."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import openai

from panda_agent.backends.errors_in_words import in_plain_words
from panda_agent.backends.protocol import Ask, Profile, Reply, TokenChances
from panda_agent.backends.refusals import is_refusal
from panda_agent.backends.replies import without_thoughts
from panda_agent.backends.retry import retrying
from panda_agent.errors import BackendError, BadReply, Refused, Unreachable, UserError
from panda_agent.settings import ModelSettings

T = TypeVar("T")
KEYS = ("PANDA_API_KEY", "OPENAI_API_KEY")
"""Environment variables that may hold the key, the first one first; it is kept nowhere else."""
PURPOSE_HEADER = "X-Panda-Purpose"
"""Tells proxies, logs and scripted servers which call site a request comes from."""


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
        entries = _object(raw.text).get("data")
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
        request = self._request(await self.settle_model(), ask)
        headers = {PURPOSE_HEADER: ask.purpose}
        create: Any = self._client.chat.completions.with_raw_response.create
        raw = await self._sent(lambda: create(**request, extra_headers=headers))
        return _reply(self._without_key(raw.text), ask)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    def _without_key(self, text: str) -> str:
        """A reply is kept verbatim, but for the key, which some servers send back."""
        return text if self._key is None else text.replace(self._key, "[key]")

    def _request(self, model: str, ask: Ask) -> dict[str, Any]:
        known = self.profile
        request: dict[str, Any] = {
            "model": model,
            "messages": _messages(ask, in_words=ask.shape is not None and _mode(known) != "schema"),
            "max_tokens": ask.max_tokens,
            "temperature": ask.temperature,
        }
        if ask.shape is not None and _mode(known) != "prompted":
            request["response_format"] = _format(ask) if _mode(known) == "schema" else {"type": "json_object"}
        if ask.top_logprobs and (known is None or known.logprobs):
            request |= {"logprobs": True, "top_logprobs": ask.top_logprobs}
        if ask.seed is not None and (known is None or known.seed):
            request["seed"] = ask.seed
        return request

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


def _mode(profile: Profile | None) -> str:
    return "schema" if profile is None else profile.schema_mode


def _format(ask: Ask) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": ask.purpose, "schema": closed(ask.shape), "strict": True}}


def closed(schema: Any) -> Any:
    """A JSON schema as strict servers want it: every field required, no others allowed, no defaults."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: closed(value) for name, value in schema.items() if name != "default"}
    if isinstance(kept.get("properties"), dict):
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept


def _messages(ask: Ask, *, in_words: bool) -> list[dict[str, Any]]:
    text = ask.text
    if in_words:
        schema = json.dumps(ask.shape, sort_keys=True)
        text += f"\n\nAnswer with one JSON object of this schema, and nothing else:\n{schema}"
    content: Any = text if not ask.pictures else [*_parts(ask), {"type": "text", "text": text}]
    earlier = [{"role": turn.role, "content": turn.text} for turn in ask.history]
    return [{"role": "system", "content": ask.system}, {"role": "user", "content": content}, *earlier]


def _parts(ask: Ask) -> list[dict[str, Any]]:
    """Each picture after its letter."""
    parts: list[dict[str, Any]] = []
    for picture in ask.pictures:
        url = f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}"
        parts += [{"type": "text", "text": f"[{picture.letter}]"}, {"type": "image_url", "image_url": {"url": url}}]
    return parts


def _reply(body: str, ask: Ask) -> Reply:
    """Read a chat completion.

    Raises:
        BadReply: It is none.
        Refused: It declines.
    """
    tree = _object(body)
    choices = tree.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    message = choice.get("message") if choice is not None else None
    if choice is None or not isinstance(message, dict):
        raise _bad("it holds no choice", body)
    finish, refusal, content = choice.get("finish_reason"), message.get("refusal"), message.get("content")
    text = without_thoughts(_text(content))
    if finish == "content_filter" or refusal or is_refusal(text):
        raise _refused(str(refusal or text or "a content filter cut it off"), body)
    usage = tree.get("usage") if isinstance(tree.get("usage"), dict) else {}
    return Reply(
        text=text,
        finish=finish if isinstance(finish, str) else None,
        model=str(tree.get("model") or ""),
        tokens_in=_count(usage, "prompt_tokens"),
        tokens_out=_count(usage, "completion_tokens"),
        logprobs=_logprobs(choice.get("logprobs")) if ask.top_logprobs else (),
        body=body,
    )


def _text(content: Any) -> str:
    """The words of a message, which some servers give in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _object(body: str) -> dict[str, Any]:
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise _bad("it is no JSON object", body)
    return tree


def _bad(problem: str, body: str) -> BadReply:
    text = f"The model endpoint's reply is no chat completion: {problem}."
    return BadReply(text, hint="See it with `panda ledger show`.").with_(body=body)


def _refused(words: str, body: str) -> Refused:
    text = f'The model declined to answer: "{words[:160]}".'
    return Refused(text, hint="Another model may be less shy.").with_(body=body)


def _count(usage: Any, name: str) -> int:
    found = usage.get(name) if isinstance(usage, dict) else None
    return found if isinstance(found, int) and found >= 0 else 0


def _logprobs(told: Any) -> tuple[TokenChances, ...]:
    """The tokens with their chances; what is not told so is left out."""
    tokens = told.get("content") if isinstance(told, dict) else None
    found: list[TokenChances] = []
    for token in tokens if isinstance(tokens, list) else ():
        try:
            chances = {str(one["token"]): float(one["logprob"]) for one in token.get("top_logprobs") or [token]}
            found.append(TokenChances(token=str(token["token"]), chances=chances))
        except (KeyError, TypeError, ValueError, AttributeError):
            return ()
    return tuple(found)


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
