"""Does a sentence say what a query asks for? A check of words, as vectors of meaning can't tell.

Sentence vectors lie near where the same things are named: "bicycles are parked" beside "riding a bicycle", "no one is
running" beside "running". So a sentence that a vector search finds counts only where every content word of the query,
or one that implies it (`alike_words`), stands in it in order and near its neighbour, is not denied
(`panda_agent.words`), is the head of its name (no fire in "fire hydrant"), and where whoever acts is who the query asks
for (no runner in "a pipe running along the wall").

What it can't see: what is told in other words ("they roll on the ground, fists flying" for a fight), the passive ("a
cart is pushed"), numbers, and where things are ("under", "behind"): places are let through unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from panda_agent.errors import ToolError
from panda_agent.tools.alike_words import DOERS, MOVERS, PERSON, SOMEBODY, alike, any_of
from panda_agent.tools.grammar import (
    ARTICLES,
    FUNCTION,
    HAVING,
    HELPERS,
    JOINING,
    PLACING,
    Word,
    is_before_its_thing,
    is_done_by,
    is_head,
    is_state,
    is_verb,
    read,
    stands_in,
)
from panda_agent.words import GAP

APART = 8
"""Words between a thing and what it does, at most; between others it is `GAP`."""
DOUBT_REACH = 4
"""Words that a word of doubt still covers."""
FRAMING = re.compile(r"^\W*(an? |the )?(photo|picture|image|frame|scene|video|clip)s? (of|with|in which|where)\b")
"""How people begin a query; it asks for nothing."""
NO_CONTENT = FUNCTION - {"wearing", "carrying", "holding", "using"}
COLOURS = any_of("""red orange yellow green blue purple pink brown black white gray grey beige dark bright""")
DOUBT = any_of(
    """possibly perhaps maybe might may could pretending pretend preparing about if like resembling resembles similar
    unclear trying statue poster posters sign signs symbol painting logo toy drawing mural sculpture"""
)
"""Words after which a thing is guessed at, likened, or a picture of it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing or action that a query asks for."""

    stems: frozenset[str]
    action: bool
    colour: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A query, read."""

    terms: tuple[Term, ...]
    actors: frozenset[str]
    """Stems of whom its actions are to be done by."""
    actor: int | None
    """Which of the terms does them; None where any person may."""
    used: frozenset[str]
    """Its function words: they may stand between the terms in a sentence too."""


@dataclass(frozen=True, slots=True)
class Saying:
    """That a sentence says it; `doubtful` where only with "possibly", "or", "like", or of a picture of it."""

    doubtful: bool


def wishes(query: str) -> list[Wish]:
    """What a query asks for: as it stands, and with a doer told by the deed.

    Raises:
        ToolError: It asks for what is not there, for one thing or another, or holds no word of content.
    """
    plain = FRAMING.sub("", query.lower())
    words = read(plain)
    if any(word.denied for word in words):
        raise ToolError(
            f'What was told can\'t be searched for what is not there: "{query}".', hint="Ask for the thing itself."
        )
    if any(word.raw == "or" for word in words):
        raise ToolError(
            f'What was told is searched for one thing at a time: "{query}".', hint="Ask for each by itself."
        )
    deeds = re.sub(r"[a-z]+", lambda found: _deed(found[0]), plain)
    wanted = [wish for told in dict.fromkeys([plain, deeds]) if (wish := _wish(read(told))).terms]
    if not wanted:
        raise ToolError(f'There is no English word to look for in "{query}".', hint="Name a thing or an action.")
    return wanted


def _deed(word: str) -> str:
    return DOERS.get(word) or DOERS.get(word.removesuffix("s")) or word


def _wish(words: Sequence[Word]) -> Wish:
    used = frozenset(word.raw for word in words if word.raw in FUNCTION)
    content = _things_first(words, [i for i, word in enumerate(words) if word.raw not in NO_CONTENT])
    terms = [_term(words, i) for i in content]
    first = next((n for n, term in enumerate(terms) if term.action), None)
    if not first:
        return Wish(tuple(terms), MOVERS, None, used)
    joint = (i for i in range(content[0], content[first]) if words[i].raw in PLACING | HAVING)
    before = next(joint, content[first])
    actor = max((n for n in range(first) if content[n] < before), default=first - 1)
    if first == 1 and terms[0].stems == PERSON:
        return Wish(tuple(terms[1:]), PERSON, None, used)
    return Wish(tuple(terms), terms[actor].stems, actor, used)


def _things_first(words: Sequence[Word], content: Sequence[int]) -> list[int]:
    """Content words with "a parked car" turned into "car parked", and "a running man" into "man running"."""
    order = list(content)
    for n, (one, other) in enumerate(pairwise(content)):
        if is_before_its_thing(words, one) and not is_state(words[other]) and other == one + 1:
            order[n : n + 2] = [other, one]
    return order


def _term(words: Sequence[Word], i: int) -> Term:
    word = words[i]
    return Term(PERSON if word.raw in SOMEBODY else alike(word.raw), is_verb(words, i), word.raw in COLOURS)


def says(words: Sequence[Word], wish: Wish) -> Saying | None:
    """Whether a sentence says what is asked for, at its first place without doubt; None where it does not."""
    found = [_doubtful(words, places) for i in range(len(words)) if (places := _places(words, wish, i))]
    return Saying(all(found)) if found else None


def _places(words: Sequence[Word], wish: Wish, start: int) -> list[int]:
    """Where each term stands, the first of them at `start`; empty where one is missing."""
    places: list[int] = []
    for n in range(len(wish.terms)):
        reach = _reach(words, wish, n, places[-1]) if places else iter([start])
        place = next((i for i in reach if _fits(words, i, wish, n, places)), None)
        if place is None:
            return []
        places.append(place)
    return places


def _reach(words: Sequence[Word], wish: Wish, n: int, place: int) -> Iterator[int]:
    """Where the next term may stand.

    A thing and what it does may lie far apart; others may not, nor beyond a joint, nor beyond a preposition after
    another noun ("pushing a cart with a bicycle" pushes no bicycle), unless the query has that word too. And "a parked
    car" is a car parked.
    """
    if place and is_before_its_thing(words, place - 1):
        yield place - 1
    does = wish.terms[n].action and not wish.terms[n - 1].action
    passed = 0
    for i in range(place + 1, len(words)):
        raw = words[i].raw
        ends = JOINING | PLACING | (HAVING if passed else frozenset())
        if passed > (APART if does else GAP) or (not does and raw in ends - wish.used):
            return
        yield i
        passed += raw not in HELPERS | ARTICLES


def _fits(words: Sequence[Word], i: int, wish: Wish, n: int, places: Sequence[int]) -> bool:
    term, word = wish.terms[n], words[i]
    if word.denied or (word.stem not in term.stems and not (term.stems == PERSON and stands_in(words, i))):
        return False
    if is_verb(words, i):
        at = places[wish.actor] if wish.actor is not None and wish.actor < n else None
        return is_done_by(words, i, wish.actors, at)
    followed = n + 1 < len(wish.terms) and not wish.terms[n + 1].action
    return not term.action and (followed or term.colour or is_state(word) or is_head(words, i))


def _doubtful(words: Sequence[Word], places: Sequence[int]) -> bool:
    first, last = min(places), max(places)
    around = {word.raw for word in words[max(0, first - DOUBT_REACH) : last + 1]}
    near = {word.raw for word in words[max(0, first - 2) : last + 2]}
    return "or" in near or not DOUBT.isdisjoint(around)
