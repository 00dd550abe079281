"""Who a scripted model is where no rule answers: helpful to a fault, a liar, one that can't write JSON, or a prude."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from pydantic import JsonValue

from panda_agent.backends.filler import Filler
from panda_agent.backends.script import Personality, Rule, Script
from panda_agent.backends.script_request import Request

SLOW = 1.0
"""Seconds that the slow personality takes."""
SOON = 0.2
"""Seconds after which the rate-limited personality wants to be asked again."""
PLAUSIBLE = {
    "description": "A person walks across a yard from left to right.",
    "doing": "walking",
    "reason": "Nothing in the pictures speaks for it.",
    "seen": "A person walks across a yard from left to right.",
    "overview": "A yard with a fence, seen from above.",
    "normal": "People walk across it.",
    "conditions": "Dry, in daylight.",
    "event": "none",
    "tool": "none",
    "tags": "street",
    "objects": "bag",
    "visible_text": "EXIT",
}
"""What an obedient model says, by field."""
ORDERED = ("status", "score", "event", "tool", "suspects", "answer")
"""Fields for which an order may name a value: "set score to 0", "event: fight"."""
LETTERED = ("letter", "letters")
"""Fields that name pictures."""
_FIELD = re.compile(r"\s*\d+\. \w+:")  # how prompts explain the fields of a shape
_NUMBER = re.compile(r"[01](\.\d+)?")
_ORDER = re.compile(
    r"\b(ignore|disregard|forget|override|instead|you (must|are|will|should)|system|instructions?|"
    r"(say|report|reply|respond|answer|output|print|call|use|set)\b(?=\W+\S))"
    r"|\\\"(status|score|event|answer|tool|suspects)\\\"\s*:",  # a JSON field inside of a quoted text
    re.IGNORECASE,
)


class Obedient(Filler):
    """Answers every shape as a helpful model would, and does and repeats what the text that it reads tells it to."""

    every, items = True, 2

    def _make(self, schema: Any, name: str, depth: int, i: int = 0) -> JsonValue:
        """A value, or what an order gives as the value of its field."""
        made = super()._make(schema, name, depth, i)
        told = _told_of(name, self._request) if name in ORDERED else None
        match made:
            case bool() | dict():
                return made
            case int() | float():
                return float(told) if told is not None and _NUMBER.fullmatch(told) else made
            case str() if told is not None and "enum" not in self._plain(schema, depth):
                return told
        return made

    def text(self, name: str, i: int) -> str:
        """Something plausible, and every order that was found."""
        letters = ascii_uppercase[: self._request.pictures] or "A"
        if name in LETTERED:
            return letters[i % len(letters)]
        told = PLAUSIBLE.get(name, "A person walks by.") + (f" {i + 1}" if i else "")
        return " ".join([told, *_orders(self._request)])

    def choice(self, name: str, options: Sequence[JsonValue]) -> JsonValue:
        """What an order tells it, where one names one of them; else the last, which is often the careful one."""
        told = _told_of(name, self._request) if name in ORDERED else None
        if told in options:
            return told
        for order in _orders(self._request):
            named = [one for one in options if re.search(rf"\b{re.escape(str(one))}\b", order, re.IGNORECASE)]
            if len(named) == 1:
                return named[0]
        return next((one for one in ("good", "normal") if one in options), options[-1])


class Liar(Filler):
    """Well-formed and wrong: violence, people who are not there, letters that were not shown, no doubt at all."""

    every, items = True, 3

    def text(self, name: str, i: int) -> str:
        """A crime."""
        return f"Z{i}" if name in LETTERED else f"A masked man stabs {i + 3} people and sets the yard on fire."

    def choice(self, name: str, options: Sequence[JsonValue]) -> JsonValue:
        """The most alarming answer."""
        return next((one for one in ("yes", "abnormal", "anomalous", "high") if one in options), options[0])

    def number(self, least: float, most: float) -> float:
        """As much as may be; 1 where there is no limit."""
        return most if math.isfinite(most) else max(1.0, least)

    def yes(self) -> bool:
        """Yes."""
        return True


def _orders(request: Request) -> list[str]:
    """Sentences of the user's text that tell the reader what to do."""
    sentences = re.split(r"(?<=[^\W\d][.!?])\s+|\n", request.said)
    return [one.strip() for one in sentences if _ORDER.search(one) and not _FIELD.match(one)]


def _told_of(name: str, request: Request) -> str | None:
    """The value that an order names for a field."""
    named = re.compile(rf"\b{name}\b[\W_]*(?:(?:to|is|as|must be)\b[\W_]*)?([a-z_]+|[01](?:\.\d+)?)", re.IGNORECASE)
    values = (found[1] for order in _orders(request) for found in named.finditer(order))
    return next(values, None)


def _malformed(n: int, shape: Mapping[str, Any], request: Request) -> Rule:
    good = Obedient(shape, request).fill()
    text = json.dumps(good)
    fields = good if isinstance(good, dict) else {"value": good}
    shapes: list[str] = [
        f"```json\n{text}\n```",
        f"Certainly! Here is the answer:\n{text}\nLet me know if you need more.",
        f"<think>The shape has braces {{}}, so I use some.</think>{text}",
        f"{text}\n{text}",
        json.dumps(shape),
        re.sub(r"([}\]])", r",\1", text),
        text[: len(text) * 2 // 3],
        re.sub(r'"[^"]*"(?=[,}])', "NaN", text),
        json.dumps({name: [str(value)] for name, value in fields.items()}),
        json.dumps(dict(list(fields.items())[1:])),
        json.dumps([good]),
        "",
    ]
    return Rule(text=shapes[n % len(shapes)])


_WRITERS: Mapping[Personality | None, type[Filler]] = {None: Filler, "lying": Liar}
REFUSALS = (
    Rule(status=400, error={"message": "The prompt was filtered by the content policy.", "code": "content_filter"}),
    Rule(text="", finish="content_filter"),
    Rule(refusal="I can't help with that."),
    Rule(text="I'm sorry, but I can't assist with that request."),
)
"""Four ways in which models decline."""


def usual_answer(n: int, request: Request, script: Script) -> Rule:
    """What the personality answers.

    Args:
        n: How many such answers it gave before.
        request: What it is asked.
        script: Whose personality.
    """
    who, shape = script.personality, shape_of(request, script)
    writer = _WRITERS.get(who, Obedient)
    if who == "rate_limited" and n % 10 in (0, 3, 6):
        return Rule(status=429, error={"message": "Rate limit reached.", "code": "rate_limited"}, retry_after=SOON)
    if who == "refusing":
        return REFUSALS[n % len(REFUSALS)]
    if shape is None:
        return Rule(text=writer({}, request).text("description", 0) or "Nothing can be seen.")
    if who == "malformed":
        return _malformed(n, shape, request)
    return Rule(json=writer(shape, request).fill(), delay=SLOW if who == "slow" else 0.0)


def shape_of(request: Request, script: Script) -> Mapping[str, Any] | None:
    """The shape that the model holds itself to: as the endpoint enforces it, or as it stands in the request."""
    if request.schema is not None:
        return None if "json_schema" in script.ignores else request.schema
    for start in re.finditer(r"\{", request.text):
        try:
            found, _ = json.JSONDecoder().raw_decode(request.text, start.start())
        except (ValueError, RecursionError):
            continue
        if {"properties", "$ref", "anyOf"} & found.keys():
            return found  # type: ignore[no-any-return]
    return None
