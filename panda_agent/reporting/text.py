"""Text for people: what others wrote is made harmless to look at, numbers become words and short forms."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from pydantic import JsonValue

MAX_TEXT = 1200
"""Longest text shown, in characters."""
MAX_MARKS = 4
"""Combining marks that may follow one another; more pile up over the neighbouring lines."""
_JOINERS = "\u200c\u200d"  # Persian and Indic scripts need them to be read at all
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}

_WORDS = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.01, "almost certain"),
)


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Make quoted text safe to show: white space folded, control and direction characters spelled out, length capped.

    Escaping for HTML or CSV is the writer's business; this takes care of what would still deceive an eye or a terminal.
    """
    shown = text if len(text) <= limit else text[:limit]
    parts: list[str] = []
    marks = 0
    for char in " ".join(shown.split()):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MAX_MARKS:
            continue
        parts.append(f"[U+{ord(char):04X}]" if category in _HIDDEN and char not in _JOINERS else char)
    rest = len(text) - len(shown)
    return "".join(parts) + (f" … ({rest} more characters)" if rest else "")


def likelihood(p: float) -> str:
    """Say a probability in the words of ICD 203 (analytic standards of the US intelligence community, 2015)."""
    return next(words for limit, words in _WORDS if p < limit)


def number(value: JsonValue) -> str:
    """Show a measured value briefly: `3.1`, `12`, `yes`, `0.2, 0.4, …`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return _decimal(value)
        case None:
            return "–"
        case list():
            return ", ".join(number(item) for item in value[:12]) + (", …" if len(value) > 12 else "") or "none"
        case dict():
            return ", ".join(f"{key} {number(item)}" for key, item in list(value.items())[:6])
        case _:
            return str(value)


def _decimal(value: float) -> str:
    size = abs(value)
    if size and not 0.001 <= size < 1e6:
        return f"{value:.2e}"
    digits = 0 if size >= 100 else 2 if size >= 0.1 else 3
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def plain(identifier: str) -> str:
    """Turn an id of a pack into words: `wrong_way` → `wrong way`."""
    return identifier.replace("_", " ").replace("-", " ")


def counted(n: int, noun: str) -> str:
    """Put a number before its noun: `1 span`, `3 spans`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def anchor(cite: str) -> str:
    """Name the place of an evidence card in the page; only characters that need no escaping in an id or a link."""
    return "e-" + quote(cite, safe="").replace("%", "_")
