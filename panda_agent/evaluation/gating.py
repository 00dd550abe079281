"""Which answers of a recording are used where each would cost a call: a steady sample, and then where that disagrees.

The gate of a live case (`reasoning.llm.gate`) goes by what cheap perception saw. Beside a recording of answers there is
no perception, so it goes by the answers that it has: between two that disagree something begins or ends.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np

from panda_agent.evaluation.observed import of_captions
from panda_agent.evaluation.truth import Scores
from panda_agent.importers import Captioned

SAMPLED = 0.6
"""Part of the looks that are spread evenly; the others go where those disagree, as far as they are needed."""
APART = 0.5
"""Answers that differ by so much disagree."""


def looked(captioned: Captioned, fps: float | None, share: float, *, online: bool = False) -> Captioned:
    """The answers that a gate would have paid for; those it did not choose are never read.

    Args:
        captioned: All answers about one video.
        fps: Answers a second, where they number frames.
        share: Of the answers, how many may be used, 0..1.
        online: Each is chosen by those before it.
    """
    rows = captioned.rows
    choose = worth_a_look if online else moments_to_look
    chosen = choose(np.asarray(of_captions(captioned, fps).values), share)
    return captioned.model_copy(update={"rows": tuple(rows[i] for i in chosen), "length": len(rows)})


def moments_to_look(answers: Scores, share: float) -> list[int]:
    """Positions of the answers that are used, rising: every so many, and halves of the gaps in which they change.

    Args:
        answers: (n,) 0..1; only what was chosen before is looked at.
        share: How many of them at most, 0..1; the steady sample has at least one.
    """
    step = _step(len(answers), share)
    sample = range(min(step // 2, len(answers) - 1), len(answers), step)
    chosen, gaps = set(sample), deque(pairwise(sample))
    while gaps and len(chosen) < round(share * len(answers)):
        before, after = gaps.popleft()
        if after - before > 1 and _disagree(answers[before], answers[after]):
            middle = (before + after) // 2
            chosen.add(middle)
            gaps += [(before, middle), (middle, after)]
    return sorted(chosen)


def worth_a_look(answers: Scores, share: float) -> list[int]:
    """The same where those after a moment are not known yet: it goes on looking while the last two answers disagree.

    Args:
        answers: See `moments_to_look`.
        share: That of the moments so far.
    """
    step, chosen = _step(len(answers), share), list[int]()
    for i in range(len(answers)):
        unsure = len(chosen) > 1 and _disagree(answers[chosen[-1]], answers[chosen[-2]])
        if i % step == 0 or (unsure and len(chosen) + 1 <= share * (i + 1)):
            chosen.append(i)
    return chosen


def _step(total: int, share: float) -> int:
    return max(1, round(1 / max(SAMPLED * share, 1 / total)))


def _disagree(one: float, other: float) -> bool:
    return abs(one - other) >= APART
