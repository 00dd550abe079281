"""JSON objects in a text of which nothing can be expected: a language model's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

STARTS = 20
"""Places at which an object may begin that are tried."""
_CLOSE = re.compile(r"\s*+[}\]]")
_FENCE = re.compile(r"```[a-zA-Z]*+\s*+(.*?)```", re.DOTALL)
_TRAILING = re.compile(r'("(?:[^"\\]|\\.)*+"?|[\[{,]\s*+,)|,(?=\s*+[}\]])', re.DOTALL)  # strings are left alone


class Twice(dict[str, Any]):
    """An object that gives a field two values."""


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of a text: it itself, else what stands in fences, else those between other words.

    A comma too many before a bracket is overlooked. An object that is not whole is none, and none are taken out of it.

    Args:
        text: Anything; at most `STARTS` places are tried, so it takes no longer than its length lets expect.
    """
    for parts in ((text.strip(),), [found.group(1) for found in _FENCE.finditer(text)]):
        values = [value for part in parts if (value := _whole(part.strip())) is not None]
        if values:
            yield from values
            return
    yield from _objects(text)


def _whole(text: str) -> dict[str, Any] | None:
    """A text that is an object and nothing else."""
    value, end = _object_at(text, 0) if text.startswith("{") else (None, 0)
    return value if end == len(text) else None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The objects that stand in a text; of nested ones the outer, and none out of one that is broken off."""
    place = 0
    for _ in range(STARTS):
        place = text.find("{", place)
        if place < 0:
            return
        value, place = _object_at(text, place)
        if value is not None:
            yield value


def _object_at(text: str, place: int) -> tuple[dict[str, Any] | None, int]:
    """The object that begins at a place, and where to look on: behind it, or where it breaks off."""
    try:
        return _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        end = error.pos
    except (ValueError, RecursionError):  # an endless number, or deeper than can be read
        return None, len(text)
    if text[place:end].rstrip().endswith(",") and _CLOSE.match(text, end):
        return _object_at(text[:place] + _TRAILING.sub(_blank, text[place:]), place)
    return None, max(end, place + 1)


def _blank(found: re.Match[str]) -> str:
    """A comma before a bracket becomes a blank, so that places stay the same; a string stays as it is."""
    return found.group(1) or " "


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    alike = len(value) == len(pairs) or all(repr(value[name]) == repr(one) for name, one in pairs)
    return value if alike else Twice(value)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, strict=False)  # line breaks in strings are clear enough
