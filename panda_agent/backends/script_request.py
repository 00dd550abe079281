"""A chat completion that is asked for, as far as a script minds it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from panda_agent.backends.script import ABILITIES, Ability

PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n")
"""How files of pictures begin."""


@dataclass(frozen=True)
class Request:
    """A request as far as a script minds it."""

    purpose: str = ""
    text: str = ""
    """All texts of all messages."""
    said: str = ""
    """The texts of the user's messages alone."""
    images: tuple[bytes, ...] = field(default=(), repr=False)
    """The files of its pictures."""
    schema: Mapping[str, Any] | None = None
    wishes: frozenset[Ability] = frozenset()
    """What it asks for beside words."""
    top_logprobs: int = 0
    max_tokens: int | None = None
    model: str = ""

    @property
    def pictures(self) -> int:
        """How many pictures it shows."""
        return len(self.images)


class _Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]]


class _Schema(BaseModel):
    name: str
    shape: dict[str, Any] = Field(alias="schema")


class _Format(BaseModel):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: _Schema | None = None


class _Body(BaseModel):
    """The fields of a chat completion that the server minds; others are taken and not heeded."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    response_format: _Format = _Format()
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    seed: int | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    n: Literal[1] | None = None
    stream: Literal[False] | None = None


def read_request(purpose: str, raw: bytes) -> Request:
    """Read the body of a chat completion.

    Raises:
        ValueError: It is none; the message says why.
    """
    try:
        body = _Body.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise ValueError(f"Invalid value for {place}: {first['msg']}.") from None
    parts = [(message.role, part) for message in body.messages for part in _parts(message)]
    texts = [(role, part) for role, part in parts if isinstance(part, str)]
    images = tuple(part for _, part in parts if isinstance(part, bytes))
    held = body.response_format.json_schema
    wishes = {
        body.response_format.type: True,
        "logprobs": body.logprobs,
        "seed": body.seed is not None,
        "pictures": bool(images),
    }
    return Request(
        purpose=purpose or (held.name if held else ""),
        text="\n".join(text for _, text in texts),
        said="\n".join(text for role, text in texts if role == "user"),
        images=images,
        schema=held.shape if held else None,
        wishes=frozenset(name for name in ABILITIES if wishes.get(name)),
        top_logprobs=body.top_logprobs or 0,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        model=body.model,
    )


def _parts(message: _Message) -> Iterator[str | bytes]:
    """The texts and the files of pictures of a message."""
    if isinstance(message.content, str):
        yield message.content
        return
    for part in message.content:
        match part:
            case {"type": "text", "text": str(text)}:
                yield text
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                yield _picture(url)
            case _:
                raise ValueError(f"Invalid part of a message: its type is {part.get('type')!r}.")


def _picture(url: str) -> bytes:
    head, _, code = url.partition(";base64,")
    try:
        file = base64.b64decode(code, validate=True) if head.startswith("data:image/") else b""
    except ValueError:
        file = b""
    if not file.startswith(PICTURES):
        raise ValueError("Invalid image_url: it is no JPEG or PNG as a base64 data URL.")
    return file
