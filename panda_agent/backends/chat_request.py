"""A request to a model as the body of a chat completion."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from typing import Any

from panda_agent.backends.protocol import Ask, Profile

NAMED = ("properties", "$defs")
"""Keys of a JSON schema under which others stand by name."""


def body_of(ask: Ask, model: str, known: Profile | None, unwanted: Collection[str] = ()) -> dict[str, Any]:
    """The body, with no more than the endpoint is known to take.

    Args:
        ask: What is asked.
        model: Whom.
        known: What it can do; everything is taken for granted where None.
        unwanted: Parameters that it was seen to refuse, of `max_tokens` and `temperature`.
    """
    mode = "schema" if known is None else known.schema_mode
    body: dict[str, Any] = {
        "model": model,
        "messages": _messages(ask, in_words=ask.shape is not None and mode != "schema"),
        "max_completion_tokens" if "max_tokens" in unwanted else "max_tokens": ask.max_tokens,
    }
    if "temperature" not in unwanted:
        body["temperature"] = ask.temperature
    if ask.shape is not None and mode != "prompted":
        body["response_format"] = _format(ask) if mode == "schema" else {"type": "json_object"}
    if ask.top_logprobs and (known is None or known.logprobs):
        body |= {"logprobs": True, "top_logprobs": ask.top_logprobs}
    if ask.seed is not None and (known is None or known.seed):
        body["seed"] = ask.seed
    return body


def _format(ask: Ask) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": ask.purpose, "schema": closed(ask.shape), "strict": True}}


def closed(schema: Any) -> Any:
    """A JSON schema as strict servers want it: every field required, no others allowed, no defaults."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _named(value) if name in NAMED else closed(value) for name, value in schema.items()}
    kept.pop("default", None)
    if isinstance(kept.get("properties"), dict):
        kept |= {"required": list(kept["properties"]), "additionalProperties": False}
    return kept


def _named(schemas: Any) -> Any:
    """Schemas by name: a field may be called `default`."""
    return {name: closed(schema) for name, schema in schemas.items()} if isinstance(schemas, dict) else schemas


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
