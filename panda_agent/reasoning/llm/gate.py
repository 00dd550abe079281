"""Which clips a model judges: those about which cheap perception is least sure, and a sample of the rest.

SlowFastVAD (arXiv 2504.10320) sends ambiguous windows and one of ten to its slow path. Here the share is a setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.settings import AgentSettings

NEAR = 0.3
"""Online, a clip this near below the line, or above it, is worth a look."""


def chosen(scores: Sequence[float], threshold: float, agent: AgentSettings) -> tuple[int, ...] | None:
    """The clips to judge; None = all of them.

    Args:
        scores: Belief of cheap perception in each clip, 0..1.
        threshold: Belief from which a clip counts as anomalous: nearest to it is least sure.
        agent: The share, the least number, and how often one is taken whatever perception says.
    """
    most = max(agent.gate_least, round(agent.gate_share * len(scores)))
    if most >= len(scores):
        return None
    sample = list(range(agent.gate_every // 2, len(scores), agent.gate_every))
    # An accusation needs a second witness, so what lies above the line comes before what lies below.
    loud = sorted((i for i, score in enumerate(scores) if score >= threshold), key=lambda i: -scores[i])
    quiet = sorted((i for i, score in enumerate(scores) if score < threshold), key=lambda i: threshold - scores[i])
    order = dict.fromkeys([*sample[: most // 2], *loud, *quiet])
    return tuple(sorted(list(order)[:most]))


def worth_a_look(index: int, score: float, looked: int, threshold: float, agent: AgentSettings) -> bool:
    """Whether a clip is judged, where those after it are not known yet.

    Args:
        index: Of the clip.
        score: Belief of cheap perception in it.
        looked: Clips before it that were judged.
        threshold: See `chosen`.
        agent: See `chosen`; the share is that of the clips so far.
    """
    if looked >= max(agent.gate_least, round(agent.gate_share * (index + 1))):
        return False
    sampled = index % agent.gate_every == agent.gate_every // 2
    return index < agent.gate_least or sampled or score >= threshold - NEAR
