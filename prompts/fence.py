"""Untrusted text in a prompt: quoted as JSON between two marks that the text itself can't hold."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping

from pydantic import JsonValue

LONGEST = 2_000
"""Characters of one text, at most."""
MOST = 60_000
"""Characters of one block, at most: the last items of its longest list go first."""
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode categories that are left out: control, direction and tag characters say things that nobody sees."""


def fenced(value: JsonValue) -> str:
    """A block of quoted data.

    The mark is a hash of the block. It is another one for every request that says something else, nobody can write a
    text that holds its own hash, and the same data are the same request, so that a resumed case pays no call twice.
    """
    text = _short(cleaned(value))
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"<data-{mark}>\n{text}\n</data-{mark}>"


def cleaned(value: JsonValue) -> JsonValue:
    """The value with its texts cut to `LONGEST` and rid of what can't be seen."""
    if isinstance(value, str):
        seen = "".join(c if unicodedata.category(c) not in INVISIBLE else " " if c in "\n\t\r" else "" for c in value)
        return seen if len(seen) <= LONGEST else seen[: LONGEST - 1] + "…"
    if isinstance(value, Mapping):
        return {str(cleaned(key)): cleaned(part) for key, part in value.items()}
    return [cleaned(part) for part in value] if isinstance(value, list | tuple) else value


def _short(value: JsonValue) -> str:
    text = _written(value)
    while len(text) > MOST and isinstance(value, dict):
        lists = {key: part for key, part in value.items() if isinstance(part, list) and part}
        if not lists:
            return text[:MOST]
        longest = max(lists, key=lambda key: len(_written(lists[key])))
        value = value | {longest: lists[longest][: len(lists[longest]) // 2]}
        text = _written(value)
    return text[:MOST]


def _written(value: JsonValue) -> str:
    # "<" is escaped, so that nothing in the block looks like a mark.
    return json.dumps(value, ensure_ascii=False, indent=1).replace("<", "\\u003c")
