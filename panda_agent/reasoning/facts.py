"""What rows of evidence say: the words, numbers and times that a sentence which cites them may use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from panda_agent.reasoning.lexicon import ASKED, FREE, HEARSAY, NUMBERS, OUTSIDE, SECONDS, TOLD_BY, UNITS
from panda_agent.reasoning.tokens import Token, plain, said, tokens
from panda_agent.types import Evidence, TimeSpan
from panda_agent.words import stem

COURSES = frozenset(["profile", "path", "patches"])
"""Data fields that hold a course over time: any number can be found in one, so only its peak counts."""
NEAR = 3
"""Words behind a number that may name what it counts."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a sentence or in data."""

    value: float
    percent: bool = False
    counts: frozenset[str] = frozenset()
    """Stems of what it counts, or of the name of its field."""
    measured: bool = False
    """From a data field, not from a text."""
    whole: bool = False
    """From a data field that holds whole numbers, as counts are."""


@dataclass(slots=True)
class Facts:
    """All that some rows say together."""

    words: set[tuple[str, bool]] = field(default_factory=set)
    """(stem, denied)."""
    verbatim: set[str] = field(default_factory=set)
    """Whatever is written with digits, signs or foreign letters: names, ids, dates."""
    numbers: list[Number] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Moments that the rows name, seconds."""
    spans: list[TimeSpan] = field(default_factory=list)
    letters: set[str] = field(default_factory=set)
    text: str = ""
    """All of their texts, in small letters."""
    empty: set[str] = field(default_factory=set)
    """Stems of the names of fields whose value is 0, false or null."""


def facts_of(rows: Iterable[Evidence], within: TimeSpan, words: Collection[str]) -> Facts:
    """Collect what rows say.

    Args:
        rows: The rows that a sentence cites.
        within: The span it is about; of a course over time, the peak in it counts.
        words: Stems of the sentence: what is somebody's word counts only where they say so.
    """
    facts = Facts()
    silent = OUTSIDE | {kind for kind, speakers in HEARSAY.items() if speakers.isdisjoint(words)}
    for row in rows:
        facts.spans.append(row.span)
        if row.kind not in silent:
            _add_row(facts, row, within)
    return facts


def _add_row(facts: Facts, row: Evidence, within: TimeSpan) -> None:
    asked = ASKED.get(row.kind, frozenset())
    question = row.data.get("question")
    _add_text(facts, row.statement.replace(question, " ") if isinstance(question, str) and question else row.statement)
    facts.words |= {(word, False) for word in TOLD_BY.get(row.kind, ())}
    facts.words |= {(stem(part), False) for part in f"{row.kind}_{row.family}".split("_")}
    letters = row.data.get("letters")
    if isinstance(letters, list):
        pairs = [pair for pair in letters if isinstance(pair, list) and len(pair) == 2]
        facts.letters |= {str(letter).lower() for letter, _ in pairs}
        facts.times += [float(time) for _, time in pairs if isinstance(time, int | float)]
    for name, value in row.data.items():
        if name not in asked and name not in COURSES and name != "letters":
            _add_field(facts, name, value)
    known = [row.score, row.span.duration, None if row.region is None else row.region.area, _peak(row, within)]
    facts.numbers += [Number(value, measured=True) for value in known if value is not None]


def _peak(row: Evidence, within: TimeSpan) -> float | None:
    """The highest point of its course in a span; nothing where it has none there."""
    return max((value for time, value in row.profile if within.start <= time <= within.end), default=None)


def _add_field(facts: Facts, name: str, value: JsonValue) -> None:
    stems = frozenset(stem(part) for part in plain(name).lower().split("_") if part)
    if value is None or value is False or value == 0:
        facts.empty |= stems
    else:
        facts.words |= {(part, False) for part in stems}
    for leaf in _leaves(value):
        if isinstance(leaf, str):
            _add_text(facts, leaf)
        else:
            whole = isinstance(leaf, int)
            facts.numbers.append(Number(float(leaf), counts=_unit(stems), measured=True, whole=whole))


def _leaves(value: JsonValue) -> Iterator[float | str]:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _leaves(part)


def _add_text(facts: Facts, text: str) -> None:
    pieces = tokens(text)
    facts.words |= said(text)
    facts.text += " " + plain(text).lower()
    facts.verbatim |= {one.text for one in pieces if one.kind in ("id", "date", "sign", "word")}
    facts.times += [one.value for one in pieces if one.kind == "time"]
    for i, one in enumerate(pieces):
        if one.kind == "number":
            facts.numbers.append(Number(one.value, one.percent, counted(pieces, i) | before(pieces, i)))


def counted(pieces: Sequence[Token], place: int) -> frozenset[str]:
    """The stems of what a number in a sentence counts or measures: the next words, up to a stop or another number."""
    found: list[str] = []
    for one in pieces[place + 1 : place + 1 + NEAR]:
        if one.kind != "word" or one.text in NUMBERS:
            break
        if one.stem in UNITS | SECONDS:
            found.append(one.stem)
            break
        if one.stem in FREE:
            break
        found.append(one.stem)
    return _unit(frozenset(found))


def before(pieces: Sequence[Token], place: int) -> frozenset[str]:
    """The stem of the word that names a number, as in "agitation 2.5" or "object 7"."""
    if place == 0 or pieces[place - 1].kind != "word" or pieces[place - 1].stem in FREE:
        return frozenset()
    return frozenset([pieces[place - 1].stem])


def _unit(stems: frozenset[str]) -> frozenset[str]:
    """With one name for all that are seconds."""
    return (stems - SECONDS) | {"s"} if stems & SECONDS else stems
