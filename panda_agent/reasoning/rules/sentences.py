"""What the trace says: a rule's sentence with measured values, and why a rule did not fire."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from panda_agent.reasoning.rules.predicates import meets
from panda_agent.types import Condition, Evidence, Firing, Rule
from panda_agent.words import quote

LONGEST = 240
"""Characters of a measured text in a sentence, at most."""


def quoting(row: Evidence, condition: Condition) -> Evidence:
    """A row whose texts are cut to the sentence that says what the condition looks for."""
    said = {
        predicate.field: quote(str(row.data[predicate.field]), map(str, predicate.value))
        for predicate in condition.where
        if predicate.op == "mentions" and isinstance(predicate.value, list) and predicate.field in row.data
    }
    return row.model_copy(update={"data": row.data | said}) if said else row


def not_fired(rule: Rule, by_kind: Mapping[str, list[Evidence]], started_at: str | None) -> Firing:
    """Say why a rule did not fire, by the row that came nearest."""
    first = rule.when[0]
    rows = by_kind.get(first.kind, [])
    cites: tuple[str, ...]
    if rule.needs_clock and started_at is None:
        outcome, why, cites = "undecided", "the time of day is not known; give --started-at", ()
    elif not rows:
        outcome, why, cites = "not fired", f"no evidence of kind {first.kind!r}", ()
    else:
        best = max(rows, key=lambda row: sum(meets(row, p, started_at) is True for p in first.where))
        outcome, why = _nearest_miss(rule, best, started_at)
        cites = (best.cite,)
    return Firing(
        rule=f"{rule.id}@{rule.version}",
        event_type=rule.event_type,
        outcome="undecided" if outcome == "undecided" else "not fired",
        why=why,
        evidence=cites,
    )


def _nearest_miss(rule: Rule, best: Evidence, started_at: str | None) -> tuple[str, str]:
    first = rule.when[0]
    for predicate in first.where:
        met = meets(best, predicate, started_at)
        if met is None:
            return "undecided", f"{predicate.field} was not measured ({best.cite})"
        if not met and predicate.op == "mentions":
            return "not fired", f"nothing in its {predicate.field} says so ({best.cite})"
        if not met:
            found = best.data.get(predicate.field, getattr(best, predicate.field, None))
            return (
                "not fired",
                f"{predicate.field} is {_short(found)}, needs {predicate.op} {predicate.value} ({best.cite})",
            )
    return "not fired", f"what else the rule needs is not there, or too weak ({best.cite})"


def fill(template: str, anchor: Evidence, company: Sequence[Evidence] = ()) -> str:
    """Put measured values into a rule's sentence: `{speed}` from the first row, `{kind.field}` from the others."""
    values: dict[str, str] = {}
    for row in (*company[::-1], anchor):
        for name, value in row.data.items():
            values[f"{row.kind}.{name}"] = values[name] = _short(value)
    # One pass: a value that looks like a placeholder is text from the video and stays as it is.
    return re.sub(r"\{([\w.]+)\}", lambda found: values.get(found[1], found[0]), template)


def _short(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        text = str(value)
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    if isinstance(value, int):
        return str(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 0.01 or value == 0 else f"{value:.1g}"
