"""The rules engine: fires every rule over the evidence and turns what fired into beliefs over time."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.reasoning.facts import COURSES
from panda_agent.reasoning.lexicon import undoubted_part
from panda_agent.reasoning.rules.beliefs import Glances, Push, SecondLook, log_odds, to_probability
from panda_agent.reasoning.rules.company import GLIMPSED, Company, Near, company_of
from panda_agent.reasoning.rules.known import Drawn, answered
from panda_agent.reasoning.rules.predicates import matches, meets, ramp, rise
from panda_agent.reasoning.rules.sentences import fill, not_fired, quoting
from panda_agent.reasoning.rules.smoothing import USUAL, Durations, averaged
from panda_agent.reasoning.suspicion import SILENT, Suspicion, most_benign, suspicion_of, unwritten, writing_of
from panda_agent.types import Condition, EventType, Evidence, Firing, Ramp, Rule, TimeSpan

Times = NDArray[np.float64]
DOUBTED = 0.5
"""Share of its weight that is left of what a description says with doubt."""
DERIVED = "told_like"
"""The kind of evidence that is worked out from descriptions, moment by moment."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The outcome of weighing rules against evidence."""

    trace: list[Firing]
    """Every firing, and one line for each rule that did not fire."""
    pushes: dict[str, list[Push]] = field(default_factory=dict)
    """By event type."""
    second_looks: dict[str, SecondLook] = field(default_factory=dict)
    """What each further tool watched again."""
    answered: frozenset[tuple[str, ...]] = frozenset()
    """What firings cite that a mark of the camera answered: they are no reason any more."""
    suspect: Mapping[str, str] = field(default_factory=dict)
    """By cite, testimony of a model that counts for nothing, with the order that it read or saw."""
    withheld: Mapping[str, Sequence[Push]] = field(default_factory=dict)
    """Accusations that don't count because writing in the picture names what they accuse of."""
    glances: Glances | None = None
    """Descriptions of single moments, of which each counts little."""
    at_worst: Mapping[str, Sequence[Push]] = field(default_factory=dict)
    """What suspect testimony could have said against the anomaly, had nobody told the model what to say."""

    def moments(self, duration: float, rate: float) -> Times:
        """The moments at which these pushes are drawn: see `moments`."""
        return moments(duration, (push for pushes in self.pushes.values() for push in pushes), rate)

    def with_more(self, more: Mapping[str, Sequence[Push]]) -> Weighed:
        """The same with further pushes."""
        names = {*self.pushes, *more}
        return replace(self, pushes={name: [*self.pushes.get(name, ()), *more.get(name, ())] for name in names})

    def fired(self) -> list[Firing]:
        """The part of the trace that moved belief."""
        return [line for line in self.trace if line.outcome == "fired"]

    def beliefs(self, events: Iterable[EventType], times: Times) -> dict[str, Times]:
        """Belief in each event type at each of `times` (seconds, rising)."""
        return {event.id: self.belief(event, times) for event in events}

    def belief(self, event: EventType, times: Times) -> Times:
        """Belief in one event type at each of `times` (seconds, rising)."""
        pushes = self.pushes.get(event.id, ())
        return to_probability(log_odds(pushes, times, event.prior, event.decay, self.second_looks, self.glances))


def weigh(
    rules: Sequence[Rule],
    evidence: Iterable[Evidence],
    *,
    started_at: str | None = None,
    added: Mapping[str, float] = MappingProxyType({}),
    misses: bool = True,
    durations: Durations = USUAL,
) -> Weighed:
    """Fire rules over evidence. Pure: the same rows give the same trace, in whatever order they come.

    Args:
        rules: The rules to test.
        evidence: All rows they may look at; read once, and of their courses over time only those are held that a rule
            grades by.
        started_at: ISO time of second 0; None leaves rules about the clock undecided.
        added: Online, by id the rules that came while the video did, and the second from which each counts.
        misses: The trace also has a line for each rule that did not fire; beliefs need none.
        durations: How descriptions of single moments are weighed together.
    """
    graded = {rule.when[0].kind for rule in rules if rule.strength is not None and rule.strength.field == "profile"}
    slim = (_slim(row, graded) for row in evidence)
    rows = sorted(slim, key=lambda row: row.place)
    by_kind: dict[str, list[Evidence]] = defaultdict(list)
    replaced = {row.data.get("supersedes") for row in rows}
    for row in rows:
        if row.cite not in replaced:
            by_kind[row.kind].append(row)
    suspicion = suspicion_of(rows)
    by_kind[DERIVED] = _undictated(by_kind[DERIVED], [row for row in rows if row.cite in suspicion.told])
    trusted = {kind: [row for row in of if row.cite not in suspicion.told] for kind, of in by_kind.items()}
    trace: list[Firing] = []
    drawn: list[Drawn] = []
    withheld: dict[str, list[Push]] = defaultdict(list)
    for rule in sorted(rules, key=lambda rule: rule.id):
        firings = _fire(rule, by_kind, trusted, started_at, durations.glance)
        for firing, company in firings:
            why_not = _distrusted(rule, company, suspicion)
            trace.append(firing if why_not is None else _uncounted(firing, why_not))
            push = _push(rule, firing, company, added.get(rule.id))
            if why_not is None:
                drawn.append(Drawn(firing, company.anchor, push))
            elif company.anchor.cite not in suspicion.told:
                withheld[rule.event_type].append(push)
        if misses and not firings:
            trace.append(not_fired(rule, by_kind, started_at))
    left, lost = answered(drawn, rows)
    pushes: dict[str, list[Push]] = defaultdict(list)
    for push in left:
        pushes[push.event_type].append(push)
    at_worst = _cleared([row for row in rows if row.cite in suspicion.told], rules)
    looks = _second_looks(by_kind["second_look"])
    glances = glances_of(by_kind[GLIMPSED], durations)
    return Weighed(trace, dict(pushes), looks, lost, suspicion.told, dict(withheld), glances, at_worst)


