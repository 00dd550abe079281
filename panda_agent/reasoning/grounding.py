"""Is a sentence backed by the evidence that it cites? Pure functions; nothing is asked of a model.

A claim is grounded if it cites rows that exist, each of them overlaps its span, the span is at most twice as long as
they cover together, and every number, time and content word of its text is found in what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from panda_agent.reasoning.facts import Facts, Number, before, counted, facts_of
from panda_agent.reasoning.lexicon import COUNTED, FREE, UNITS, enough_for
from panda_agent.reasoning.tokens import Token, cut_off, said, tokens
from panda_agent.types import Claim, Evidence, TimeSpan, clock, merge_spans

Kind = Literal["unknown_cite", "no_overlap", "span_too_wide", "number", "time", "word"]
WIDEST = 2.0
"""A span may be this many times as long as what its cites cover."""
TOLERANCE = 1e-6
POSITIONS = frozenset(["at", "from", "to", "until", "till", "by"])
"""Before a number of seconds: it is a moment of the video."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a claim is not grounded."""

    kind: Kind
    sentence: str


def grounded(claim: Claim, rows: Mapping[str, Evidence]) -> bool:
    """Whether a claim is backed by the evidence that it cites; see `problems`."""
    return not problems(claim, rows)


def problems(claim: Claim, rows: Mapping[str, Evidence]) -> list[Problem]:
    """Everything that a claim says beyond the evidence that it cites.

    Args:
        claim: The claim.
        rows: All evidence of the case, by `Evidence.cite`.
    """
    cited = [rows[cite] for cite in claim.cites if cite in rows]
    return [
        *_cites(claim.text, claim.cites, rows),
        *_times(claim.span, cited),
        *unbacked(claim.text, cited, claim.span),
    ]


def check_prose(
    sentences: Iterable[tuple[str, Sequence[str]]], rows: Mapping[str, Evidence], about: str = "scene"
) -> tuple[list[Claim], list[Problem]]:
    """Keep of somebody's prose the sentences that are grounded, as claims whose span is the hull of their cites.

    Args:
        sentences: (text, cites); a text of several sentences that does not stand as it is is split, and each one
            answers for itself.
        rows: All evidence of the case, by `Evidence.cite`.
        about: The hypothesis that the claims are about.

    Returns:
        The claims that stand, and what is wrong with the others.
    """
    kept: list[Claim] = []
    wrong: list[Problem] = []
    for text, cites in sentences:
        span = hull_of([rows[cite] for cite in cites if cite in rows])
        whole = Claim(text=text.strip(), span=span, about=about, cites=tuple(cites))
        parts = [whole.text] if grounded(whole, rows) else re.split(r"(?<=[.!?])\s+", whole.text)
        for sentence in parts:
            claim = Claim(text=sentence, span=span, about=about, cites=tuple(cites))
            found = problems(claim, rows)
            wrong += found
            kept += [] if found else [claim]
    return kept, wrong


def hull_of(rows: Sequence[Evidence]) -> TimeSpan:
    """The shortest span that holds some rows; an empty one at 0 where there is none."""
    if not rows:
        return TimeSpan(start=0.0, end=0.0)
    return TimeSpan(start=min(row.span.start for row in rows), end=max(row.span.end for row in rows))


def unbacked(text: str, cited: Sequence[Evidence], span: TimeSpan) -> list[Problem]:
    """What a text says beyond some rows of evidence; a whole row in its own words says nothing beyond it.

    Args:
        text: One or more sentences.
        cited: The rows.
        span: What the text is about.
    """
    if any(text.strip() == row.statement.strip() != "" for row in cited):
        return []
    pieces = tokens(text)
    facts = facts_of(cited, span, {one.stem for one in pieces if one.kind == "word"})
    found = [*_words(text, pieces, facts), *_numbers(pieces, facts, len(cited))]
    says = [one for one in pieces if one.kind not in ("stop", "id")]
    return found if says else [Problem("word", "It says nothing.")]


def _cites(text: str, cites: Sequence[str], rows: Mapping[str, Evidence]) -> Iterator[Problem]:
    if not cites:
        yield Problem("unknown_cite", "It cites nothing.")
    for cite in cites:
        if cite not in rows:
            yield Problem("unknown_cite", f"There is no evidence {cite!r}.")
    for one in tokens(text):
        if one.kind == "id" and one.text not in cites:
            yield Problem("unknown_cite", f"It names {one.text}, which it does not cite.")


