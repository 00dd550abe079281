"""From the text of a reply to the shape that was asked for: strict, then without fences, then the first whole object.

Nothing is invented: a missing field, a value of another type, a cut-off text is a failure, which says what was wrong.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from panda_agent.backends.protocol import Ask, Reply, Turn
from panda_agent.errors import BadReply
from panda_agent.types.time import Model

M = TypeVar("M", bound=Model)
LONGEST = 200_000
"""Characters of a reply that are read."""
DEEPEST = 40
"""Levels of nesting that are read."""
STARTS = 50
"""Places at which an object may begin that are tried."""
QUOTED = 4000
"""Characters of a bad reply that are shown to the model when it is asked to mend it."""
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_TRAILING = re.compile(r",(\s*[}\]])")


def read(text: str, shape: type[M]) -> M:
    """Read a reply as a shape.

    Args:
        text: The reply.
        shape: What it must be. No value is coerced and none is made up.

    Raises:
        BadReply: It has not that shape; the message says why in plain words.
    """
    problem = "it is empty"
    for candidate in _candidates(text[:LONGEST]):
        if _is_schema(candidate):
            problem = "it gives the schema back instead of an answer"
            continue
        try:
            return shape.model_validate_json(json.dumps(_clean(candidate)), strict=True)
        except ValidationError as error:
            problem = _misfit(error)
        except (ValueError, RecursionError):
            problem = "it holds a number that is none"
    if problem == "it is empty" and text.strip():
        problem = "it holds no whole JSON object"
    raise BadReply(f"The model's reply has not the shape that was asked for: {problem}.", hint=HINT)


HINT = "See it with `panda ledger show`; a larger model, or one with JSON schema support, does better."


def repair_ask(ask: Ask, reply: Reply, problem: BadReply) -> Ask:
    """The one request to mend a reply: what was said, what is wrong with it, and the shape once more."""
    schema = json.dumps(ask.shape, sort_keys=True)
    text = f"{problem.message} Give the same answer again as one JSON object of this schema, and nothing else: {schema}"
    said = Turn(role="assistant", text=reply.text[:QUOTED] or "(nothing)")
    return ask.model_copy(update={"history": (*ask.history, said, Turn(role="user", text=text))})


def visible(text: str) -> str:
    """Text without control, format and bidi characters; line breaks and tabs stay."""
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")
    )


def without_thoughts(text: str) -> str:
    """A reply without what the model thought aloud; a thought that never ends is all of it."""
    kept = _THOUGHT.sub("", text)
    start = re.search(r"<think(?:ing)?>", kept, re.IGNORECASE)
    return (kept if start is None else kept[: start.start()]).strip()


def _candidates(text: str) -> Iterator[Any]:
    """Whatever may be the answer, likeliest first."""
    plain = without_thoughts(text)
    for part in (plain, *(found.group(1) for found in _FENCE.finditer(plain)), plain.replace("```", "")):
        value = _parsed(part.strip())
        if isinstance(value, dict):
            yield value
    yield from _objects(plain)


def _objects(text: str) -> Iterator[Any]:
    """The objects that stand in a text, from its start; of nested ones the outer."""
    decoder, place = json.JSONDecoder(), 0
    mended = _TRAILING.sub(r"\1", text)
    for _ in range(STARTS):
        place = mended.find("{", place)
        if place < 0:
            return
        try:
            value, end = decoder.raw_decode(mended, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        yield value
        place = end


def _parsed(text: str) -> Any:
    for variant in (text, _TRAILING.sub(r"\1", text)):
        try:
            return json.loads(variant)
        except (ValueError, RecursionError):
            continue
    return None


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "object" and isinstance(value.get("properties"), dict)


def _clean(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        return visible(value).strip()
    if isinstance(value, list):
        return [_clean(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {name: _clean(one, depth + 1) for name, one in value.items()}
    if isinstance(value, float) and value - value != 0:  # NaN and the infinities
        raise ValueError("no number")
    return value


def _misfit(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the reply"
    if first["type"] == "missing":
        return f"{where!r} is missing"
    return f"{where!r}: {first['msg'][:1].lower()}{first['msg'][1:]}"