def glances_of(rows: Sequence[Evidence], durations: Durations) -> Glances | None:
    """The descriptions of single moments among some; None where there is at most one."""
    short = [row for row in rows if row.span.duration < durations.glance]
    causal = any(row.known_at is not None for row in short)
    moments = sorted({(row.span.start + row.span.end) / 2 if row.known_at is None else row.known_at for row in short})
    return Glances(GLIMPSED, tuple(moments), durations, causal) if len(moments) > 1 else None


def _undictated(rows: Sequence[Evidence], dictated: Sequence[Evidence]) -> list[Evidence]:
    """Rows without the points of their course that rest on descriptions which a text may have ordered."""
    if not dictated:
        return list(rows)
    spans = [row.span if row.known_at is None else TimeSpan(start=row.known_at, end=row.known_at) for row in dictated]
    return [row.model_copy(update={"data": row.data | {"profile": _outside(row.profile, spans)}}) for row in rows]


def _outside(points: Sequence[tuple[float, float]], spans: Sequence[TimeSpan]) -> list[JsonValue]:
    return [[t, value] for t, value in points if not any(span.start <= t <= span.end for span in spans)]


def _distrusted(rule: Rule, company: Company, suspicion: Suspicion) -> str | None:
    """Why a firing moves nothing: a model that it rests on was told what to say, or may have read it off a wall."""
    order = suspicion.told.get(company.anchor.cite)
    if order is not None:
        return f'the model read what reads like an order, "{order}"'
    names = (suspicion.names(row, rule.event_type) for row in company.rows if rule.supports == "anomaly")
    word = next((word for word in names if word is not None), None)
    return None if word is None else f'the picture itself says so in writing, "{word}"'


def _uncounted(firing: Firing, why_not: str) -> Firing:
    told = f"Not counted, as {why_not}. {firing.why}"
    return firing.model_copy(update={"outcome": "undecided", "why": told, "strength": 0.0, "weight": 0.0})


def _cleared(rows: Sequence[Evidence], rules: Sequence[Rule]) -> dict[str, list[Push]]:
    """Each row as if it spoke for the innocent side as strongly as a model's row can."""
    found: dict[str, list[Push]] = defaultdict(list)
    for (event, kind), weight in most_benign(rules).items() if rows else ():
        found[event] += [
            Push(event, row.family, kind, row.tool, row.span, -weight, since=row.known_at)
            for row in rows
            if row.kind in (kind, SILENT)
        ]
    return found


def _slim(row: Evidence, graded: Collection[str]) -> Evidence:
    """A row without its long lists, which no predicate can test, and a description without the writing it quotes."""
    if row.kind == "caption" and isinstance(row.data.get("told"), str):
        told = unwritten(str(row.data["told"]), writing_of(row))
        row = row if told == row.data["told"] else row.model_copy(update={"data": row.data | {"told": told}})
    idle = COURSES - {"profile"} if row.kind in graded else COURSES
    if idle.isdisjoint(row.data):
        return row
    return row.model_copy(update={"data": {name: value for name, value in row.data.items() if name not in idle}})


def _second_looks(rows: Sequence[Evidence]) -> dict[str, SecondLook]:
    found: dict[str, SecondLook] = {}
    for row in rows:
        before = found.get(row.tool, SecondLook((), frozenset()))
        known = () if row.known_at is None else (row.known_at,)
        watched = row.data.get("watched")
        kinds = frozenset(str(kind) for kind in watched) if isinstance(watched, list) else frozenset()
        found[row.tool] = SecondLook((*before.spans, row.span), before.kinds | kinds, (*before.known, *known))
    return found


