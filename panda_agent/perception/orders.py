"""Whether a text reads like an order to whoever, or whatever, reads it: to be shown to a person, never to be obeyed."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

_ORDERS = re.compile(
    "|".join(
        (
            r"ignor(e|ier)(?!d|s)",
            r"disregard",
            r"forget(all|any|every|previous|prior)",
            r"overrid(e|ing)",
            r"report(as|normal|nothing|safe|only|thisas|itas|no(anomal|incident|problem|one|thing))",
            r"(say|answer|respond|reply|output|print|write|return)(with|only|just|normal|nothing|safe|json|yes)",
            r"(classif(y|ied)|label(led)?|mark(ed)?|rated?|scored?|treat(ed)?|flag(ged)?)(this|it|all|everything)?as",
            r"(donot|dont|never)(report|mention|flag|tell|alert|describe|analy[sz]e|answer)",
            r"(everything|scene|video|footage|situation|verdict|status|this|all)is(normal|safe|fine|ok)",
            r"verdict(is)?(normal|safe)",
            r"normal(activity|behaviou?r|scene|footage)",
            r"nothing(happen|unusual|abnormal|suspicious|tosee)",
            r"(new|previous|prior|above|your|these|all)(instruction|rule|prompt)",
            r"system(prompt|message|override|instruction)",
            r"youare(now)?an?(ai|assistant|helpful|bot|model|language|expert)",
            r"languagemodel|chatgpt|aiassistant|aimodel",
            r"call(the)?tool|etcpasswd|developermode",
        )
    )
)
"""Of texts without spaces and marks, since readers of text lose them. Signs for passers-by (no parking, do not enter)
are none of these."""


def compact(text: str) -> str:
    """Letters and digits only, in one case and one alphabet width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def orders_in(lines: list[str]) -> list[bool]:
    """Which of some lines, read one after the other, take part in an order; it may be spread over several."""
    parts = [compact(line) for line in lines]
    found = [match.span() for match in _ORDERS.finditer("".join(parts))]
    ends = list(accumulate(map(len, parts)))
    return [
        any(start < end and end - len(part) < stop for start, stop in found)
        for part, end in zip(parts, ends, strict=True)
    ]
