"""Test cards as a scripted model reads them: it has no eyes, but it knows every card that there is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from panda_agent.backends.script import Rule, Script
from panda_agent.backends.script_request import Request


def reads_card(request: Request, shape: Mapping[str, Any] | None, script: Script) -> Rule | None:
    """What a model says of a test card that it is shown; None where it is shown anything else, or does not look.

    Args:
        request: What it is asked.
        shape: What it answers in; None is prose.
        script: A liar tells another word and colour.
    """
    if len(request.images) != 1 or "pictures" in script.ignores:
        return None
    if shape is not None and not {"word", "colour"} <= shape.get("properties", {}).keys():
        return None
    truth, lie = _known().get(request.images[0], (None, None))
    told = lie if script.personality == "lying" else truth
    if told is None:
        return None
    word, colour = told
    return Rule(text=f"{word} on {colour}.") if shape is None else Rule(json={"word": word, "colour": colour})


@cache
def _known() -> Mapping[bytes, tuple[tuple[str, str], tuple[str, str]]]:
    """By the file of each card: what stands on it, and what stands on another."""
    from panda_agent.backends.profile import COLOURS, WORDS, test_card

    cards = [(word, colour) for word in WORDS for colour in COLOURS]
    others = [*cards[-len(COLOURS) - 1 :], *cards]
    return {test_card(*card).jpeg: (card, other) for card, other in zip(cards, others, strict=False)}
