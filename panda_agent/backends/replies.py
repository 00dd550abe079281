"""From the text of a reply to the shape that was asked for: strict, then without fences, then the only whole object.

Nothing is invented: a missing field, a value of another type, a cut-off text is a failure, which says what was wrong.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, TypeVar

from pydantic import ValidationError

from panda_agent.backends.json_in_text import Twice, objects_in
from panda_agent.backends.protocol import Ask, Reply, Turn
from panda_agent.errors import BadReply
from panda_agent.types.time import Model

M = TypeVar("M", bound=Model)
LONGEST = 200_000
"""Characters of a reply that are read."""
DEEPEST = 40
"""Levels of nesting that are read."""
QUOTED = 4000
"""Characters of a bad reply that are shown to the model when it is asked to mend it."""
LONGEST_PROBLEM = 200
"""Characters of what is wrong with a reply: a name in it may be the model's own."""
HINT = "See it with `panda ledger show`; a larger model, or one with JSON schema support, does better."
_MARK = re.compile(r"<(/?)(?:think(?:ing)?|reasoning)>", re.IGNORECASE)


def read(text: str, shape: type[M]) -> M:
    """Read a reply as a shape.

    Args:
        text: The reply.
        shape: What it must be. No value is coerced and none is made up; of several that fit and differ none is chosen.

    Raises:
        BadReply: It has not that shape; the message says why in plain words.
    """
    plain = without_thoughts(text[:LONGEST])
    problems: list[str] = []
    fitting: list[M] = []
    for candidate in objects_in(plain):
        try:
            fitting.append(_fitted(candidate, shape))
        except ValueError as error:
            problems.append(str(error))
    if fitting and all(one == fitting[0] for one in fitting):
        return fitting[0]
    problems.append("it holds no whole JSON object" if plain else "it is empty")
    told = "it gives answers that differ" if fitting else problems[0]
    raise BadReply(
        f"The model's reply has not the shape that was asked for: {visible(told)[:LONGEST_PROBLEM]}.", hint=HINT
    )


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
    """A reply without what the model thought aloud.

    A thought that never ends is all of the rest; one whose begin was not sent is all before its end, as some servers
    write the first mark into the prompt. What begins as JSON is no thought, whatever is quoted in it.
    """
    if text.lstrip().startswith(("{", "[")):
        return text.strip()
    kept: list[str] = []
    place, thinks = 0, False
    for mark in _MARK.finditer(text):
        ends = bool(mark.group(1))
        if not thinks:
            kept = [] if ends else [*kept, text[place : mark.start()]]
        place, thinks = mark.end(), not ends
    return "".join([*kept, "" if thinks else text[place:]]).strip()


def _fitted(candidate: Any, shape: type[M]) -> M:
    """A candidate as the shape.

    Raises:
        ValueError: It is not of it; the message says why.
    """
    if isinstance(candidate.get("properties"), dict) and candidate.get("type") == "object":
        raise ValueError("it gives the schema back instead of an answer")
    try:
        return shape.model_validate_json(json.dumps(_clean(candidate)), strict=True)
    except ValidationError as error:
        raise ValueError(_misfit(error)) from None


def _clean(value: Any, depth: int = 0) -> Any:
    """A value without what can't be seen or counted.

    Raises:
        ValueError: There is no such value; the message says why.
    """
    if depth > DEEPEST:
        raise ValueError("it is nested too deep")
    if isinstance(value, str):
        return visible(value).strip()
    if isinstance(value, list):
        return [_clean(one, depth + 1) for one in value]
    if isinstance(value, dict):
        _check_names(value)
        return {name: _clean(one, depth + 1) for name, one in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("it holds a number that is none")
    return value


def _check_names(value: dict[str, Any]) -> None:
    if isinstance(value, Twice):
        raise ValueError("it gives a field two values")
    if any(visible(name) != name for name in value):
        raise ValueError("the name of a field holds characters that can't be seen")


def _misfit(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the reply"
    if first["type"] == "missing":
        return f"{where!r} is missing"
    return f"{where!r}: {first['msg'][:1].lower()}{first['msg'][1:]}"