def _fire(
    rule: Rule,
    by_kind: Mapping[str, list[Evidence]],
    trusted: Mapping[str, list[Evidence]],
    started_at: str | None,
    glance: float,
) -> list[tuple[Firing, Company]]:
    """Every row that meets the first condition, with what the further ones need of the rows that can be trusted."""
    if rule.needs_clock and started_at is None:
        return []
    first, *others = rule.when
    found: list[tuple[Firing, Company]] = []
    anchors = [row for row in by_kind.get(first.kind, ()) if matches(row, first, started_at) is True]
    near = [Near.of(one, first, trusted, started_at, glance) for one in others] if anchors else []
    for anchor in _over_stretches(anchors, rule.strength):
        company = company_of(anchor, near)
        strength = _strength(rule, anchor, started_at) * _sureness(anchor, first)
        if company is None or strength <= 0.0:
            continue
        sign = 1.0 if rule.supports == "anomaly" else -1.0
        found.append(
            (
                Firing(
                    rule=f"{rule.id}@{rule.version}",
                    event_type=rule.event_type,
                    outcome="fired",
                    why=fill(rule.explanation, quoting(anchor, first), company.others),
                    span=anchor.span,
                    strength=round(strength, 4),
                    weight=round(sign * rule.weight * strength, 4),
                    evidence=tuple(dict.fromkeys(row.cite for row in company.rows)),
                    known_at=company.since,
                ),
                company,
            )
        )
    return found


def _over_stretches(rows: Sequence[Evidence], scale: Ramp | None) -> Sequence[Evidence]:
    """Rows whose courses are averaged as a ramp asks: those of one tool as one course. Online by what came before."""
    if scale is None or scale.field != "profile" or not scale.over:
        return rows
    found = list(rows)
    for tool in dict.fromkeys(row.tool for row in rows):
        points = sorted((t, i, v) for i, row in enumerate(rows) if row.tool == tool for t, v in row.profile)
        causal = any(row.known_at is not None for row in rows)
        means = averaged([t for t, _, _ in points], [v for _, _, v in points], scale.over, causal=causal)
        courses: dict[int, list[JsonValue]] = defaultdict(list)
        for (t, i, _), mean in zip(points, means.tolist(), strict=True):
            courses[i].append([t, mean])
        for i, course in courses.items():
            found[i] = rows[i].model_copy(update={"data": rows[i].data | {"profile": course}})
    return found


def _strength(rule: Rule, anchor: Evidence, started_at: str | None) -> float:
    if rule.strength is not None and rule.strength.field == "profile":
        return max((rise(value, rule.strength) for _, value in anchor.profile), default=0.0)
    return ramp(anchor, rule.strength, started_at)


def _sureness(row: Evidence, condition: Condition) -> float:
    """How much of a description's weight counts: half where it says what is asked for with doubt only."""
    asked = [one for one in condition.where if one.op == "mentions"]
    if not asked or all(meets(_undoubted(row, one.field), one) for one in asked):
        return 1.0
    return DOUBTED


def _undoubted(row: Evidence, field: str) -> Evidence:
    told = undoubted_part(str(row.data.get(field, "")))
    return row.model_copy(update={"data": row.data | {field: told}})


def _push(rule: Rule, firing: Firing, company: Company, added: float | None) -> Push:
    assert firing.span is not None
    anchor = company.anchor
    times, levels = array("d"), array("d")  # packed: a profile of hours is long
    if rule.strength is not None and rule.strength.field == "profile":
        sign = rule.weight if rule.supports == "anomaly" else -rule.weight
        points = anchor.profile
        times.extend(t for t, _ in points)
        levels.extend(sign * rise(value, rule.strength) for _, value in points)
    return Push(
        rule.event_type,
        anchor.family,
        anchor.kind,
        anchor.tool,
        firing.span,
        firing.weight,
        times,
        levels,
        max((since for since in (company.since, added) if since is not None), default=None),
        company.until,
        bool(times and anchor.data.get("live") and not company.others and added is None),
    )


def moments(duration: float, pushes: Iterable[Push], rate: float) -> Times:
    """The moments at which belief is drawn: a steady grid at the rate of perception, and every sample of a profile.

    Args:
        duration: Seconds.
        pushes: Their profiles set further moments.
        rate: Samples a second of the grid.
    """
    grid = np.arange(0.0, max(duration, 1e-9), 1.0 / rate)
    return np.unique(np.round(np.concatenate([grid, *(_moments(push, duration) for push in pushes)]), 3))


def _moments(push: Push, duration: float) -> Times:
    """The samples of a push's profile; online those at which it is felt, and where it begins and ends to be."""
    times = np.asarray(push.times, np.float64)
    if push.since is None or push.live:
        return times
    until = duration if push.until is None else min(push.until, duration)
    edges = [edge for edge in (push.since, push.until) if edge is not None and edge < duration]
    return np.concatenate([times[(times >= push.since) & (times < until)], edges])
