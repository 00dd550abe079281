"""Why a moment is believed to be what the verdict says, or why not: rules, weights, evidence, and what nearly fired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from panda_agent.conversation.docket import Docket
from panda_agent.conversation.turns import Reply, Why
from panda_agent.reasoning.rules.beliefs import logit
from panda_agent.reasoning.rules.engine import Weighed
from panda_agent.reasoning.rules.verdict import main_span
from panda_agent.types import EventType, Evidence, Firing, TimeSpan, clock

TOLD = 3
"""Event types that are told of, the most believed."""
FELT = 0.05
"""Log-odds from which what a rule does at a moment is worth a line."""
NEARLY = 4
"""Rules that nearly fired, at most."""


def why(docket: Docket, turn: Why) -> Reply:
    """What stood at a moment, for, against and nearly."""
    span = turn.at or strongest(docket)
    duration = docket.brief.duration
    if span.start > duration:
        return Reply(lines=(f"The video ends at {clock(duration)}.",), puzzled=True)
    rows = docket.rows()
    weighed = docket.weighed(rows)
    time = span.start if not span.duration else _peak(docket, weighed, span)
    near = [row for row in rows if row.span.touches(TimeSpan(start=time, end=time))]
    lines, cites = _told(docket, weighed, time, near)
    return Reply(lines=tuple(lines), cites=tuple(dict.fromkeys(cites)))


def strongest(docket: Docket) -> TimeSpan:
    """The main span of the verdict, else the moment of the highest score."""
    verdict = docket.verdict
    main = main_span(verdict.spans)
    if main is not None:
        return TimeSpan(start=main.start, end=main.end)
    top = max(verdict.score_timeline, key=lambda point: (point.score, -point.t), default=None)
    moment = 0.0 if top is None else top.t
    return TimeSpan(start=moment, end=moment)


def _peak(docket: Docket, weighed: Weighed, span: TimeSpan) -> float:
    """The moment of a span at which something is believed most."""
    times = weighed.moments(docket.brief.duration, docket.case.settings.perception.max_fps)
    inside = times[(times >= span.start) & (times <= span.end)]
    if not len(inside):
        return span.start
    beliefs = weighed.beliefs(docket.plan.event_types, inside)
    score = np.max([*beliefs.values(), np.zeros(len(inside))], axis=0)
    return float(inside[int(score.argmax())])


def _told(docket: Docket, weighed: Weighed, time: float, near: Sequence[Evidence]) -> tuple[list[str], list[str]]:
    plan, threshold = docket.plan, docket.case.settings.loop.threshold
    now = np.array([time])
    beliefs = {event.id: float(weighed.belief(event, now)[0]) for event in plan.event_types}
    ranked = sorted(plan.event_types, key=lambda event: (-beliefs[event.id], event.id))
    felt = {event.id: list(_felt(weighed, event, time)) for event in plan.event_types}
    shown = [event for event in ranked if felt[event.id]][:TOLD]
    lines = [_lead(shown, beliefs, time, threshold)]
    cites: list[str] = []
    for event in shown:
        lines.append(_belief(event, beliefs[event.id], len(felt[event.id])))
        for line, level in sorted(felt[event.id], key=lambda pair: -abs(pair[1]))[:6]:
            lines.append(_line(line, level, time))
            cites += line.evidence
    sides = {f"{rule.id}@{rule.version}": "for" if rule.supports == "anomaly" else "against" for rule in plan.rules}
    nearly = list(_nearly(docket, near, [event.id for event in ranked]))
    lines += [f"  nearly {sides[line.rule]} {line.rule}: {line.why}" for line in nearly]
    if not shown and not nearly:
        lines.append("  No rule fired, and none has evidence at this moment that it could nearly have fired on.")
    lines += _set_aside(docket, time)
    return lines, cites


def _lead(shown: Sequence[EventType], beliefs: dict[str, float], time: float, threshold: float) -> str:
    line = f"the line is at {threshold:.2f}"
    if not shown:
        return f"At {clock(time)} no rule speaks for or against anything ({line})."
    top = shown[0]
    if beliefs[top.id] >= threshold:
        return f'At {clock(time)} "{top.title}" is believed with {beliefs[top.id]:.2f}; {line}.'
    most = f'"{top.title}" is believed most, with {beliefs[top.id]:.2f}'
    return f"At {clock(time)} nothing reaches the line: {most}; {line}."


def _belief(event: EventType, belief: float, rules: int) -> str:
    at = logit(min(1 - 1e-9, max(1e-9, belief)))
    together = " (of one sense only the strongest counts)" if rules > 1 else ""
    odds = f"log-odds {logit(event.prior):+.1f} before any evidence, {at:+.1f} now"
    return f"{event.id}: belief {belief:.2f}, {odds}{together}"


def _felt(weighed: Weighed, event: EventType, time: float) -> Iterator[tuple[Firing, float]]:
    """The firings that move an event type at a moment, each with the log-odds that it brings then."""
    now, left = np.array([time]), list(weighed.pushes.get(event.id, ()))
    for line in weighed.fired():
        own = [one for one in left if line.event_type == event.id and one.span == line.span]
        if not own:
            continue  # answered by what is known as normal, or of another event type
        push = min(own, key=lambda one: abs(one.level - line.weight))
        left.remove(push)
        level = float(push.at(now, event.decay)[0])
        if abs(level) >= FELT:
            yield line, level


def _line(line: Firing, level: float, time: float) -> str:
    assert line.span is not None
    faded = f", fading since {clock(line.span.end)}" if time > line.span.end else ""
    side = "for    " if level > 0 else "against"
    return f"  {side} {level:+.1f} {line.rule}: {line.why}{faded} [{', '.join(line.evidence)}]"


def _nearly(docket: Docket, near: Sequence[Evidence], ranked: Sequence[str]) -> Iterator[Firing]:
    """Rules that have evidence at this moment and missed it by one number; those of what is believed most first."""
    here = {row.cite for row in near}
    heard = {f"{rule.id}@{rule.version}" for rule in docket.plan.rules if rule.when[0].kind == "human"}
    missed = [line for line in docket.weighed(near).trace if line.outcome != "fired" and _cited(line, here)]
    missed = [line for line in missed if line.rule not in heard]
    place = {name: i for i, name in enumerate(ranked)}
    yield from sorted(missed, key=lambda line: (place.get(line.event_type, len(place)), line.rule))[:NEARLY]


def _cited(line: Firing, here: set[str]) -> bool:
    return not here.isdisjoint(line.evidence) or any(f"({cite})" in line.why for cite in here)


def _set_aside(docket: Docket, time: float) -> Iterator[str]:
    """Rows at this moment that were taken back."""
    now = TimeSpan(start=time, end=time)
    for cite in docket.without:
        row = docket.case.store.get(cite)
        if row is not None and row.span.touches(now):
            yield f"  taken back: {row.statement} [{cite}]"
