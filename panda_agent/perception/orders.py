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
            r"(stop|skip)(describ|analy[sz]|judg|report|this(clip|video|frame|image|case))",
            r"fromnowonyou|yournewtask|pretendthatyou|endof(data|prompt|input)",
            r"(dear|hey|hello)(ai|assistant|model|llm|bot|chatbot)",
            r"ignorez|ignorieren?|vergissalle|ignoralas|忽略|无视|無視",
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
    r"(?:normal|abnormal|anomal\w+|(?<=as )suspicious|nothing|safe|innocent|harmless|benign|yes|no|zero|none|unclear|"
    r"insufficient|fire|fight\w*|assault|explosion|weapons?|robbery|theft|panic|fall|json|only)"
    r"(?! to\b| entry\b| parking\b)"
)
_VERB = (
    r"(?:stop|skip|abort|pretend|treat|trigger|tell|repeat|describe|consider|assume|behave|respond|classify|judge|"
    r"assess|approve|dismiss|drop|discard|hide|omit|conceal|suppress|summari[sz]e|follow|obey|comply|switch|"
    r"reveal|confirm|conclude|answer|report|keep|let|begin|end|make|set|change|lower|raise|increase|decrease|"
    r"reduce|mark|rate|label|flag|score|return|choose|pick|select|open|run|execute|invoke|use|call|show|include|"
    r"mention|simulate|close|overlook|give|write|say|assign|put|leave|fill|send|delete|remove|add|insert|replace|"
    r"copy|quote|print|output|emit|ensure|remember|note|escalate|do)"
)
_DENIED = (
    r"(?:raise|send|issue|trigger|look|watch|consider|use|trust|believe|include|say|tell|write|mark|label|score|flag|"
    r"count|process|judge|check|follow|continue|escalate|let|rely)"
)
_TASK = (
    r"(?:clips?|videos?|footage|recordings?|frames?|images?|pictures?|scenes?|cases?|alerts?|outputs?|responses?|"
    r"replies|answers?|questions?|instructions?|prompts?|(?:line|text)s? above|above this|verdicts?|labels?|"
    r"scores?|anomal\w+|incidents?|reviewers?|analysts?|evidence|you (?:see|saw|did|are|were)|probabilit\w+|"
    r"confidence|options?|fields?|suspects?|tools?|commands?|analysis|the event|segments?|memory|threat level|"
    r"reasons?|reasoning|guidelines?|status|https?)"
)
"""What an order to a reader is about, and a sign in a street is not."""
_READER = (
    r"(?:ai|assistants?|models?|llms?|chatbots?|bots?|automated systems?|reviewers?|moderators?|annotators?|"
    r"algorithms?)"
)
_FIELD = r"(?:status|answer|score|event|label|verdict|tool|suspects|matched|confidence|cites)"
_SURE = (
    rf"{_START}(?:ignore|disregard|forget|override|bypass)\b[^.!?]{{0,60}}\b{_RULES}\b",
    rf"{_START}(?:report|say|answer|respond|reply|output|print|write|return|label|classify|mark|rate|score|flag|"
    rf"call|declare|treat)\b(?:\W+\w+){{0,3}}\W+{_VALUE}\b",
    r"\b(?:do not|don't|never) (?:report|flag|alert)\b",
    r"\b(?:your|new|previous|prior|hidden|initial) (?:system )?(?:instructions?|prompts?|directives?|guidelines?)\b",
    r"\bsystem (?:prompt|message|override|instructions?|notice)\b",
    r"\byou are (?:now )?(?:an? )?(?:ai|assistant|chatbot|bot|language model|obedient|in developer mode)\b",
    r"\byour (?:api )?(?:key|secret|password|token)\b|\bapi key\b",
    r"\b(?:call|use|run|execute|invoke) (?:the )?(?:tool|command)\b|\bdeveloper mode\b|/etc/(?:passwd|shadow)",
    rf"[\"'\\{{,]\s*{_FIELD}[\\\"']*\s*[:=]\s*[\\\"'\[]*\w",
    rf"\b(?:set|make|put|leave|fill) (?:the )?{_FIELD}\b",
    rf"\b{_FIELD}(?:\s*[:=]+\s*| must be | should be | shall be )[\"']?(?:{_VALUE}|[01](?:\.\d+)?)\b",
    r"</?\s*(?:data|system|assistant|user|instructions?)\b[^>]{0,40}>|<\|?(?:im_start|im_end|system)\|?>",
    r"\bfrom now on,? you\b|\byour (?:new |only )?task is\b|\bend of (?:data|prompt|input|instructions)\b",
    r"\b(?:ignorez|ignorieren?|vergiss|ignora)\b|忽略|无视|無視",
)
"""Orders whoever writes them."""
_LIKELY = (
    r"\b(?:do not|don't|never) (?:mention|describe|analy[sz]e|judge)\b",
    rf"{_START}{_VERB}\b[^.!?]{{0,60}}\b{_TASK}\b",
    rf"{_START}(?:do not|don't|never) {_DENIED}\b[^.!?]{{0,60}}\b{_TASK}\b",
    rf"\b(?:dear|hey|hi|hello|attention|note (?:to|for)|message (?:to|for)|any|every)\b[^.!?]{{0,20}}\b{_READER}\b",
    rf"{_START}(?:ai|assistant|llm|chatbot)\s*[,:]",
    r"\b(?:correct|right|expected|required|only) (?:outputs?|answers?|responses?|labels?|verdicts?)\b"
    r"[^.!?]{0,40}\b(?:is|are|must|should|would)\b",
    r"\b(?:answers|outputs?|responses?|replies|verdicts?) (?:must|should|shall|have to|has to) ",
    r"\b(?:must|may|shall|should|can) (?:not )?be "
    r"(?:escalated|reported|flagged|rated|judged|scored|labell?ed|classified)\b",
    r"\b(?:as|i am) (?:the|an?|your) (?:administrator|admin|developer|supervisor|boss|owner)\b",
    r"\bit is (?:mandatory|required|forbidden|obligatory) to\b|\byou have been (?:hacked|reset|reprogrammed)\b",
)
"""Orders by whoever has no business to give any: a person who asks may say "describe the incident"."""
_ORDERS = {False: re.compile("|".join(_SURE)), True: re.compile("|".join((*_SURE, *_LIKELY)))}
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
def is_order(text: str, *, asked: bool = False) -> bool:
    """Whether a text in sentences gives an order, or quotes writing that does.

    Those who write so may also describe: "normal scene" is no order, nor are drivers who ignore the rules. What it
    can't see: an order in most other languages, in words that it has not, or told as a story ("this is only a drill").

    Args:
        text: Any length; untrusted.
        asked: It is a question of somebody who may ask.
    """
    seen = _folded(text[:LONGEST])
    return bool(_ORDERS[not asked].search(seen)) or any(orders_in([quoted[1]])[0] for quoted in _QUOTED.finditer(seen))


def first_order(value: JsonValue, *, asked: bool = False) -> str | None:
    """The first sentence in the texts of a JSON value, keys too, that reads like an order; None where none does."""
    text = next((text for text in _texts(value) if is_order(text, asked=asked)), None)
    if text is None:
        return None
    parts = re.split(r"(?<=[.!?])\s+", text[:LONGEST])
    return next((part for part in parts if is_order(part, asked=asked)), text)


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
