"""The account a verdict gives of itself: claims, rejected alternatives, settled hypotheses, the answer, cited rows."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.reasoning.base import Findings
from panda_agent.reasoning.rules.claims import claims_from, quoted
from panda_agent.reasoning.rules.curve import CATCH_ALL, Curve
from panda_agent.reasoning.rules.engine import Weighed
from panda_agent.types import (
    AnomalySpan,
    Claim,
    EventType,
    Evidence,
    Firing,
    Hypothesis,
    Judgement,
    Label,
    Rejected,
    TimeSpan,
    clock,
)

REJECTED = 4
UNSEEN, WEAK, AGAINST, WEIGHS, HOWEVER = (
    "Not seen: ",
    "Too weak: ",
    " Against it: ",
    "What speaks against it weighs more: ",
    " But this weighs more: ",
)
"""What an account says around the sentences of rules."""
DESCRIBED = 3
"""Descriptions that are quoted where nothing was found, spread over the video."""


def claims_of(findings: Findings, weighed: Weighed, spans: Sequence[AnomalySpan], curve: Curve) -> list[Claim]:
    """All that the spans rest on: what speaks for their own event types first, then for others that are believed."""
    claims: list[Claim] = []
    believed = _believed(findings, curve)
    told = [one for one in weighed.fired() if one.weight > 0 and one.event_type in believed]
    told = [one for one in told if one.evidence not in weighed.answered]
    cited = {cite for one in told for cite in one.evidence}
    rows = {row.cite: row for row in findings.evidence if row.cite in cited} if spans else {}
    for span in spans:
        inside = TimeSpan(start=span.start, end=span.end)
        lines = [one for one in told if _is_felt(one, inside)]
        lines.sort(
            key=lambda one: (one.event_type != span.event_type, -one.weight, _length(one), one.rule, one.evidence)
        )
        claims += claims_from(lines, inside, rows, findings.plan.rules)
    said: dict[tuple[str, tuple[str, ...]], Claim] = {}
    for claim in claims:  # rules of two event types may rest on the same rows in the same words
        said.setdefault((claim.text, claim.cites), claim)
    return [*said.values()] or _scene_claims(findings)


def _is_felt(line: Firing, inside: TimeSpan) -> bool:
    """Whether a firing speaks of a span, or, online, was news in it."""
    news = line.known_at is not None and inside.start <= line.known_at <= inside.end
    return line.span is not None and (news or line.span.touches(inside))


def _believed(findings: Findings, curve: Curve) -> set[str]:
    """The event types that reach the line, of those that the case is about."""
    asked, threshold = findings.plan.asked, findings.brief.settings.loop.threshold
    return {
        name for name, height in curve.heights.items() if height.belief >= threshold and (not asked or name in asked)
    }


def _length(line: Firing) -> float:
    return line.span.duration if line.span is not None else 0.0


def _scene_claims(findings: Findings) -> list[Claim]:
    """Without an anomaly: what the scene looked like, in the words of its own measurements and descriptions."""
    rows = [row for row in findings.evidence if row.kind in ("scene", "crowd", "normality", "score")]
    rows = [row for row in rows if not row.data.get("live")]  # online, seconds that are told once more in chapters
    told = [row for row in findings.evidence if row.kind == "caption"]
    picked = {round(i * (len(told) - 1) / max(1, DESCRIBED - 1)) for i in range(DESCRIBED)} if told else set()
    return [quoted(row, "scene") for row in (*rows, *(told[i] for i in sorted(picked)))]


def rejected_of(
    findings: Findings, label: Label, curve: Curve, weighed: Weighed, spans: Sequence[AnomalySpan]
) -> list[Rejected]:
    """Benign twins of what was found; or, for a normal verdict, the anomalies that came nearest."""
    events = {event.id: event for event in findings.plan.event_types}
    if label == "anomalous":
        found = list(dict.fromkeys(span.event_type for span in spans))
        return [_benign_twin(events[name], curve, weighed) for name in found if name in events]
    nearest = sorted(curve.heights, key=lambda name: (-curve.heights[name].belief, name))
    return [_anomaly(events[name], curve, weighed) for name in nearest[:REJECTED]]


def _benign_twin(event: EventType, curve: Curve, weighed: Weighed) -> Rejected:
    own = [line for line in weighed.fired() if line.event_type == event.id]
    for_it = max((line for line in own if line.weight > 0), key=lambda line: line.weight)
    against = min((line for line in own if line.weight < 0), key=lambda line: line.weight, default=None)
    why = f"{WEIGHS}{for_it.why}"
    if against is not None:
        why = f"{against.why}{HOWEVER}{for_it.why}"
    cites = (*for_it.evidence, *(against.evidence if against else ()))
    belief = 1.0 - curve.heights[event.id].belief
    return Rejected(statement=event.benign, why=why, belief=round(belief, 4), cites=tuple(dict.fromkeys(cites)))


def _anomaly(event: EventType, curve: Curve, weighed: Weighed) -> Rejected:
    own = [line for line in weighed.trace if line.event_type == event.id]
    fired = max((line for line in own if line.weight > 0), key=lambda line: line.weight, default=None)
    against = min((line for line in own if line.weight < 0), key=lambda line: line.weight, default=None)
    missed = next((line for line in own if line.outcome != "fired"), None)
    if fired is not None:
        why = f"{WEAK}{fired.why}" + (f"{AGAINST}{against.why}" if against is not None else "")
    else:
        why = f"{UNSEEN}{missed.why}." if missed is not None else "Nothing speaks for it."
    told = (fired, against) if fired is not None else (missed,)
    cites = tuple(dict.fromkeys(c for line in told if line is not None for c in line.evidence))
    return Rejected(statement=event.statement, why=why, belief=round(curve.heights[event.id].belief, 4), cites=cites)


def hypotheses_of(findings: Findings, curve: Curve, weighed: Weighed) -> list[Hypothesis]:
    """Anomalies as believed at their best moment; an innocent explanation stays open where nothing needs one."""
    loop = findings.brief.settings.loop
    raised = {line.event_type for line in weighed.fired() if line.weight > 0}
    settled: list[Hypothesis] = []
    for one in findings.plan.hypotheses:
        peak = curve.heights[one.event_type].belief
        belief = peak if one.kind == "anomaly" else 1.0 - peak
        far = abs(belief - loop.threshold) >= loop.abstain
        status = "undecided" if not far else "supported" if belief >= loop.threshold else "refuted"
        if one.kind == "benign" and one.event_type not in raised:
            status = "open"
        settled.append(one.model_copy(update={"belief": round(belief, 4), "status": status}))
    return settled


def answer_of(findings: Findings, label: Label, event: EventType | None, spans: Sequence[AnomalySpan]) -> str | None:
    """One sentence of answer; None where nothing was asked."""
    if not findings.brief.question:
        return None
    if not findings.plan.asked:
        return "The rules know no word of this question; the verdict is about anomalies in general."
    if label == "anomalous" and event is not None:
        return f"Yes: {event.statement.rstrip('.')}, at {', '.join(f'{clock(s.start)}–{clock(s.end)}' for s in spans)}."
    return "Can't tell." if label == "inconclusive" else "No: nothing of the kind was seen."


def elsewhere(findings: Findings, curve: Curve) -> list[str]:
    """With a question: what else was found, which the label does not speak of."""
    if not findings.plan.asked:
        return []
    titles = {event.id: event.title for event in findings.plan.event_types}
    threshold = findings.brief.settings.loop.threshold
    seen = {n for n in titles if curve.heights[n].belief >= threshold}
    told = CATCH_ALL if seen & set(findings.plan.asked) else frozenset()  # what was asked about is the better name
    others = [n for n in titles if n in seen and n not in findings.plan.asked and n not in told]
    return [f"Not asked about, but seen: {titles[n]} at {clock(curve.heights[n].time)}." for n in others]


def cited_rows(
    findings: Findings, claims: Sequence[Claim], rejected: Sequence[Rejected], weighed: Weighed
) -> list[Evidence]:
    """Every row that claims, rejected alternatives, judgements and fired rules cite."""
    holders: tuple[Claim | Rejected | Judgement, ...] = (*claims, *rejected, *findings.judgements)
    cites = {cite for one in holders for cite in one.cites}
    cites.update(cite for line in weighed.fired() for cite in line.evidence)
    rows = [row for row in findings.evidence if row.cite in cites]
    return sorted(rows, key=lambda row: row.place)
