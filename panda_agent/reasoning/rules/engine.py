"""The rules engine: fires every rule over the evidence and turns what fired into beliefs over time."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from panda_agent.reasoning.rules.beliefs import Push, SecondLook, log_odds, to_probability
from panda_agent.reasoning.rules.predicates import matches, meets, ramp, related, rise
from panda_agent.types import Condition, EventType, Evidence, Firing, Rule
from panda_agent.words import quote

Times = NDArray[np.float64]
LONGEST = 240
"""Characters of a measured text in a sentence, at most."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The outcome of weighing rules against evidence."""

    trace: list[Firing]
    """Every firing, and one line for each rule that did not fire."""
    pushes: dict[str, list[Push]] = field(default_factory=dict)
    """By event type."""
    second_looks: dict[str, SecondLook] = field(default_factory=dict)
    """What each further tool watched again."""

    def moments(self, duration: float, rate: float) -> Times:
        """The moments at which these pushes are drawn: see `moments`."""
        return moments(duration, (push for pushes in self.pushes.values() for push in pushes), rate)

    def fired(self) -> list[Firing]:
        """The part of the trace that moved belief."""
        return [line for line in self.trace if line.outcome == "fired"]

    def beliefs(self, events: Iterable[EventType], times: Times) -> dict[str, Times]:
        """Belief in each event type at each of `times` (seconds, rising)."""
        return {event.id: self.belief(event, times) for event in events}

    def belief(self, event: EventType, times: Times) -> Times:
        """Belief in one event type at each of `times` (seconds, rising)."""
        pushes = self.pushes.get(event.id, ())
        return to_probability(log_odds(pushes, times, event.prior, event.decay, self.second_looks))