def _times(span: TimeSpan, cited: Sequence[Evidence]) -> Iterator[Problem]:
    for row in cited:
        if not _meets(span, row.span):
            yield Problem("no_overlap", f"{row.cite} is of {row.span}, not of {span}.")
    covered = sum(one.duration for one in merge_spans(row.span for row in cited))
    if cited and span.duration > WIDEST * covered + TOLERANCE:
        yield Problem("span_too_wide", f"{span} is more than twice the {covered:.1f} s that its evidence covers.")


def _meets(span: TimeSpan, other: TimeSpan) -> bool:
    """Whether they share time; a moment without length is shared where it lies inside."""
    if span.duration == 0 or other.duration == 0:
        return span.touches(other)
    return span.overlap(other) > 0


def _words(text: str, pieces: Sequence[Token], facts: Facts) -> Iterator[Problem]:
    zero = any(one.kind == "number" and one.value == 0 for one in pieces)
    known = facts.words | ({(word, False) for word in facts.empty} if zero else set())
    for word, denied in sorted(said(text)):
        if word not in FREE and not any((other, denied) in known for other in enough_for(word, denied)):
            other_way = " (there it is said the other way round)" if (word, not denied) in known else ""
            yield Problem("word", f"No cited evidence says {word!r}{other_way}.")
    for one in pieces:
        if one.kind in ("date", "sign") or (one.kind == "word" and _is_name(one.text)):
            if one.text not in facts.verbatim:
                yield Problem("word", f"No cited evidence says {one.text!r}.")
        elif one.kind == "letter" and one.text not in facts.letters:
            yield Problem("word", f"No cited evidence has a picture [{one.text.upper()}].")
    for word in cut_off(text):
        if not re.search(rf"\b{re.escape(word)}", facts.text):
            yield Problem("word", f"No cited evidence says {word + '…'!r}.")


def _is_name(text: str) -> bool:
    """Whether a word has digits in it, as names have; the unit "s²" has them too."""
    return any(char.isdigit() for char in text) and text != "s2"


def _numbers(pieces: Sequence[Token], facts: Facts, cites: int) -> Iterator[Problem]:
    for i, one in enumerate(pieces):
        if one.kind == "time" and not _is_time(one, facts):
            yield Problem("time", f"{clock(one.value)} lies outside of the cited evidence.")
        elif one.kind == "number" and not _is_number(pieces, i, facts, cites):
            yield Problem("number", f"No cited evidence has the number {one.text}{'%' if one.percent else ''} there.")


def _is_time(one: Token, facts: Facts) -> bool:
    slack = 0.5 * 10.0**-one.decimals + TOLERANCE
    inside = any(span.start - slack <= one.value <= span.end + slack for span in facts.spans)
    return inside or any(abs(one.value - time) <= slack for time in facts.times)


def _is_number(pieces: Sequence[Token], i: int, facts: Facts, cites: int) -> bool:
    one, counts, named = pieces[i], counted(pieces, i), before(pieces, i)
    if counts & COUNTED:
        return one.value == cites
    if "s" in counts and i and pieces[i - 1].text in POSITIONS and _is_time(one, facts):
        return True
    if _is_scale(pieces, i):
        return True
    fits = [number for number in facts.numbers if _equal(one, number)]
    if any(named & number.counts for number in facts.numbers):
        fits = [number for number in fits if named & number.counts]
    unit = counts & UNITS
    if unit or named or not counts or "." in one.text:
        return any(number.measured or not unit or unit & number.counts or not number.counts for number in fits)
    return _is_count(one.value, counts, facts)


def _is_count(value: float, counts: frozenset[str], facts: Facts) -> bool:
    """Whether there are so many of something: as many as evidence says of it, or else as it counts of anything."""
    alike = counts.union(*(enough_for(word, False) for word in counts))
    told = [number.value for number in facts.numbers if alike & number.counts]
    free = [number.value for number in facts.numbers if number.whole or not (number.measured or number.counts)]
    return value in (told or free)


def _is_scale(pieces: Sequence[Token], i: int) -> bool:
    """Whether it is the 1 of "0.88 of 1": the end of a scale."""
    before_it = pieces[max(0, i - 2) : i]
    shape = [one.text if one.kind == "word" else one.kind for one in before_it]
    return pieces[i].value == 1 and shape == ["number", "of"] and before_it[0].value <= 1


def _equal(one: Token, number: Number) -> bool:
    """Whether a written number is another one, rounded as it is written; of percent, as a share."""
    slack = 0.5 * 10.0**-one.decimals
    if one.percent:
        share = number.value / 100.0 if number.percent else number.value
        return abs(one.value / 100.0 - abs(share)) <= slack / 100.0 + TOLERANCE
    values = (number.value / 100.0,) if number.percent else (number.value,)
    return any(abs(one.value - abs(value)) <= slack + TOLERANCE for value in values)
