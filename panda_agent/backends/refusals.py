"""Prose that declines to answer, told apart from prose that reports that something can't be seen."""

from __future__ import annotations

import re

from panda_agent.backends.json_in_text import objects_in
from panda_agent.backends.replies import visible

HEAD = 400
"""Characters in which a refusal shows itself."""
SENTENCES = 3
"""Of the head, that are looked at."""
_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")
_QUOTE = re.compile(r"[\"“«„][^\"”»“]*[\"”»“]?")
_OPENING = r"""(?: (?:(?:I\ am|I['’]m|we\ are)\ (?:\w+\ )?)?(?:sorry|afraid) | (?:I\ |we\ |my\ )?apolog\w+
    | unfortunately | regrettably | (?:I\ am|I['’]m)\ (?:just\ |only\ )?an?\ \w+
    | (?:I|we)\ (?:\w+\ )?(?:understand|appreciate|know) | as\ an?\ \w+ | however | but | thanks? | since | because
    | given | due\ to | for\ \w+\ reasons )\b .{0,120}? \b"""
"""What a sentence may begin with before it declines: nothing that a sign or a person in the picture says."""
_CAN_NOT = r"""(?: can(?:['’]?t|\ ?not)(?:\ and\ will\ not)? | won['’]?t | will\ not
    | (?:am|['’]m|are)\ (?:unable|not\ (?:able|allowed|permitted|going))\ to
    | (?:am\ not|['’]m\ not|are\ not|do\ not\ feel|don['’]t\ feel)\ comfortable(?:\ with)? )\ (?:be\ able\ to\ )?"""
_GIVE = r"""(?: (?:assist|help(?:ing)?|comply|participat(?:e|ing)|engag(?:e|ing)|continue|proceed|cooperate)
        (?= \s*(?:[.,;!]|$) | \ (?:you\ )?(?:with|in|further)\b(?!\ certainty) )
    | (?:fulfil?l|satisfy|process|complete)\ (?:this|that|these|your|such|images)\b
    | do\ (?:that|this)\s*[.,!]
    | answer(?:ing)?(?:\ (?:that|this|your\ (?:question|request)))?\s*(?:[.,!]|$)
    | (?:describ|analy[sz]|discuss|interpret|review|monitor|assess)(?:e|ing)?\ (?:or\ \w+\ )?
        (?:this|that|these|those|your|such|any\ of\ th\w+|real|violent|graphic|explicit|harmful|sensitive|illegal
        |scenes|footage|content|images|people\ in)\b(?!\ (?:\w+\ )?(?:as|further)\b)
    | identify(?:ing)?\ (?:or\ describ(?:e|ing)\ )?(?:real\ )?(?:people|individuals|persons)\ (?:in|from|based)\b
    | (?:provid|offer|giv)(?:e|ing)\ (?:any\ )?(?:assistance|help|support|guidance)\b
    | (?:provid|offer|giv|generat|creat)(?:e|ing)\ (?:an?\ |any\ )?(?:\w+\ )?
        (?:description|analysis|details?|information|commentary|content|response)s?
        \ (?:of|about|on|for|to)\ (?:an?\ )?(?:this|that|these|such|violent|graphic|harmful|sensitive|illegal)\b )"""
_WAYS = (
    rf"\b(?:I|we)\ ?(?:also\ |just\ |simply\ |therefore\ )?{_CAN_NOT}{_GIVE}",
    r"""\b(?:I|we) (?: (?:['’]d|\ would)\ (?:prefer|rather)\ not\b(?!\ (?:to\ )?(?:guess|say|judge))
        | (?:['’]ll|\ (?:must|will|have\ to|need\ to))\ (?:respectfully\ |politely\ )?(?:decline|refuse) )\b""",
    r"""(?:this|that|it)(?:['’]s|\ is)\ not\ something\ (?:that\ )?(?:I|we)\b .{0,20}
        \b(?:help|assist|do|describe|discuss|provide)\b""",
    r"""(?:my|our)\ (?:\w+\ )?(?:guidelines|polic\w+|programming)\b .{0,40}
        \b(?:not|don['’]t|doesn['’]t|prevents?|prohibits?|forbids?)\b""",
    r"""(?: (?:this|that|your|the)\ (?:request|content|question|prompt|material|image|video)s? | it(?:\ is)? | such\ \w+
        | (?:describ|analy[sz]|discuss|answer)ing ) \b .{0,60} \b(?:against|violat\w+)\ .{0,20}
        \b(?:my|our|content|usage|safety|use)\b .{0,20} (?:guideline|polic|programming)""",
    r""".{0,80} (?: \btoo\ (?:graphic|violent|disturbing|sensitive|explicit)\ for\ (?:me|us)
        | ing\ (?:this|that|it)\ would\ be\ (?:inappropriate|harmful|unethical|irresponsible) )\b""",
)
_DECLINES = re.compile(rf"(?:{_OPENING})? (?: {'|'.join(_WAYS)} )", re.I | re.X)
_BAD_PICTURE = re.compile(
    r"""\b(?:because|as|since|due\ to|given)\b .{0,60} \b(?:dark|black|white|blank|empty|blur\w*|resolution|nois[ye]
        |grainy|small|quality|obstructed|covered|overexposed|unclear|corrupt\w*)\b""",
    re.I | re.X,
)


def is_refusal(text: str) -> bool:
    """Whether a reply declines to answer.

    "I'm sorry, but I can't assist with that" is a refusal; "I can't see any people" is an observation, and so is what a
    sign says, what is quoted, and what can't be told because the picture is dark. An endpoint that enforces a shape
    gets its refusals in that shape: a field that declines, beside lists with nothing in them. Missing one is no harm:
    such a text has not the shape that was asked for either.
    """
    replies = list(objects_in(text))
    if not replies:
        return _declines(text)
    return any(not any(_lists(reply)) and any(map(_declines, _strings(reply))) for reply in replies)


def _lists(reply: dict[str, object]) -> list[list[object]]:
    return [value for value in reply.values() if isinstance(value, list)]


def _strings(reply: dict[str, object]) -> list[str]:
    return [value for value in reply.values() if isinstance(value, str)]


def _declines(text: str) -> bool:
    """Whether one of the first sentences begins by declining."""
    plain = _QUOTE.sub("…", visible(text.strip()[:HEAD]))
    sentences = [sentence.strip() for sentence in _BREAK.split(plain)][:SENTENCES]
    return any(_DECLINES.match(one) and not _BAD_PICTURE.search(one) for one in sentences)
