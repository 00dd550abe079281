"""Twelve ways in which models miss the shape that they were asked for, and whether the answer is in it all the same."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple

from panda_agent.types.time import Model


class Look(Model, extra="ignore"):
    """A shape like those of the call sites: words, letters, a number, one of several."""

    reason: str
    letters: list[str]
    share: float
    answer: Literal["yes", "no", "unclear"]


GOOD = {"reason": "Two men, [wrestling,] fall.", "letters": ["A", "C"], "share": 0.25, "answer": "yes"}


class Malformed(NamedTuple):
    """A reply that is no JSON object of the shape, as it stands."""

    name: str
    text: str
    readable: bool
    """The whole answer is in it, and only one; else it must fail."""


def malformed(good: dict[str, Any], schema: dict[str, Any]) -> list[Malformed]:
    """The twelve, made from an answer and its JSON schema."""
    text = json.dumps(good)
    first, *_ = good
    trailing = re.sub(r"(?<!\[)([}\]])(?=[,}\]]|$)", r" ,\n\1", text)
    return [
        Malformed("fence", f"```json\n{text}\n```", True),
        Malformed("prose", f"Certainly! From {{A, B}} I conclude:\n{text}\nLet me know if you need more.", True),
        Malformed("think", f'<think>Perhaps {{"{first}": "x"}}? No.</think>\n{text}', True),
        Malformed("double object", f"{text}\n{text}", True),
        Malformed("schema echoed", json.dumps(schema), False),
        Malformed("trailing commas", trailing, True),
        Malformed("truncated", text[: len(text) * 2 // 3], False),
        Malformed("NaN", text.replace(json.dumps(good[first]), "NaN", 1), False),
        Malformed("wrong types", json.dumps({name: [str(value)] for name, value in good.items()}), False),
        Malformed("missing field", json.dumps({name: value for name, value in good.items() if name != first}), False),
        Malformed("list instead of object", json.dumps([good]), True),
        Malformed("empty", "", False),
    ]


MALFORMED = malformed(GOOD, Look.model_json_schema())
