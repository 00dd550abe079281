"""Weigh a finished case again, with less evidence or other rules: what would the verdict be then?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from panda_agent.nodes.brief import brief_of, looking_back, spans_of
from panda_agent.nodes.conclude import findings_of
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.perceive import horizon
from panda_agent.reasoning.base import ClipView
from panda_agent.reasoning.rules.reasoner import RulesReasoner
from panda_agent.types import Evidence, Judgement, Plan, Verdict


def reweigh(
    desk: Desk, case: Case, *, without: Collection[str] = (), more: Iterable[Evidence] = (), plan: Plan | None = None
) -> Verdict:
    """What the verdict would be; nothing is looked at, asked or kept.

    Args:
        desk: Where the case is open.
        case: A case whose clips are all judged.
        without: Rows of evidence to leave out, as they are cited.
        more: Rows that are not filed yet.
        plan: Other rules or hypotheses than those of the case.
    """
    findings = findings_of(desk, case)
    gone = [row for row in findings.evidence if row.cite in without]
    rows = [row for row in findings.evidence if row.cite not in without]
    known = {row.cite for row in rows}
    new = [row for row in more if row.cite not in known]
    rows = sorted((*rows, *new), key=lambda row: row.place)
    kept = {} if plan not in (None, findings.plan) else {one.clip: one for one in findings.judgements}
    plan = plan or findings.plan
    judged = _judged_again(case, plan, rows, [*gone, *new], kept)
    return RulesReasoner().conclude(replace(findings, plan=plan, evidence=rows, judgements=judged))


def _judged_again(
    case: Case, plan: Plan, rows: list[Evidence], changed: list[Evidence], kept: Mapping[int, Judgement]
) -> list[Judgement]:
    """A judgement of each clip by the rows that are left; one that none of the changed rows is about stands."""
    brief, reasoner = brief_of(case), RulesReasoner()
    judged = []
    for i, span in enumerate(spans_of(case)):
        by = horizon(case, span.end)
        if i in kept and not looking_back(changed, span, by):
            judged.append(kept[i])
        else:
            judged.append(reasoner.judge(ClipView(i, span, 0, looking_back(rows, span, by), (), None, ()), plan, brief))
    return judged
