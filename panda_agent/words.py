"""Does an English sentence say something, and not deny it? Stems, phrases with gaps, and the reach of a "no"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

GAP = 3
"""Words that may stand between two words of a phrase: `ride bicycle` is in "riding an old red bicycle"."""
REACH = 5
"""Words after "no" or "without" that it denies; each "," or "or" of a list lets it reach as far again."""
Phrase = Sequence[tuple[str, int]]
"""Its words, by stem, each with how many others may stand before it."""
DENYING = frozenset(
    """not never nobody none neither nor nothing unlikely cannot can't isn't aren't wasn't weren't don't doesn't didn't
    hasn't haven't""".split()  # noqa: SIM905
)
"""Deny everything up to the end of the sentence, or to a word of contrast."""
LACKING = frozenset(["no", "without", "lack", "lacks", "lacking", "absence"])
CONTRAST = frozenset(["but", "however", "although", "though", "while", "whereas", "except", "yet"])
JOINING = frozenset(["or", "nor", "and", "any", ","])
IRREGULAR = {
    "fell": "fall", "fallen": "fall", "ran": "run", "rode": "ride", "ridden": "ride", "fought": "fight",
    "threw": "throw", "thrown": "throw", "stole": "steal", "stolen": "steal", "broke": "break", "broken": "break",
    "lay": "lie", "lain": "lie", "lying": "lie", "shot": "shoot", "drove": "drive", "driven": "drive",
    "left": "leave", "people": "person", "men": "man", "women": "woman", "children": "child", "stood": "stand",
    "sat": "sit", "held": "hold", "burnt": "burn", "caught": "catch", "took": "take", "taken": "take",
    "rose": "rise", "risen": "rise", "sank": "sink", "sunk": "sink", "came": "come", "went": "go",
    "buses": "bus", "knives": "knife", "goes": "go", "does": "do",
}  # fmt: skip


DOUBLING = re.compile(r"[^aeiou]+[aeiou][^aeiouwxy]")
"""One short vowel before one last consonant: rob, run, hit, stop."""


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A word without its ending, so that its forms are equal: rides, riding, rode → rid.

    Light on purpose: it joins forms of verbs and plurals, not words of one family. Short words that double their last
    letter in other forms (rob, robbed) end in it twice, which keeps them apart from those that drop an e (robe, ride).
    """
    word = IRREGULAR.get(word, word)
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            if ending != "s":
                return _softened(word)
            break
    return word + word[-1] if DOUBLING.fullmatch(word) else _softened(word)


def _softened(word: str) -> str:
    return word[:-1] + "i" if word.endswith("y") else word


def mentions(text: str, phrases: Iterable[str]) -> bool:
    """Whether a text says one of some phrases without denying it.

    A phrase is one or more words; they must stand in this order in one sentence, in any form, with at most `GAP` words
    between them. What it can't see: irony, questions, and a "no" that belongs to another thing ("a man with no shirt
    hits" counts as denied).

    Args:
        text: Any length; untrusted.
        phrases: Words as in a dictionary: "ride bicycle". Nothing may stand between words that "_" joins: "on_fire".
    """
    wanted = _by_first_word(tuple(phrases))
    return any(_says(sentence, wanted) for sentence in _read(text))


def quote(text: str, phrases: Iterable[str]) -> str:
    """The first sentence of a text that says one of some phrases; nothing where none does."""
    wanted = tuple(phrases)
    parts = re.split(r"(?<=[.!?;\n])\s+", text)
    return next((part.strip() for part in parts if mentions(part, wanted)), "")


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[list[tuple[str, bool]], ...]:
    """The sentences of a text; hundreds of rules ask the same caption."""
    return tuple(sentences(text))


@lru_cache(maxsize=1024)
def _by_first_word(phrases: tuple[str, ...]) -> dict[str, list[Phrase]]:
    wanted: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        parts = [part.split("_") for part in phrase.lower().split()]
        words = [(stem(word), GAP if i == 0 else 0) for part in parts for i, word in enumerate(part)]
        wanted.setdefault(words[0][0], []).append(words)
    return wanted


def sentences(text: str) -> Iterator[list[tuple[str, bool]]]:
    """Each sentence as (stem, whether it is denied) for each of its words."""
    for part in re.split(r"[.!?;:\n]+", text.lower().replace("’", "'")):
        words = re.findall(r"[a-z][a-z'-]*|,", part)
        if words:
            yield _marked(words)


def _marked(words: Sequence[str]) -> list[tuple[str, bool]]:
    marked: list[tuple[str, bool]] = []
    reach = 0
    for i, word in enumerate(words):
        if word in CONTRAST:
            reach = 0
        elif word in DENYING:
            reach = len(words)
        elif word in LACKING:
            reach = max(reach, REACH + 1)
            if word == "no" and words[i + 1 : i + 2] == ["one"]:
                reach = len(words)
        elif word in JOINING and reach:
            reach = max(reach, REACH)
        if word != ",":
            marked.append((stem(word), reach > 0))
        reach = max(0, reach - 1)
    return marked


def _says(sentence: Sequence[tuple[str, bool]], wanted: Mapping[str, Sequence[Phrase]]) -> bool:
    return any(_from(sentence, i, phrase) for i, (word, _) in enumerate(sentence) for phrase in wanted.get(word, ()))


def _from(sentence: Sequence[tuple[str, bool]], start: int, phrase: Phrase) -> bool:
    """Whether the phrase stands from `start` on, each of its words not denied."""
    place = start
    for n, (word, gap) in enumerate(phrase):
        ahead = range(place, place + 1) if n == 0 else range(place + 1, min(place + 2 + gap, len(sentence)))
        found = next((i for i in ahead if sentence[i][0] == word), None)
        if found is None or sentence[found][1]:
            return False
        place = found
    return True
