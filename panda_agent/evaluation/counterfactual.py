"""Does a verdict rest on what it cites? Take that away, and see what is left of it; take away as much else, and see."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from panda_agent.types import Claim, Evidence, Rejected, TimeSpan, Verdict

Reweigh = Callable[[Collection[str]], Verdict]
"""The verdict without some rows of evidence: `CaseFile.reweigh`."""
DROP = 0.2
"""Confidence that must be lost, where the label stays."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What became of one anomalous verdict."""

    confidence: float
    cited: int
    """Rows that its claims cite."""
    uncited: int
    """Rows of the same spans that were taken away instead; fewer than `cited` where there are no more."""
    without_cited: Verdict
    without_others: Verdict

    @property
    def carried(self) -> bool:
        """Whether the verdict changes its label, or loses `DROP` of its confidence, without what it cites."""
        return self.without_cited.label != "anomalous" or self.lost >= DROP

    @property
    def lost(self) -> float:
        """Confidence in an anomaly that goes with what is cited."""
        return self.confidence - standing(self.without_cited)

    @property
    def moved(self) -> float:
        """How far confidence in an anomaly moves, either way, with what is not cited."""
        return abs(self.confidence - standing(self.without_others))

    @property
    def indifferent(self) -> bool:
        """Whether it moves less than half as far without as many rows that it does not cite."""
        return self.moved < 0.5 * self.lost


def standing(verdict: Verdict) -> float:
    """Confidence that there is an anomaly, whatever the label: of "normal" the rest, of "inconclusive" one half."""
    if verdict.label == "inconclusive":
        return 0.5
    return verdict.confidence if verdict.label == "anomalous" else 1.0 - verdict.confidence


def counterfactuals(
    verdict: Verdict, evidence: Sequence[Evidence], reweigh: Reweigh, *, draws: int = 1
) -> list[Counterfactual]:
    """Weigh an anomalous verdict again, once without what its claims cite, and without as many other rows.

    Args:
        verdict: An anomalous verdict.
        evidence: All evidence of its case.
        reweigh: Gives the verdict without some rows.
        draws: How often other rows are drawn, where there are more than enough; the seeds are 0, 1, ...

    Returns:
        One for each draw.
    """
    cited = {cite for claim in verdict.explanation for cite in claim.cites}
    others = uncited(verdict, evidence)
    without_cited = reweigh(cited)
    found = []
    for seed in range(draws):
        taken = random.Random(seed).sample(others, min(len(cited), len(others)))
        found.append(Counterfactual(verdict.confidence, len(cited), len(taken), without_cited, reweigh(taken)))
    return found


def uncited(verdict: Verdict, evidence: Sequence[Evidence]) -> list[str]:
    """Rows that touch a span of the verdict, and that neither its claims nor its rejected alternatives cite."""
    holders: tuple[Claim | Rejected, ...] = (*verdict.explanation, *verdict.rejected_alternatives)
    cited = {cite for one in holders for cite in one.cites}
    spans = [TimeSpan(start=span.start, end=span.end) for span in verdict.spans]
    return sorted(row.cite for row in evidence if row.cite not in cited and any(row.span.touches(one) for one in spans))
