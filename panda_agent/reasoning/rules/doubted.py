"""What a verdict may still say where a model's testimony is suspect: what stands whatever it would have said."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from panda_agent.reasoning.base import Findings
from panda_agent.reasoning.rules.engine import Weighed
from panda_agent.types import Evidence, Label, merge_spans

Decision = tuple[Label, str | None]
TOLD = "a text reads like an order to whoever judges, and without what the model said the evidence settles nothing"
WRITTEN = "only the model speaks for an anomaly, which writing in the picture names"
MOST_QUOTED = 3
"""Orders that the warning quotes."""


def undoubted(decision: Decision, weighed: Weighed, decide: Callable[[Weighed], Decision]) -> Decision:
    """The decision without suspect testimony, if it would have been the same with any testimony in its place.

    An honest model could have cleared what the rest accuses of, or accused where the rest saw nothing: who hides a
    model's testimony by a sign must not gain by it either. So "anomalous" stands where the rest outweighs the most that
    a model's row can say against it, and "normal" does not stand.

    Args:
        decision: Without suspect testimony.
        weighed: What it was made from.
        decide: The decision by other pushes.
    """
    label = decision[0]
    if label == "inconclusive":
        return decision
    if weighed.suspect:
        stands = label == "anomalous" and decide(weighed.with_more(weighed.at_worst))[0] == "anomalous"
        return decision if stands else ("inconclusive", TOLD)
    if label == "normal" and weighed.withheld and decide(weighed.with_more(weighed.withheld))[0] != "normal":
        return "inconclusive", WRITTEN
    return decision


def doubts_about(weighed: Weighed, findings: Findings) -> list[str]:
    """What the verdict says of suspect testimony: the text is quoted, as it may be evidence itself."""
    told = []
    if weighed.suspect:
        orders = list(dict.fromkeys(weighed.suspect.values()))
        more = f" and {len(orders) - MOST_QUOTED} more" if len(orders) > MOST_QUOTED else ""
        texts = ", ".join(f'"{order}"' for order in orders[:MOST_QUOTED])
        rows = [row for row in findings.evidence if row.cite in weighed.suspect]
        told.append(
            f"A text reads like an order to whoever judges: {texts}{more}. What the model said after it "
            f"({_when(rows)}) is quoted and counts for nothing."
        )
    for event in sorted(weighed.withheld):
        told.append(
            f"Writing in the picture names {event.replace('_', ' ')}, so what the model alone says of it there counts "
            "for nothing."
        )
    return told


def _when(rows: Iterable[Evidence]) -> str:
    return ", ".join(str(span) for span in merge_spans(row.span for row in rows))
