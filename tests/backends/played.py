"""A script played without a network: what is asked of it, and what it says."""

import json
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from panda_agent.backends.player import Player
from panda_agent.backends.script import Script

JPEG = "data:image/jpeg;base64,/9j/4AAQ"


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Leaf(BaseModel):
    """Everything a shape of ours may be made of."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field(min_length=3, max_length=40)
    code: str = Field(pattern=r"^[A-Z]\d$")
    letters: list[str] = Field(min_length=1, max_length=26)
    quality: Literal["good", "dark"]
    colour: Colour
    share: float = Field(gt=0, lt=1)
    count: int = Field(ge=3, multiple_of=2)
    below: float = Field(lt=-2)
    when: datetime
    day: date
    id: UUID
    pair: tuple[int, str]
    sure: bool
    table: dict[str, int] = Field(min_length=2)
    kinds: set[int] = Field(min_length=2)
    left: int | str | None
    any: Any
    fixed: Literal[7] = 7
    maybe: int | None = None


def chat(text="What is there?", *, pictures=0, purpose="", model="scripted", **fields):
    content = [{"type": "text", "text": text}] + [{"type": "image_url", "image_url": {"url": JPEG}}] * pictures
    return {"purpose": purpose, "model": model, "messages": [{"role": "user", "content": content}], **fields}


def with_part(part):
    """The body of a request whose message has this part."""
    return json.dumps({"model": "scripted", "messages": [{"role": "user", "content": [part]}]}).encode()


def schema_of(shape, name="caption"):
    return {"type": "json_schema", "json_schema": {"name": name, "schema": shape.model_json_schema()}}


def ask(player, purpose="", **body):
    return player.handle("POST", "/v1/chat/completions", purpose, json.dumps(body).encode())


def said(player, *args, **fields):
    """What the model answers, and why it ended."""
    outcome = ask(player, **chat(*args, **fields))
    assert outcome.status == 200, outcome.body
    choice = json.loads(outcome.body)["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


def error_of(outcome):
    return outcome.status, json.loads(outcome.body)["error"]


def player(*rules, **fields):
    return Player(Script.model_validate({"rules": list(rules), **fields}))
