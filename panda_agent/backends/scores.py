"""An answer as a probability: as written, or from the chances that the model gave to its words.

"A VLM answer is not an anomaly score" (arXiv 2608.21244): decoded numbers crowd at a few values, and the expectation
over the tokens' probabilities ranks far better.
"""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

from panda_agent.backends.protocol import Reply, TokenChances

Mode = Literal["decoded", "expected_token", "yes_no"]
LEVELS = {"yes": 1.0, "unclear": 0.5, "no": 0.0}
WRITTEN = {"yes": 0.9, "unclear": 0.5, "no": 0.1}
"""What a written answer counts as: a model that says yes is not always right."""
BLANKS = "\u0120\u010a\u2581"
"""Letters that some servers write for the blank or the line break at the beginning of a token."""
_ANSWER = re.compile(r'"answer"\s*:\s*"?\s*')
_THOUGHT = re.compile(r"</(?:think(?:ing)?|reasoning)>", re.IGNORECASE)


class Score(NamedTuple):
    """A probability, and how it was read."""

    value: float
    mode: Mode


def of_answer(reply: Reply, answer: str, mode: Mode) -> Score:
    """The probability that the answer is yes.

    Args:
        reply: The reply, with the chances of its tokens where the endpoint gave them.
        answer: yes, no or unclear, as it was read.
        mode: `yes_no` = P(yes) / (P(yes) + P(no)), where these two outweigh unclear; `expected_token` = the expectation
            over yes, unclear and no; `decoded` = as written. Without such chances it is `decoded`, and says so.
    """
    chances = _chances(reply, answer)
    if mode == "yes_no" and (total := chances["yes"] + chances["no"]) > chances["unclear"]:
        return Score(chances["yes"] / total, "yes_no")
    if mode == "expected_token" and (total := sum(chances.values())) > 0:
        return Score(sum(LEVELS[word] * chance for word, chance in chances.items()) / total, "expected_token")
    return Score(WRITTEN[answer], "decoded")


def _chances(reply: Reply, answer: str) -> dict[str, float]:
    """What each answer was worth at the place where the answer stands; variants of a word are one."""
    found = dict.fromkeys(LEVELS, 0.0)
    place = _place(reply)
    if place is not None and _meant(place.token) == answer:  # else it is not the answer that stands there
        for token, logprob in place.chances.items():
            if (level := _meant(token)) is not None:
                found[level] += math.exp(logprob)
    return found


def _meant(token: str) -> str | None:
    """The answer that begins with a token; a word of another language is none, whatever its first letters."""
    word = "".join(char for char in token.lstrip(BLANKS).lower() if char.isalpha())
    return next((level for level in LEVELS if word and level.startswith(word)), None)


def _place(reply: Reply) -> TokenChances | None:
    """The token in which the answer begins: after `"answer":` in JSON, else the first word; thoughts don't count."""
    text = "".join(token.token for token in reply.logprobs)
    thought = max((found.end() for found in _THOUGHT.finditer(text)), default=0)
    said = _ANSWER.search(text, thought)
    start, end = said.end() if said is not None else thought, 0
    for token in reply.logprobs:
        end += len(token.token)
        rest = token.token[max(0, start - end + len(token.token)) :] if end > start else ""
        if any(char.isalpha() for char in rest.lstrip(BLANKS)):
            return token
    return None
