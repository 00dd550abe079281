"""The closed grammar of a conversation. What does not fit is answered with the nearest forms, never acted upon."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import NamedTuple

from pydantic import ValidationError

from panda_agent.conversation.times import CLEAR, SPAN, TO, span_in, span_of
from panda_agent.conversation.turns import (
    AddRule,
    FalseAlarm,
    Help,
    Know,
    LookAt,
    Quit,
    Show,
    Side,
    Tell,
    Turn,
    Undo,
    Way,
    WhatIf,
    Why,
    Without,
)
from panda_agent.types import Predicate
from panda_agent.words import stem

LONGEST = 2_000
"""Characters of a turn, at most."""
MISTYPED = 0.6
"""Likeness from which the start of a text may be a form's name with a slip in it."""
IDS = r"[\w.@:/-]+"
_WAYS: dict[str, Way] = {
    "zoomed": "zoomed", "zoom": "zoomed", "magnified": "zoomed", "closer": "zoomed", "sharper": "sharper",
    "faster": "faster", "brighter": "brighter", "brightened": "brighter",
}  # fmt: skip
_WAY = r"(?:\s+(?P<{}>" + "|".join(_WAYS) + "))?"
WHEN = rf"(?:from|between|at)\s+{SPAN}|(?:{CLEAR})(?:{TO}(?:{CLEAR}))?"
_SO: dict[str, Side] = {"so": "supports", "not so": "refutes"}
_OPS = ">=|<=|==|!=|>|<"
_FILE = re.compile(r"\S+\.ya?ml")


class Form(NamedTuple):
    """One thing that can be said."""

    name: str
    usage: str
    about: str
    words: str
    """Words of people who mean it."""
    pattern: str
    made: Callable[[re.Match[str]], Turn | None]


class Nearest(NamedTuple):
    """A turn that fits no form, and the forms that come nearest to it, best first."""

    text: str
    forms: tuple[Form, ...]


def _why(found: re.Match[str]) -> Turn | None:
    return Why(at=span_of(found["at"]) if found["at"] else None)


def _what_if(found: re.Match[str]) -> Turn | None:
    text = found["rest"].strip()
    off = re.fullmatch(
        rf"(?:rule\s+)?({IDS})\s+(?:is\s+|were\s+|was\s+)?(?:off|gone)|(?:without|no)\s+(?:rule\s+)?({IDS})", text, re.I
    )
    if off is not None:
        return WhatIf(off=off[1] or off[2])
    bound = re.fullmatch(rf"(?:(\w+)\s+)?(\w+)\s*({_OPS})\s*(\S+)", text)
    if bound is not None:
        field, op, value = bound.groups()[1:]
        return WhatIf(kind=bound[1], bound=Predicate.model_validate(f"{field} {op} {value}"))
    return WhatIf(rule=text) if _is_rule(text) else None


def _add_rule(found: re.Match[str]) -> Turn | None:
    text = found["rest"].strip()
    return AddRule(rule=text) if _is_rule(text) else None


def _is_rule(text: str) -> bool:
    return bool(_FILE.fullmatch(text) or re.match(r"\S+\s+when\s+\S", text, re.I))


def _look(found: re.Match[str]) -> Turn | None:
    at = span_of(found["at"]) if found["at"] else None
    way = found["way"] or found["way2"]
    if found["at"] and at is None:
        return None
    return LookAt(zone=found["zone"].strip(), at=at, way=_WAYS[way.lower()] if way else "as it is")


def _without(found: re.Match[str]) -> Turn | None:
    return Without(ids=tuple(re.findall(IDS, re.sub(r"\band\b", " ", found["ids"], flags=re.I))))


def _know(found: re.Match[str]) -> Turn | None:
    words = found["words"].strip()
    return Know(words=words, at=span_in(words), side=_SO.get((found["so"] or "").lower(), "unsaid"))


def _false_alarm(found: re.Match[str]) -> Turn | None:
    at = span_of(found["at"]) if found["at"] else None
    return None if found["at"] and at is None else FalseAlarm(at=at)


def _tell(found: re.Match[str]) -> Turn | None:
    return Tell(version=int(found["n"]) if found["n"] else None)


