"""Weigh a finished case again, with less evidence or other rules: what would the verdict be then?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from panda_agent.nodes.brief import brief_of, plan_of, spans_of
from panda_agent.nodes.conclude import findings_of
from panda_agent.nodes.desk import Case, Desk
from panda_agent.reasoning.base import ClipView
from panda_agent.reasoning.rules.reasoner import RulesReasoner
from panda_agent.types import Evidence, Judgement, Plan, Verdict


def reweigh(desk: Desk, case: Case, *, without: Collection[str] = (), plan: Plan | None = None) -> Verdict:
    """What the verdict would be; nothing is looked at, asked or kept.

    Args:
        desk: Where the case is open.
        case: A case whose clips are all judged.
        without: Rows of evidence to leave out, as they are cited.
        plan: Other rules or hypotheses than those of the case.
    """
    plan = plan or plan_of(case)
    findings = findings_of(desk, case)
    rows = [row for row in findings.evidence if row.cite not in without]
    return RulesReasoner().conclude(
        replace(findings, plan=plan, evidence=rows, judgements=_judged_again(case, plan, rows))
    )


def _judged_again(case: Case, plan: Plan, rows: list[Evidence]) -> list[Judgement]:
    """A judgement of each clip by the rows that are left."""
    brief, reasoner = brief_of(case), RulesReasoner()
    views = (
        ClipView(i, span, 0, [row for row in rows if row.span.touches(span)], (), None, ())
        for i, span in enumerate(spans_of(case))
    )
    return [reasoner.judge(view, plan, brief) for view in views]
