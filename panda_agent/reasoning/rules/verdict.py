"""From findings to a verdict: label, spans, claims, rejected alternatives. Prose is written from claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from panda_agent.reasoning.base import Findings
from panda_agent.reasoning.rules.beliefs import spans_above
from panda_agent.reasoning.rules.engine import Times, Weighed, moments, weigh
from panda_agent.types import (
    AnomalySpan,
    Claim,
    EventType,
    Evidence,
    Firing,
    Hypothesis,
    Label,
    Rejected,
    ScorePoint,
    TimeSpan,
    Verdict,
    clock,
)

CLAIMS_A_SPAN = 3
REJECTED = 4
JOIN_SECONDS = 1.0
"""Anomalous stretches nearer than this are one span."""
SEVERITY = {"high": 3, "medium": 2, "low": 1}


@dataclass(frozen=True, slots=True)
class Curve:
    """Belief over time: by event type, and the largest of those that the case is about."""

    times: Times
    beliefs: Mapping[str, Times]
    score: Times
    spans: tuple[AnomalySpan, ...]

    @property
    def peak(self) -> float:
        """The highest score; 0 for a video without a moment."""
        return float(self.score.max()) if len(self.score) else 0.0


def write_verdict(findings: Findings) -> Verdict:
    """Weigh all evidence, decide the label, and say why with citations."""
    weighed = weigh(findings.plan.rules, findings.evidence, started_at=findings.brief.started_at)
    curve = draw(findings, weighed)
    label, because = decide(findings, curve)
    spans = curve.spans if label == "anomalous" else ()
    main = max(spans, key=lambda span: (span.peak, -span.start), default=None)
    events = {event.id: event for event in findings.plan.event_types}
    event = events.get(main.event_type) if main is not None else None
    by_cite = {row.cite: row for row in findings.evidence}
    claims = tuple(_claims(findings, weighed, spans, curve))
    confidence, warnings = _confidence(findings, label, curve, weighed)
    rejected = tuple(_rejected(findings, label, curve, weighed, spans))
    return Verdict(
        label=label,
        headline=headline(label, event, spans, findings, because),
        event_type=None if event is None else event.id,
        severity=_severity(spans, events),
        confidence=round(confidence, 4),
        spans=spans,
        score_timeline=_timeline(curve),
        explanation=claims,
        rejected_alternatives=rejected,
        abstained_because=because,
        question=findings.brief.question,
        answer=_answer(findings, label, event, spans),
        basis=findings.plan.basis,
        warnings=(*findings.warnings, *warnings, *_elsewhere(findings, curve)),
        scene=findings.plan.scene,
        hypotheses=tuple(_hypotheses(findings, curve, weighed)),
        judgements=tuple(findings.judgements),
        trace=tuple(weighed.trace),
        evidence_rows=tuple(_cited(findings, claims, rejected, weighed, by_cite)),
        cost=findings.cost,
        provenance=findings.provenance,  # type: ignore[arg-type]
    )


def draw(findings: Findings, weighed: Weighed) -> Curve:
    """Belief at the rate of perception, and the spans in which it says anomalous."""
    settings, plan = findings.brief.settings, findings.plan
    times = moments(findings.brief.duration, findings.evidence, settings.perception.max_fps)
    beliefs = weighed.beliefs(plan.event_types, times)
    asked = [event.id for event in plan.event_types if not plan.asked or event.id in plan.asked]
    score = np.max([beliefs[name] for name in asked], axis=0) if asked else np.zeros(len(times))
    threshold = settings.loop.threshold
    stretches = spans_above(times.tolist(), score, threshold, threshold / 2, findings.brief.duration)
    spans = [_name_span(span, peak, asked, beliefs, times) for span, peak in _joined(stretches)]
    return Curve(times, beliefs, score, tuple(spans))


def _joined(stretches: Sequence[tuple[TimeSpan, float]]) -> list[tuple[TimeSpan, float]]:
    joined: list[tuple[TimeSpan, float]] = []
    for span, peak in stretches:
        if joined and span.start - joined[-1][0].end <= JOIN_SECONDS:
            before, best = joined.pop()
            span, peak = before.hull(span), max(best, peak)
        joined.append((span, peak))
    return joined


def _name_span(
    span: TimeSpan, peak: float, asked: Sequence[str], beliefs: Mapping[str, Times], times: Times
) -> AnomalySpan:
    """Name a span by its strongest event type; one that a rule names goes before merely `unusual`."""
    inside = (times >= span.start) & (times <= span.end)
    peaks = {name: float(beliefs[name][inside].max()) for name in asked}
    named = [name for name in asked if name != "unusual" and peaks[name] >= 0.5]
    name = max(named or asked, key=lambda name: peaks[name])
    return AnomalySpan(start=round(span.start, 3), end=round(span.end, 3), event_type=name, peak=round(peak, 4))


def decide(findings: Findings, curve: Curve) -> tuple[Label, str | None]:
    """The label, and for an inconclusive one the reason."""
    loop, duration = findings.brief.settings.loop, findings.brief.duration
    if findings.stopped is not None:
        return "inconclusive", findings.stopped
    if findings.spent is not None and abs(curve.peak - loop.threshold) < loop.unsure:
        return "inconclusive", findings.spent
    if abs(curve.peak - loop.threshold) < loop.abstain:
        return "inconclusive", f"the strongest belief is {curve.peak:.2f}, too near to the line at {loop.threshold:.2f}"
    if curve.peak >= loop.threshold:
        return "anomalous", None
    blind = sum(span.duration for span in findings.blind)
    if duration > 0 and blind / duration > loop.max_blind:
        return "inconclusive", f"{blind / duration:.0%} of the video could not be seen"
    return "normal", None


def headline(
    label: Label, event: EventType | None, spans: Sequence[AnomalySpan], findings: Findings, because: str | None
) -> str:
    """At most 80 characters that say it all."""
    if label == "anomalous" and event is not None:
        main = max(spans, key=lambda span: span.peak)
        more = f" and {len(spans) - 1} more" if len(spans) > 1 else ""
        text = f"{event.title} at {clock(main.start)}–{clock(main.end)}{more}"
    elif label == "inconclusive":
        text = f"Inconclusive: {because}"
    else:
        text = f"Nothing anomalous in {clock(findings.brief.duration)} of video"
    return text if len(text) <= 80 else text[:79] + "…"


def _severity(spans: Sequence[AnomalySpan], events: Mapping[str, EventType]):  # type: ignore[no-untyped-def]
    found = [events[span.event_type].severity for span in spans if span.event_type in events]
    return max(found, key=lambda name: SEVERITY[name], default=None)


def _timeline(curve: Curve) -> tuple[ScorePoint, ...]:
    pairs = zip(curve.times.tolist(), curve.score.tolist(), strict=True)
    return tuple(ScorePoint(t=round(t, 3), score=round(score, 4)) for t, score in pairs)


def _claims(findings: Findings, weighed: Weighed, spans: Sequence[AnomalySpan], curve: Curve) -> list[Claim]:
    """What speaks for each span: lines for its own event type first, then for others that are believed too."""
    claims: list[Claim] = []
    threshold = findings.brief.settings.loop.threshold
    believed = {name for name, belief in curve.beliefs.items() if float(belief.max(initial=0.0)) >= threshold}
    for span in spans:
        inside = TimeSpan(start=span.start, end=span.end)
        lines = [one for one in weighed.fired() if one.weight > 0 and one.span is not None and one.span.touches(inside)]
        lines = [one for one in lines if one.event_type in believed]
        lines = [one for one in lines if not findings.plan.asked or one.event_type in findings.plan.asked]
        lines.sort(
            key=lambda one: (one.event_type != span.event_type, -one.weight, _length(one), one.rule, one.evidence)
        )
        claims += [_claim(line) for line in _telling(lines)[:CLAIMS_A_SPAN]]
    return claims or _scene_claims(findings)


def _telling(lines: Sequence[Firing]) -> list[Firing]:
    """The first line of each rule, less those that only say of a longer time what another says of its part."""
    chosen: list[Firing] = []
    for line in lines:
        known = [
            one for one in chosen if one.rule == line.rule or (one.event_type == line.event_type and _holds(line, one))
        ]
        if not known:
            chosen.append(line)
    return chosen


def _holds(outer: Firing, inner: Firing) -> bool:
    return outer.span is not None and inner.span is not None and outer.span.hull(inner.span) == outer.span


def _length(line: Firing) -> float:
    return line.span.duration if line.span is not None else 0.0


def _claim(line: Firing) -> Claim:
    assert line.span is not None
    return Claim(text=line.why, span=line.span, about=line.event_type, cites=line.evidence)


def _scene_claims(findings: Findings) -> list[Claim]:
    """Without an anomaly: what the scene looked like, in the words of its own measurements."""
    rows = [row for row in findings.evidence if row.kind in ("scene", "crowd", "normality")]
    return [Claim(text=row.statement, span=row.span, about="scene", cites=(row.cite,)) for row in rows]


def _confidence(findings: Findings, label: Label, curve: Curve, weighed: Weighed) -> tuple[float, list[str]]:
    loop, duration = findings.brief.settings.loop, findings.brief.duration
    blind = min(1.0, sum(span.duration for span in findings.blind) / duration) if duration > 0 else 1.0
    if label == "normal":
        return (1.0 - curve.peak) * (1.0 - blind), []
    if label == "inconclusive":
        return 0.5, []
    by_cite = {row.cite: row.family for row in findings.evidence}
    events = {span.event_type for span in curve.spans}
    families = {
        by_cite[c] for one in weighed.fired() if one.weight > 0 and one.event_type in events for c in one.evidence
    }
    if len(families) > 1:
        return curve.peak, []
    return min(curve.peak, loop.one_source_cap), [
        f"One kind of source ({', '.join(sorted(families))}) backs this verdict."
    ]


def _rejected(
    findings: Findings, label: Label, curve: Curve, weighed: Weighed, spans: Sequence[AnomalySpan]
) -> list[Rejected]:
    """Benign twins of what was found; or, for a normal verdict, the anomalies that came nearest."""
    events = {event.id: event for event in findings.plan.event_types}
    if label == "anomalous":
        found = list(dict.fromkeys(span.event_type for span in spans))
        return [_benign_twin(events[name], curve, weighed) for name in found if name in events]
    nearest = sorted(curve.beliefs, key=lambda name: (-float(curve.beliefs[name].max()), name))
    return [_anomaly(events[name], curve, weighed) for name in nearest[:REJECTED]]


def _benign_twin(event: EventType, curve: Curve, weighed: Weighed) -> Rejected:
    own = [line for line in weighed.fired() if line.event_type == event.id]
    for_it = max((line for line in own if line.weight > 0), key=lambda line: line.weight)
    against = min((line for line in own if line.weight < 0), key=lambda line: line.weight, default=None)
    why = f"What speaks against it weighs more: {for_it.why}"
    if against is not None:
        why = f"{against.why} But this weighs more: {for_it.why}"
    cites = (*for_it.evidence, *(against.evidence if against else ()))
    belief = 1.0 - float(curve.beliefs[event.id].max())
    return Rejected(statement=event.benign, why=why, belief=round(belief, 4), cites=tuple(dict.fromkeys(cites)))


def _anomaly(event: EventType, curve: Curve, weighed: Weighed) -> Rejected:
    own = [line for line in weighed.trace if line.event_type == event.id]
    fired = max((line for line in own if line.weight > 0), key=lambda line: line.weight, default=None)
    against = min((line for line in own if line.weight < 0), key=lambda line: line.weight, default=None)
    missed = next((line for line in own if line.outcome != "fired"), None)
    if fired is not None:
        why = f"Too weak: {fired.why}" + (f" Against it: {against.why}" if against is not None else "")
    else:
        why = f"Not seen: {missed.why}." if missed is not None else "Nothing speaks for it."
    cites = tuple(dict.fromkeys(c for line in (fired, against) if line is not None for c in line.evidence))
    return Rejected(
        statement=event.statement, why=why, belief=round(float(curve.beliefs[event.id].max()), 4), cites=cites
    )


def _hypotheses(findings: Findings, curve: Curve, weighed: Weighed) -> list[Hypothesis]:
    """Anomalies as believed at their best moment; an innocent explanation stays open where nothing needs one."""
    loop = findings.brief.settings.loop
    raised = {line.event_type for line in weighed.fired() if line.weight > 0}
    settled: list[Hypothesis] = []
    for one in findings.plan.hypotheses:
        peak = float(curve.beliefs[one.event_type].max(initial=0.0))
        belief = peak if one.kind == "anomaly" else 1.0 - peak
        far = abs(belief - loop.threshold) >= loop.abstain
        status = "undecided" if not far else "supported" if belief >= loop.threshold else "refuted"
        if one.kind == "benign" and one.event_type not in raised:
            status = "open"
        settled.append(one.model_copy(update={"belief": round(belief, 4), "status": status}))
    return settled


def _answer(findings: Findings, label: Label, event: EventType | None, spans: Sequence[AnomalySpan]) -> str | None:
    if not findings.brief.question:
        return None
    if not findings.plan.asked:
        return "The rules know no word of this question; the verdict is about anomalies in general."
    if label == "anomalous" and event is not None:
        return f"Yes: {event.statement.rstrip('.')}, at {', '.join(f'{clock(s.start)}–{clock(s.end)}' for s in spans)}."
    return "Can't tell." if label == "inconclusive" else "No: nothing of the kind was seen."


def _elsewhere(findings: Findings, curve: Curve) -> list[str]:
    """With a question: what else was found, which the label does not speak of."""
    if not findings.plan.asked:
        return []
    titles = {event.id: event.title for event in findings.plan.event_types}
    threshold = findings.brief.settings.loop.threshold
    others = [n for n in titles if n not in findings.plan.asked and float(curve.beliefs[n].max()) >= threshold]
    return [
        f"Not asked about, but seen: {titles[n]} at {clock(float(curve.times[curve.beliefs[n].argmax()]))}."
        for n in others
    ]


def _cited(
    findings: Findings,
    claims: Sequence[Claim],
    rejected: Sequence[Rejected],
    weighed: Weighed,
    by_cite: Mapping[str, Evidence],
) -> list[Evidence]:
    cites = [cite for claim in claims for cite in claim.cites]
    cites += [cite for one in rejected for cite in one.cites]
    cites += [cite for one in findings.judgements for cite in one.cites]
    cites += [cite for line in weighed.fired() for cite in line.evidence]
    rows = [by_cite[cite] for cite in dict.fromkeys(cites) if cite in by_cite]
    return sorted(rows, key=lambda row: (row.span.start, row.span.end, row.kind, row.id, row.revision))
