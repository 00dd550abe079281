"""Which answers of a recording are used where each would cost a call: a steady sample, and then those in doubt.

The gate of a live case (`reasoning.llm.gate`) goes by what cheap perception saw. Beside a recording of answers there is
no perception, so it goes by the answers that it has: it asks again between and beside those that disagree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panda_agent.evaluation.observed import of_captions
from panda_agent.evaluation.truth import Scores
from panda_agent.importers import Captioned

SAMPLED = 0.7
"""Part of the looks that are spread evenly; the others go where those leave doubt."""
REACH = 8.0
"""Seconds over which an answer says something of what is beside it."""
SETTLED = 1e-3
"""Doubt, p(1 - p), below which a moment needs no look, though looks are left."""


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
    chosen = choose(np.asarray(of_captions(captioned, fps).values), share, REACH * (fps or 1.0))
    return captioned.model_copy(update={"rows": tuple(rows[i] for i in chosen), "length": len(rows)})


def moments_to_look(answers: Scores, share: float, reach: float) -> list[int]:
    """Positions of the answers that are used, rising.

    Args:
        answers: (n,) 0..1; only what was chosen before is looked at.
        share: How many of them at most, 0..1; the steady sample has at least one.
        reach: Number of answers over which one falls to 1/e of its weight for what is beside it.
    """
    total = len(answers)
    step = max(1, round(1 / max(SAMPLED * share, 1 / total)))
    sample = np.arange(min(step // 2, total - 1), total, step)
    left = round(share * total) - len(sample)
    if left <= 0:
        return [int(i) for i in sample]
    doubt = _doubt(sample, answers[sample], total, reach)
    doubt[sample] = 0.0
    most = np.argsort(-doubt, kind="stable")[:left]
    return sorted(int(i) for i in (*sample, *most[doubt[most] > SETTLED]))


def worth_a_look(answers: Scores, share: float, reach: float) -> list[int]:
    """The same where those after a moment are not known yet; the share is that of the moments so far."""
    step = max(1, round(1 / max(SAMPLED * share, 1 / len(answers))))
    keep, said, weight, chosen = float(np.exp(-1.0 / reach)), 0.0, 0.0, list[int]()
    for i, answer in enumerate(answers.tolist()):
        said, weight = said * keep, weight * keep
        p = said / weight if weight else 0.0
        if i % step == 0 or (p * (1 - p) > SETTLED and len(chosen) + 1 <= share * (i + 1)):
            chosen.append(i)
            said, weight = said + answer, weight + 1.0
    return chosen


def _doubt(sample: NDArray[np.int64], answers: Scores, total: int, reach: float) -> Scores:
    """p(1 - p) at each moment, by the answers around it."""
    said = np.zeros(total)
    weight = np.zeros(total)
    said[sample], weight[sample] = answers, 1.0
    keep = float(np.exp(-1.0 / reach))
    p = _spread(said, keep) / np.maximum(_spread(weight, keep), 1e-12)
    return np.asarray(p * (1.0 - p), np.float64)


def _spread(values: Scores, keep: float) -> Scores:
    """Each value told to both sides, by `keep` less from one moment to the next."""
    before, after = np.zeros(len(values)), np.zeros(len(values))
    for i, value in enumerate(values.tolist()):
        before[i] = value + (keep * before[i - 1] if i else 0.0)
    for i, value in reversed(list(enumerate(values.tolist()))):
        after[i] = value + (keep * after[i + 1] if i + 1 < len(values) else 0.0)
    return np.asarray(before + after - values, np.float64)