def weigh(rules: Sequence[Rule], evidence: Iterable[Evidence], *, started_at: str | None = None) -> Weighed:
    """Fire rules over evidence. Pure: the same rows give the same trace, in whatever order they come.

    Args:
        rules: The rules to test.
        evidence: All rows they may look at; read once, and of their courses over time only those are held that a rule
            grades by.
        started_at: ISO time of second 0; None leaves rules about the clock undecided.
    """
    graded = {rule.when[0].kind for rule in rules if rule.strength is not None and rule.strength.field == "profile"}
    slim = (_slim(row, graded) for row in evidence)
    rows = sorted(slim, key=lambda row: (row.span.start, row.span.end, row.kind, row.id, row.revision))
    by_kind: dict[str, list[Evidence]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    trace: list[Firing] = []
    pushes: dict[str, list[Push]] = defaultdict(list)
    for rule in sorted(rules, key=lambda rule: rule.id):
        firings = _fire(rule, by_kind, started_at)
        for firing, anchor in firings:
            trace.append(firing)
            pushes[rule.event_type].append(_push(rule, firing, anchor))
        if not firings:
            trace.append(_not_fired(rule, by_kind, started_at))
    return Weighed(trace=trace, pushes=dict(pushes), second_looks=_second_looks(by_kind["second_look"]))


def _slim(row: Evidence, graded: Collection[str]) -> Evidence:
    """A row without its long lists, which no predicate can test."""
    idle = {"path"} if row.kind in graded else {"path", "profile"}
    if idle.isdisjoint(row.data):
        return row
    return row.model_copy(update={"data": {name: value for name, value in row.data.items() if name not in idle}})


def _second_looks(rows: Sequence[Evidence]) -> dict[str, SecondLook]:
    found: dict[str, SecondLook] = {}
    for row in rows:
        before = found.get(row.tool, SecondLook((), frozenset()))
        watched = row.data.get("watched")
        kinds = frozenset(str(kind) for kind in watched) if isinstance(watched, list) else frozenset()
        found[row.tool] = SecondLook((*before.spans, row.span), before.kinds | kinds)
    return found


def _fire(rule: Rule, by_kind: Mapping[str, list[Evidence]], started_at: str | None) -> list[tuple[Firing, Evidence]]:
    if rule.needs_clock and started_at is None:
        return []
    first, *others = rule.when
    found: list[tuple[Firing, Evidence]] = []
    for anchor in by_kind.get(first.kind, ()):
        if matches(anchor, first, started_at) is not True:
            continue
        company = _company(anchor, others, by_kind, started_at)
        strength = _strength(rule, anchor, started_at)
        if company is None or strength <= 0.0:
            continue
        sign = 1.0 if rule.supports == "anomaly" else -1.0
        found.append(
            (
                Firing(
                    rule=f"{rule.id}@{rule.version}",
                    event_type=rule.event_type,
                    outcome="fired",
                    why=fill(rule.explanation, _quoting(anchor, first), company),
                    span=anchor.span,
                    strength=round(strength, 4),
                    weight=round(sign * rule.weight * strength, 4),
                    evidence=tuple(dict.fromkeys(row.cite for row in (anchor, *company))),
                ),
                anchor,
            )
        )
    return found


def _quoting(row: Evidence, condition: Condition) -> Evidence:
    """A row whose texts are cut to the sentence that says what the condition looks for."""
    said = {
        predicate.field: quote(str(row.data[predicate.field]), map(str, predicate.value))
        for predicate in condition.where
        if predicate.op == "mentions" and isinstance(predicate.value, list) and predicate.field in row.data
    }
    return row.model_copy(update={"data": row.data | said}) if said else row


def _company(
    anchor: Evidence, others: Sequence[Condition], by_kind: Mapping[str, list[Evidence]], started_at: str | None
) -> list[Evidence] | None:
    """The rows that the further conditions need beside the anchor; None when one of them is not met."""
    company: list[Evidence] = []
    for condition in others:
        near = (
            row
            for row in by_kind.get(condition.kind, ())
            if row.cite != anchor.cite and related(anchor, row, condition) and matches(row, condition, started_at)
        )
        row = next(near, None)
        if (row is None) != condition.absent:
            return None
        if row is not None:
            company.append(row)
    return company


def _strength(rule: Rule, anchor: Evidence, started_at: str | None) -> float:
    if rule.strength is not None and rule.strength.field == "profile":
        return max((rise(value, rule.strength) for _, value in anchor.profile), default=0.0)
    return ramp(anchor, rule.strength, started_at)


def _push(rule: Rule, firing: Firing, anchor: Evidence) -> Push:
    assert firing.span is not None
    times, levels = array("d"), array("d")  # packed: a profile of hours is long
    if rule.strength is not None and rule.strength.field == "profile":
        sign = rule.weight if rule.supports == "anomaly" else -rule.weight
        points = anchor.profile
        times.extend(t for t, _ in points)
        levels.extend(sign * rise(value, rule.strength) for _, value in points)
    return Push(rule.event_type, anchor.family, anchor.kind, anchor.tool, firing.span, firing.weight, times, levels)


def _not_fired(rule: Rule, by_kind: Mapping[str, list[Evidence]], started_at: str | None) -> Firing:
    """Say why a rule did not fire, by the row that came nearest."""
    first = rule.when[0]
    rows = by_kind.get(first.kind, [])
    if rule.needs_clock and started_at is None:
        outcome, why = "undecided", "the time of day is not known; give --started-at"
    elif not rows:
        outcome, why = "not fired", f"no evidence of kind {first.kind!r}"
    else:
        outcome, why = _nearest_miss(rule, rows, started_at)
    return Firing(
        rule=f"{rule.id}@{rule.version}",
        event_type=rule.event_type,
        outcome="undecided" if outcome == "undecided" else "not fired",
        why=why,
    )


def _nearest_miss(rule: Rule, rows: Sequence[Evidence], started_at: str | None) -> tuple[str, str]:
    first = rule.when[0]
    best = max(rows, key=lambda row: sum(meets(row, p, started_at) is True for p in first.where))
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
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def moments(duration: float, pushes: Iterable[Push], rate: float) -> Times:
    """The moments at which belief is drawn: a steady grid at the rate of perception, and every sample of a profile.

    Args:
        duration: Seconds.
        pushes: Their profiles set further moments.
        rate: Samples a second of the grid.
    """
    grid = np.arange(0.0, max(duration, 1e-9), 1.0 / rate)
    return np.unique(np.round(np.concatenate([grid, *(np.asarray(push.times) for push in pushes)]), 3))
