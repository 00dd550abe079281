"""Whether a text reads like an order to whoever, or whatever, reads it: to be shown to a person, never to be obeyed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate

from pydantic import JsonValue

_WRITING = re.compile(
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
"""Of writing in a picture, without spaces and marks, since readers of text lose them. Signs for passers-by (no parking,
do not enter) are none of these."""

_OPEN = r"\s*[\"'“‘(\[]*\s*"
_START = rf"(?:^|[.!?:;>*#\"“(\[{{]|\b(?:please|you (?:must|should|will|shall|have to))\b){_OPEN}"
"""Where the verb of an order stands: where a sentence or a quotation begins, or after "please" or "you must"."""
_RULES = (
    r"(?:instructions?|rules?|prompts?|guidelines?|directi(?:ons?|ves?)|orders?|polic(?:y|ies)|above|previous|prior|"
    r"everything|evidence|pictures?|measurements?)"
)
_VALUE = (
    r"(?:normal|abnormal|anomal\w+|suspicious|nothing|safe|innocent|harmless|benign|yes|no|zero|none|unclear|insufficient|"
    r"fire|fight\w*|assault|explosion|weapons?|robbery|theft|panic|fall|json|only)"
)
_FIELD = r"(?:status|answer|score|event|label|verdict|tool|suspects|matched|confidence|cites)"
_SENTENCES = re.compile(
    "|".join(
        (
            rf"{_START}(?:ignore|disregard|forget|override|bypass)\b[^.!?]{{0,60}}\b{_RULES}\b",
            rf"{_START}(?:report|say|answer|respond|reply|output|print|write|return|label|classify|mark|rate|score|flag|"
            rf"call|declare|treat)\b(?:\W+\w+){{0,3}}\W+{_VALUE}\b",
            r"\b(?:do not|don't|never) (?:report|mention|flag|alert|describe|analy[sz]e|judge)\b",
            r"\b(?:your|new|previous|prior|hidden|initial) (?:system )?(?:instructions?|prompts?|directives?)\b",
            r"\bsystem (?:prompt|message|override|instructions?)\b",
            r"\byou are (?:now )?(?:an? )?(?:ai|assistant|chatbot|bot|language model|obedient|in developer mode)\b",
            r"\byour (?:api )?(?:key|secret|password|token)\b|\bapi key\b",
            r"\b(?:call|use|run|execute|invoke) (?:the )?tool\b|\bdeveloper mode\b|/etc/passwd",
            rf"[\"'\\{{,]\s*{_FIELD}[\\\"']*\s*[:=]\s*[\\\"'\[]*\w",
            rf"\b(?:set|make|put|leave|fill) (?:the )?{_FIELD}\b",
            rf"\b{_FIELD}(?:\s*[:=]+\s*| must be | should be | shall be )[\"']?(?:{_VALUE}|[01](?:\.\d+)?)\b",
            r"</?\s*(?:data|system|assistant|user|instructions?)\b[^>]{0,40}>|<\|?(?:im_start|im_end|system)\|?>",
        )
    )
)
"""Of sentences that a person or a model wrote, who may also describe: "normal scene" is no order, nor are drivers who
ignore the rules."""
_QUOTED = re.compile(r"[\"“«]([^\"”»]{3,400})[\"”»]")
_ALIKE = str.maketrans("аеорсухіјѕԁӏοανρτκ", "aeopcyxijsdloavptk")
"""Letters of other alphabets that look like Latin ones."""
_TAGS = {0xE0000 + code: chr(code) for code in range(0x20, 0x7F)}
LONGEST = 20_000
"""Characters of a text that are looked through; less of it reaches a model."""


def compact(text: str) -> str:
    """Letters and digits only, in one case and one alphabet width."""
    return "".join(char for char in _folded(text) if char.isalnum())


def orders_in(lines: list[str]) -> list[bool]:
    """Which of some lines of writing, read one after another, take part in an order; it may be spread over several."""
    parts = [compact(line) for line in lines]
    found = [match.span() for match in _WRITING.finditer("".join(parts))]
    ends = list(accumulate(map(len, parts)))
    return [
        any(start < end and end - len(part) < stop for start, stop in found)
        for part, end in zip(parts, ends, strict=True)
    ]


@lru_cache(maxsize=16384)
def is_order(text: str) -> bool:
    """Whether a text in sentences gives an order, or quotes writing that does.

    It is stricter than `orders_in`. What it can't see: an order in another language, in other words, or told as a story
    ("this is only a drill").
    """
    seen = _folded(text[:LONGEST])
    return bool(_SENTENCES.search(seen)) or any(orders_in([quoted[1]])[0] for quoted in _QUOTED.finditer(seen))


def first_order(value: JsonValue) -> str | None:
    """The first sentence in the texts of a JSON value, keys too, that reads like an order; None where none does."""
    text = next((text for text in _texts(value) if is_order(text)), None)
    if text is None:
        return None
    return next((part for part in re.split(r"(?<=[.!?])\s+", text[:LONGEST]) if is_order(part)), text)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from (key, *_texts(part))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def revealed(text: str) -> str:
    """A text with what is hidden in it in tag characters, which a model may read and nobody sees."""
    return text.translate(_TAGS)


def _folded(text: str) -> str:
    """In one case, one alphabet and one width, with what is hidden in it, without what can't be seen."""
    folded = unicodedata.normalize("NFKC", revealed(text)).casefold().translate(_ALIKE)
    return "".join(char for char in folded if unicodedata.category(char) != "Cf")