FORMS: tuple[Form, ...] = (
    Form(
        "why",
        "why TIME",
        "what speaks for and against at a moment, and what nearly did",
        "why reason explain cause evidence come think believe suspect",
        rf"why(?:\s+not)?(?:\s+(?P<at>{SPAN}))?",
        _why,
    ),
    Form(
        "what if",
        "what if RULE off | what if [KIND] FIELD >= NUMBER | what if EVENT when KIND FIELD >= NUMBER [weight W]",
        "what the verdict would be; nothing is kept",
        "if suppose would threshold off stricter rule change assume",
        r"what\s+if\s+(?P<rest>.+)",
        _what_if,
    ),
    Form(
        "look at",
        "look at ZONE [from A to B] [zoomed]",
        "look there once more, and file what is seen",
        "look zoom see closer watch region zone magnify corner left right top bottom",
        rf"look(?:\s+again)?\s+at\s+(?P<zone>.+?){_WAY.format('way')}(?:\s+(?P<at>{WHEN}))?{_WAY.format('way2')}",
        _look,
    ),
    Form(
        "add rule",
        "add rule EVENT when KIND FIELD >= NUMBER [and FIELD …] [weight W] [benign] | add rule FILE.yaml",
        "judge by one more rule from now on",
        "add rule new alarm also report",
        r"add\s+rule\s+(?P<rest>.+)",
        _add_rule,
    ),
    Form(
        "show",
        "show ID",
        "a row of evidence or a rule, with its numbers",
        "show evidence picture row number details display open",
        rf"show\s+(?P<id>{IDS})",
        lambda found: Show(id=found["id"]),
    ),
    Form(
        "without",
        "without ID[, ID]",
        "what the verdict would be without these rows; nothing is kept",
        "without ignore leave drop exclude discard rows",
        rf"without\s+(?P<ids>{IDS}(?:(?:\s*,\s*|\s+and\s+|\s+){IDS})*)",
        _without,
    ),
    Form(
        "I know",
        "I know [it is so: | it is not so:] FACT",
        "what you know counts as evidence",
        "know is that guard he she it was employee staff allowed because",
        r"i\s+know(?:\s+it\s+is\s+(?P<so>so|not\s+so)\s*:|\s*[:,])?\s+(?P<words>.+)",
        _know,
    ),
    Form(
        "false alarm",
        "false alarm [A–B]",
        "what was found there is normal here",
        "false alarm wrong mistake nothing harmless normal",
        rf"false\s+alarm(?:\s+(?P<at>{SPAN}))?",
        _false_alarm,
    ),
    Form("undo", "undo", "take back the last change", "undo back revert cancel", r"undo", lambda _: Undo()),
    Form(
        "verdict",
        "verdict [N]",
        "the verdict, or an earlier version of it",
        "verdict result conclusion label summary happened version",
        r"verdict(?:\s+(?P<n>[1-9]\d{0,5}))?",
        _tell,
    ),
    Form("help", "help", "what can be said", "help usage commands how", r"help|\?", lambda _: Help()),
    Form("quit", "quit", "end the conversation", "quit exit bye stop end", r"quit|exit|bye|q", lambda _: Quit()),
)


def read(text: str) -> Turn | Nearest:
    """What a line says, or the forms that come nearest to it.

    Args:
        text: As it was typed.
    """
    line = " ".join(text.split())[:LONGEST]
    bare = line.rstrip(" ?!.") or line
    for form in FORMS:
        found = re.fullmatch(form.pattern, bare, re.I)
        turn = None if found is None else _made(form, found)
        if turn is not None:
            return turn
    return nearest(line)


def _made(form: Form, found: re.Match[str]) -> Turn | None:
    try:
        return form.made(found)
    except (ValidationError, OverflowError):
        return None


def nearest(text: str, n: int = 2) -> Nearest:
    """The forms whose words, or whose beginning, are most like a text; the grammar's order where none is."""
    said = {stem(word) for word in re.findall(r"[a-z']+", text.lower())}
    ranked = sorted(FORMS, key=lambda form: -_likeness(form, text.lower(), said))
    return Nearest(text, tuple(ranked[:n]))


def _likeness(form: Form, text: str, said: set[str]) -> float:
    shared = len(said & {stem(word) for word in form.words.split()})
    alike = difflib.SequenceMatcher(None, form.name.lower(), text[: len(form.name)]).ratio()
    return shared + (2 * alike if alike >= MISTYPED else 0.0)
