"""From findings to a verdict: the label, how sure it is, and what sums it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from panda_agent.reasoning.base import Findings
from panda_agent.reasoning.rules.account import answer_of, cited_rows, claims_of, elsewhere, hypotheses_of, rejected_of
from panda_agent.reasoning.rules.curve import CATCH_ALL, Curve, draw, rank, timeline
from panda_agent.reasoning.rules.doubted import doubts_about, undoubted
from panda_agent.reasoning.rules.engine import Weighed, weigh
from panda_agent.reasoning.rules.smoothing import Durations, smoothed
from panda_agent.types import AnomalySpan, EventType, Label, ScorePoint, Severity, Verdict, clock

SEVERITY = {"high": 3, "medium": 2, "low": 1}


def write_verdict(findings: Findings) -> Verdict:
    """Weigh all evidence, decide the label, and say why with citations."""
    plan, started_at = findings.plan, findings.brief.started_at
    durations = Durations.of(findings.brief.settings.loop)
    weighed = weigh(plan.rules, findings.evidence, started_at=started_at, added=plan.added, durations=durations)
    curve = draw(findings, weighed)
    label, because = undoubted(decide(findings, curve), weighed, lambda other: decide(findings, draw(findings, other)))
    spans = curve.spans if label == "anomalous" else ()
    main = main_span(spans)
    events = {event.id: event for event in findings.plan.event_types}
    event = events.get(main.event_type) if main is not None else None
    claims = tuple(claims_of(findings, weighed, spans, curve))
    confidence, warnings = _confidence(findings, label, curve, weighed)
    rejected = tuple(rejected_of(findings, label, curve, weighed, spans))
    return Verdict(
        label=label,
        headline=headline(label, event, main, len(spans), findings, because),
        event_type=None if event is None else event.id,
        severity=_severity(spans, events),
        confidence=round(confidence, 4),
        spans=spans,
        score_timeline=_timeline(findings, curve),
        explanation=claims,
        rejected_alternatives=rejected,
        abstained_because=because,
        question=findings.brief.question,
        answer=answer_of(findings, label, event, spans),
        basis=findings.plan.basis,
        warnings=(*findings.warnings, *warnings, *doubts_about(weighed, findings), *elsewhere(findings, curve)),
        scene=findings.plan.scene,
        hypotheses=tuple(hypotheses_of(findings, curve, weighed)),
        judgements=tuple(findings.judgements),
        trace=tuple(weighed.trace),
        evidence_rows=tuple(cited_rows(findings, claims, rejected, weighed)),
        cost=findings.cost,
        provenance=findings.provenance,  # type: ignore[arg-type]
    )


def _timeline(findings: Findings, curve: Curve) -> tuple[ScorePoint, ...]:
    """The score over time; smoothed only where all of it was there when it was drawn."""
    loop = findings.brief.settings.loop
    return smoothed(timeline(curve), loop.smooth_seconds if loop.mode == "offline" else 0.0)


def main_span(spans: Sequence[AnomalySpan]) -> AnomalySpan | None:
    """The span that names the verdict: the strongest; where it is a catch-all, the best name for a part of it."""
    if not spans:
        return None
    top = max(spans, key=lambda span: (span.peak, -span.start))
    if top.event_type not in CATCH_ALL:
        return top
    return min((span for span in spans if span.start <= top.end and top.start <= span.end), key=rank)


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
    if findings.untested is not None:
        return "inconclusive", findings.untested
    return _by_the_model(findings)


def _by_the_model(findings: Findings) -> tuple[Label, str | None]:
    """Normal, unless the model left too many of the clips that it was asked about undescribed, or unjudged."""
    rows = [row for row in findings.evidence if row.kind in ("caption", "opinion", "unanswered")]
    for kind, purpose, did in (("caption", "caption", "described"), ("opinion", "judge", "judged")):
        done = {row.span for row in rows if row.kind == kind}
        silent = {row.span for row in rows if row.kind == "unanswered" and row.data.get("asked") == purpose} - done
        if len(silent) > findings.brief.settings.loop.max_blind * (len(silent) + len(done)):
            return "inconclusive", f"the model {did} only {len(done)} of {len(done) + len(silent)} clips"
    return "normal", None


def headline(
    label: Label, event: EventType | None, main: AnomalySpan | None, spans: int, findings: Findings, because: str | None
) -> str:
    """At most 80 characters that say it all."""
    if label == "anomalous" and event is not None and main is not None:
        more = f" and {spans - 1} more" if spans > 1 else ""
        text = f"{event.title} at {clock(main.start)}–{clock(main.end)}{more}"
    elif label == "inconclusive":
        text = f"Inconclusive: {because}"
    else:
        text = f"Nothing anomalous in {clock(findings.brief.duration)} of video"
    return text if len(text) <= 80 else text[:79] + "…"


def _severity(spans: Sequence[AnomalySpan], events: Mapping[str, EventType]) -> Severity | None:
    found = [events[span.event_type].severity for span in spans if span.event_type in events]
    return max(found, key=lambda name: SEVERITY[name], default=None)


def _confidence(findings: Findings, label: Label, curve: Curve, weighed: Weighed) -> tuple[float, list[str]]:
    loop, duration = findings.brief.settings.loop, findings.brief.duration
    blind = min(1.0, sum(span.duration for span in findings.blind) / duration) if duration > 0 else 1.0
    if label == "normal":
        return (1.0 - curve.peak) * (1.0 - blind), []
    if label == "inconclusive":
        return 0.5, []
    by_cite = {row.cite: row.family.partition("/")[0] for row in findings.evidence}  # two readings of one source
    events = {span.event_type for span in curve.spans}
    families = {
        by_cite[c] for one in weighed.fired() if one.weight > 0 and one.event_type in events for c in one.evidence
    }
    if len(families) > 1:
        return min(curve.peak, loop.cap), []
    return min(curve.peak, loop.one_source_cap), [
        f"One kind of source ({', '.join(sorted(families))}) backs this verdict."
    ]
