"""What if: the case weighed with another rule, without one, with another number, or with less evidence."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.conversation.compare import SCENE, Moved, moved
from panda_agent.conversation.docket import Docket
from panda_agent.conversation.rule_texts import rule_named, with_rules
from panda_agent.conversation.turns import Reply, WhatIf, Without
from panda_agent.errors import UserError
from panda_agent.types import Condition, Plan, Predicate, Rule, Verdict

THRESHOLD = "threshold"
"""The one number that is no rule's: the belief from which a moment counts as anomalous."""
DETAILS = ("severity", "span", "belief", "rule", "claim")
"""What is told of what moved, beside the head of the verdict."""
BEFORE_REST = 10
"""Lines that are told of it, at most."""


def what_if(docket: Docket, turn: WhatIf) -> Reply:
    """What the verdict would be; nothing is kept.

    Raises:
        UserError: There is no such rule or number.
    """
    base = docket.base()
    if turn.bound is not None and turn.bound.field == THRESHOLD and turn.kind is None:
        after = docket.supposed(threshold=_share(turn.bound))
        return told(base, after, f"If a moment counted as anomalous from {_share(turn.bound):g} on")
    if turn.off is not None:
        rule = rule_named(docket.plan, turn.off)
        return told(base, docket.supposed(plan=_less(docket.plan, [rule.id])), f"Without the rule {rule.id}")
    if turn.bound is not None:
        plan, names = _rebound(docket.plan, turn.bound, turn.kind)
        return told(base, docket.supposed(plan=plan), f"With {turn.bound} in {', '.join(names)}")
    plan, rules = with_rules(docket, turn.rule or "")
    return told(base, docket.supposed(plan=plan), f"With {', '.join(rule.id for rule in rules)}")


def without(docket: Docket, turn: Without) -> Reply:
    """What the verdict would be without some rows, or rules; nothing is kept.

    Raises:
        UserError: One of them is not there.
    """
    from panda_agent.conversation.showing import row_named

    rules = {rule.id for rule in docket.plan.rules}
    off = [name for name in turn.ids if name in rules]
    rows = [row_named(docket, name) for name in turn.ids if name not in rules]
    plan = _less(docket.plan, off) if off else None
    after = docket.supposed(without=[row.cite for row in rows], plan=plan)
    return told(docket.base(), after, f"Without {', '.join([*off, *(row.cite for row in rows)])}")


def _less(plan: Plan, ids: Sequence[str]) -> Plan:
    """A plan without some rules; what they spoke of is still tested, by what is left."""
    return plan.model_copy(update={"rules": tuple(rule for rule in plan.rules if rule.id not in ids)})


def told(before: Verdict, after: Verdict, lead: str) -> Reply:
    """Both verdicts in short, and what moved."""
    what = moved(before, after)
    if not what:
        return Reply(lines=(f"{lead} nothing would move: {brief(before)}",))
    lines = (f"{lead}: {brief(before)} → {brief(after)}", *lines_of(what), "Nothing was kept.")
    cites = [one.about for one in what if one.what == "evidence"]
    return Reply(lines=lines, cites=tuple(cites))


def lines_of(what: list[Moved]) -> tuple[str, ...]:
    """What moved, a line each; the head of the verdict is told by whoever calls."""
    rest = [one for one in what if one.what in DETAILS and one.about != SCENE]
    lines = [f"  {one.line()}" for one in rest[:BEFORE_REST]]
    more = len(rest) - BEFORE_REST
    return (*lines, *([f"  and {more} more, see `panda log CASE --diff`"] if more > 0 else []))


def brief(verdict: Verdict) -> str:
    """Label, confidence and headline."""
    return f"{verdict.label} {verdict.confidence:.2f} ({verdict.headline})"


def _share(bound: Predicate) -> float:
    value = bound.value
    if (
        bound.op not in (">=", ">")
        or isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 < value < 1
    ):
        raise UserError("The threshold is a belief between 0 and 1.", hint="Write e.g. `what if threshold >= 0.6`.")
    return float(value)


def _rebound(plan: Plan, bound: Predicate, kind: str | None) -> tuple[Plan, list[str]]:
    """A plan in which every test of that field, and in that direction, asks for another number.

    Raises:
        UserError: No rule tests it so.
    """
    rules = [_with(rule, bound, kind) for rule in plan.rules]
    names = [new.id for old, new in zip(plan.rules, rules, strict=True) if old != new]
    if not names:
        tested = sorted(
            {f"{c.kind} {p}" for rule in plan.rules for c in rule.when for p in c.where if p.op == bound.op}
        )
        near = [test for test in tested if bound.field in test] or tested
        raise UserError(
            f"No rule of the case would ask for anything else by {f'{kind} ' if kind else ''}{bound}.",
            hint=f"Rules ask for e.g. {', '.join(near[:5])}." if near else None,
        )
    return plan.model_copy(update={"rules": tuple(rules)}), names


def _with(rule: Rule, bound: Predicate, kind: str | None) -> Rule:
    return rule.model_copy(update={"when": tuple(_condition(one, bound, kind) for one in rule.when)})


def _condition(condition: Condition, bound: Predicate, kind: str | None) -> Condition:
    if kind not in (None, condition.kind):
        return condition
    where = tuple(bound if one.field == bound.field and one.op[0] == bound.op[0] else one for one in condition.where)
    return condition.model_copy(update={"where": where})
