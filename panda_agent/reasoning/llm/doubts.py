"""What makes a clip unclear although somebody gave an answer: reasons to reflect."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.settings import Settings
from panda_agent.types import Evidence, Judgement

SURE = 0.3
"""A probability this near to 0 or 1 contradicts a belief on the other side of the line."""
REASKS = 2
"""Rounds in which a surer answer is asked for (QVAD asks again twice); a model that can't tell gets all rounds."""
WINDOW = 3
"""Clips of the window whose mean may be ambiguous."""
NARROW, WIDE = 0.05, 0.2
"""Half the width of the ambiguous zone around 0.5: the variance of the scores, within these (URF-HVAA, §2.2)."""


def doubts_of(
    opinion: Evidence, by_rules: float, believed: float, earlier: Sequence[Judgement], settings: Settings
) -> list[str]:
    """Why a clip is unclear, each in one sentence; empty where it is clear.

    Args:
        opinion: The model's.
        by_rules: Belief of the rules without any opinion of this clip.
        believed: Belief with it.
        earlier: Judgements of the clips before, oldest first.
        settings: `loop.threshold`, `loop.unsure`, `agent.reask_below`.
    """
    p, line, again = _number(opinion, "p"), settings.loop.threshold, _number(opinion, "round") < REASKS
    found = []
    if opinion.data.get("status") == "insufficient":
        found.append("the model can't tell from what it is shown")
    if opinion.data.get("contradiction"):
        found.append("the model's status, event and score contradict each other")
    if again and max(p, 1 - p) < settings.agent.reask_below:
        found.append(f"the model is not sure (p {p:.2f})")
    if abs(believed - line) < settings.loop.unsure:
        found.append(f"belief {believed:.2f} is too near to the line at {line:.2f}")
    if again and by_rules >= line and p <= SURE:
        found.append(f"rules believe it ({by_rules:.2f}) and the model does not (p {p:.2f})")
    if again and by_rules < line - settings.loop.unsure and p >= 1 - SURE:
        found.append(f"the model believes it (p {p:.2f}) and rules do not ({by_rules:.2f})")
    if again and ambiguous([*(one.score for one in earlier), believed]):
        found.append("the last clips taken together are ambiguous")
    return found


def ambiguous(scores: Sequence[float]) -> bool:
    """Whether the mean of the last window lies within 0.5 ± the variance of all scores so far."""
    if len(scores) < WINDOW:
        return False
    mean = sum(scores) / len(scores)
    variance = sum((score - mean) ** 2 for score in scores) / len(scores)
    last = sum(scores[-WINDOW:]) / WINDOW
    return abs(last - 0.5) <= min(max(variance, NARROW), WIDE)


def _number(row: Evidence, name: str) -> float:
    value = row.data.get(name)
    return float(value) if isinstance(value, int | float) else 0.5
