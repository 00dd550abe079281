"""A sentence taken apart: its words, numbers, times of the clip, and marks such as ids and letters of pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from panda_agent.reasoning.lexicon import NUMBERS
from panda_agent.words import sentences, stem

TOKEN = re.compile(
    r"(?P<id>\be[0-9a-f]{11}(?:\.\d+)?\b)"
    r"|\[(?P<letter>[A-Z])\]"
    r"|(?P<date>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)"
    r"|(?P<time>\b\d+:\d\d(?::\d\d)?(?:\.\d+)?)"
    r"|(?P<number>(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?|(?<![\w.])\.\d+)"
    r"(?:(?P<percent>\s?%)|(?P<unit>(?:s|ms|m|x|st|nd|rd|th)\b)|(?![\w]))"
    r"|(?P<word>\w+(?:'\w+)*\ue000?)"
    r"|(?P<stop>[.,;:!?()\"“”–—])"
    r"|(?P<sign>\S)"
)


CUT = "\ue000"
"""Stands for the "…" behind a word that was cut off."""
JOINT = re.compile(r"(?<=[^\W\d])-(?=\w)|(?<=\w)-(?=[^\W\d])")
"""A hyphen that joins words; between digits it stays."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a sentence."""

    kind: str
    """word, number, time, id, letter, date, stop or sign."""
    text: str
    """As it is written, in small letters."""
    value: float = 0.0
    """Of a number; of a time in seconds."""
    decimals: int = 0
    """How exactly it is written."""
    percent: bool = False

    @property
    def stem(self) -> str:
        """The stem of a word."""
        return stem(self.text.removesuffix("'s"))


def plain(text: str) -> str:
    """A text in the usual forms of its letters, without those that can't be seen, and without joining hyphens."""
    text = unicodedata.normalize("NFKC", text.replace("…", CUT)).replace("’", "'")
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Mn"))
    return JOINT.sub(" ", text)


def tokens(text: str) -> list[Token]:
    """Take a text apart, in its order."""
    return list(_tokens(plain(text)))


def said(text: str) -> frozenset[tuple[str, bool]]:
    """Each word of a text by its stem, and whether its sentence denies it; without numbers and words cut off."""
    text = re.sub(rf"\w+{CUT}|\[[A-Z]\]|\w*\d\w*(?:[.,:]\d+)*", " ", plain(text))
    text = re.sub(r"'s\b", "", text)
    foreign = {(token.stem, False) for token in _tokens(text) if token.kind == "word" and not token.text.isascii()}
    pairs = {pair for sentence in sentences(text) for pair in sentence}
    return frozenset(pairs | foreign) - {(stem(word), denied) for word in NUMBERS for denied in (True, False)}


def cut_off(text: str) -> list[str]:
    """The beginnings of words that a text breaks off in."""
    return [word.lower() for word in re.findall(rf"(\w+){CUT}", plain(text))]


def _tokens(text: str) -> Iterator[Token]:
    for found in TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind in ("percent", "unit", "number"):
            yield from _number(found)
            continue
        written = found[kind].lower()
        if kind == "time":
            yield Token("time", written, _seconds(written), _decimals(written))
        elif kind == "word" and written in NUMBERS:
            yield Token("number", written, NUMBERS[written], decimals=2)
        elif kind != "sign" or _is_shown(written):
            yield Token(kind, written)


def _number(found: re.Match[str]) -> Iterator[Token]:
    digits = found["number"].replace(",", "")
    yield Token("number", found["number"], float(digits), _decimals(digits), found["percent"] is not None)
    if found["unit"]:
        yield Token("word", found["unit"])


def _decimals(digits: str) -> int:
    return len(digits.partition(".")[2])


def _seconds(written: str) -> float:
    seconds = 0.0
    for part in written.split(":"):
        seconds = 60.0 * seconds + float(part)
    return seconds


def _is_shown(sign: str) -> bool:
    """Whether a sign shows something, as a picture of a thing does; others only set off words."""
    return unicodedata.category(sign) == "So"
