"""Prose that declines to answer, told apart from prose that reports that something can't be seen."""

from __future__ import annotations

import re

HEAD = 400
"""Characters in which a refusal shows itself; a longer text that begins with an apology goes on to answer."""
_REFUSAL = re.compile(
    r"""\b(?:I|we)\b [^.!?\n]{0,30}?
    (?: can(?:no|['’]?)t | cannot | won['’]?t | will\ not | (?:must|have\ to)?\ ?decline\ to
      | (?:am|['’]m|are)\ (?:unable|not\ able|not\ comfortable|not\ allowed)\ (?:to|with) )
    \s+ (?:\w+\s+){0,2}?
    (?: assist | help | comply | fulfil?l | provide | continue | engage | participate | process | answer | describe
      | analy[sz]e | discuss | support | generate | create | describing )\b
    [^.!?\n]{0,40}?
    (?: with\ (?:that|this|your) | this\ (?:request|content|image|video|material) | that\ (?:request|content)
      | your\ request | such\ (?:content|requests|material) | violent | graphic | explicit | harmful | further
      | any\ (?:description|information|assistance) | a\ description )""",
    re.I | re.X,
)
_POLICY = re.compile(
    r"""(?:against|violat\w+)\ (?:\w+\ ){0,3}(?:policy|policies|guidelines)
    | not\ (?:something\ )?(?:I\ am|I['’]m)\ able\ to\ (?:help|assist)
    | (?:my|the)\ (?:safety\ )?guidelines\ (?:prevent|do\ not\ allow|don['’]t\ allow)""",
    re.I | re.X,
)


def is_refusal(text: str) -> bool:
    """Whether a reply declines to answer.

    "I'm sorry, but I can't assist with that" is a refusal; "I can't see any people" is an observation, and so is any
    text that goes on for long. Missing one is no harm: such a text has not the shape that was asked for either.
    """
    plain = text.strip()
    if not plain or len(plain) > HEAD or plain[0] in "{[":
        return False
    return bool(_REFUSAL.search(plain) or _POLICY.search(plain))
