"""Just enough English grammar to tell who does what in a captioner's sentence, without a parser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from panda_agent.tools.alike_words import (
    ACTIONS,
    IRREGULAR_ACTIONS,
    MOVERS,
    NOUNS_IN_ING,
    PERSON,
    STANDING_IN,
    UNFOLDED,
    any_of,
)
from panda_agent.words import sentences

HELPERS = any_of(
    """is are was were be been being am appears appear seems seem appearing seeming to also still just currently then
    both either has have had can will would do does did"""
)
ARTICLES = any_of("""a an the this that these those his her their its some any another other 0""")
PLACING = any_of(
    """near next beside behind under above below past along across towards toward from away by between around outside
    against opposite"""
)
HAVING = any_of("""with in on of at wearing carrying holding using inside into onto for up down over out off""")
JOINING = any_of(", and or but while who which that then as whereas because")
OTHERWISE = any_of(
    """there here it he she they him them himself herself themselves what where when if than so too very not no visible
    present alone apart ahead together nearby something nothing else through per via during before after until about
    without within like such you i we forward forwards backwards upwards downwards could may might possibly perhaps
    maybe"""
)
PAUSES = any_of(", : ;")
NUMBER = "0"
FUNCTION = HELPERS | ARTICLES | PLACING | HAVING | JOINING | OTHERWISE
CAN_ACT = MOVERS | STANDING_IN
OWNER = 5
"""Words looked back from a noun for the "with" or "in" that makes it part of somebody: "a man in a red shirt"."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence, or a comma."""

    raw: str
    stem: str
    denied: bool = False


def read(text: str) -> list[Word]:
    """The words of a text, each with its stem and whether it is denied, and commas where it pauses.

    "Cycling" reads as "riding bicycle"; all figures read as one.
    """
    plain = re.sub(r"[a-z]+", lambda found: UNFOLDED.get(found[0], found[0]), text.lower().replace("’", "'"))
    marks = (mark for sentence in sentences(plain) for mark in sentence)
    raws = re.findall(r"[a-z][a-z'-]*|[,:;]|[0-9.]*[0-9]", plain)
    return [Word(raw, *next(marks)) if raw[0].isalpha() else _mark(raw) for raw in raws]


def _mark(raw: str) -> Word:
    """A pause, or a number, which is read over like an article."""
    mark = "," if raw in PAUSES else NUMBER
    return Word(mark, mark)


def is_verb(words: Sequence[Word], i: int) -> bool:
    """Whether a word tells an action: by its ending, or because it follows whoever acts ("a man runs")."""
    word = words[i]
    if word.raw.endswith("ing") and len(word.raw) > 4:
        return word.raw not in NOUNS_IN_ING and not _is_modifier(words, i)
    if word.stem not in ACTIONS:
        return False
    if word.raw.endswith("ed") or word.raw in IRREGULAR_ACTIONS:
        return True
    back = (words[j] for j in range(i - 1, -1, -1))
    before = next((one for one in back if one.raw != NUMBER and not one.raw.endswith("ly")), None)
    return before is not None and (before.raw == "to" or before.stem in CAN_ACT)


def _is_modifier(words: Sequence[Word], i: int) -> bool:
    """Whether a word in -ing only tells what sort of thing follows: "in a fighting stance", "a swimming pool"."""
    if i == 0 or words[i - 1].raw not in ARTICLES or i + 1 == len(words):
        return False
    after = words[i + 1]
    return not (after.raw in FUNCTION or after.stem in CAN_ACT or after.raw.endswith("ly"))


def is_state(word: Word) -> bool:
    """Whether a word tells a state, like "parked"; it may stand before and after its thing."""
    return word.raw.endswith("ed") and len(word.raw) > 4


def is_before_its_thing(words: Sequence[Word], i: int) -> bool:
    """Whether a state or an action may belong to the word after it: "parked cars", "a running man"."""
    return is_state(words[i]) or (is_verb(words, i) and i > 0 and words[i - 1].raw in ARTICLES)


def is_head(words: Sequence[Word], i: int) -> bool:
    """Whether a name ends with this word, and it is not the first half of another: "fire" in "fire hydrant"."""
    if i + 1 == len(words):
        return True
    raw = words[i + 1].raw
    return raw in FUNCTION or raw.endswith(("ed", "ly")) or is_verb(words, i + 1)


def is_done_by(words: Sequence[Word], i: int, actors: frozenset[str], at: int | None = None) -> bool:
    """Whether who does the action at `i` is one of those asked for; where nobody is named, somebody does it.

    Args:
        words: The sentence.
        i: Where the action stands.
        actors: Stems of those asked for.
        at: Where one of them was found already: then it must be that one.
    """
    if is_before_its_thing(words, i) and words[i + 1 : i + 2] and words[i + 1].stem in actors:
        return at in (None, i + 1)
    place = subject(words, i, actors | CAN_ACT)
    if at is not None:
        return place == at
    anybody = actors >= PERSON
    if place is None:
        return anybody
    return words[place].stem in actors or (anybody and words[place].stem in STANDING_IN)


def stands_in(words: Sequence[Word], i: int) -> bool:
    """Whether a word stands for a person spoken of before in the sentence: "another", but no "two trees"."""
    spoken = any(word.stem in PERSON for word in words[:i])
    return words[i].stem in STANDING_IN and spoken and is_head(words, i)


def subject(words: Sequence[Word], i: int, actors: frozenset[str]) -> int | None:
    """Where the doer of the action at `i` stands, looking back from it; None where the sentence names none.

    Over helpers ("is", "appears to be") to the word before. Is that a joint or another action ("is walking and
    running"), the nearest of `actors` before it counts; is it a noun that somebody has on or with him, what stands
    before that; any other noun is the doer itself, be it a person or a water pipe.
    """
    j = i - 1
    while j >= 0:
        if words[j].stem in actors:
            return j
        if words[j].raw in HELPERS | ARTICLES | {"not"} or words[j].raw.endswith("ly"):
            j -= 1
        elif words[j].raw in JOINING | OTHERWISE or is_verb(words, j):
            return next((k for k in range(j, -1, -1) if words[k].stem in actors), None)
        else:
            owner = _owner(words, j)
            if owner is None or owner == j:
                return j
            j = owner - 1
    return None


def _owner(words: Sequence[Word], j: int) -> int | None:
    """Where the "with", "in", "wearing" ... of a noun stands; None where it is nobody's."""
    back = range(j, max(-1, j - OWNER), -1)
    joint = next((k for k in back if words[k].raw in JOINING | PLACING | HAVING), None)
    return joint if joint is not None and words[joint].raw in HAVING else None
