"""The reasoner that needs no model: rules over evidence decide, and say why."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from pydantic import JsonValue

from panda_agent.reasoning.base import Brief, ClipView, Findings
from panda_agent.reasoning.rules.engine import Weighed, weigh
from panda_agent.reasoning.rules.scene import scene_of
from panda_agent.reasoning.rules.smoothing import Durations
from panda_agent.reasoning.rules.verdict import write_verdict
from panda_agent.types import (
    EventType,
    Evidence,
    Firing,
    Hypothesis,
    Judgement,
    Plan,
    Reflection,
    Rule,
    SceneContext,
    TimeSpan,
    Verdict,
)

ASKING = "question_clip"
"""The tool that asks a model, where there is one."""
HUMAN = "ask_human"
"""The tool that asks a person."""
CHECKS = 3
"""Rule questions that are put along."""
UNSEEN = SceneContext(overview="The scene was not looked over.")
ASKED = ("opinion", "answer")
"""Kinds of evidence in which a model says what it thinks."""
UNUSUAL = "unusual"
"""The event type that knows no rule of experience: what is unlike the rest."""


class RulesReasoner:
    """Deterministic: same evidence, same verdict."""

    name = "rules"
    version = 1

    def plan(self, brief: Brief) -> Plan:
        """Pick event types by the question and rules by structure: scene tags, and kinds that tools can file."""
        agent = brief.settings.agent
        scene = (brief.scene or scene_of(brief)) if agent.perception else UNSEEN
        asked = asked_for(brief.question, brief.pack.event_types) if agent.planning else ()
        rules = tuple(rule for rule in brief.pack.rules if _usable(rule, scene, brief))
        spoken = {rule.event_type for rule in rules if rule.supports == "anomaly"}
        events = tuple(event for event in brief.pack.event_types if event.id in spoken)
        scene = scene.model_copy(update={"potential_anomalies": tuple(event.title for event in events)})
        return Plan(
            scene=scene,
            event_types=events,
            rules=tuple(rule for rule in rules if rule.event_type in spoken),
            hypotheses=tuple(one for event in events for one in hypotheses_of(event)),
            asked=tuple(event for event in asked if event in spoken),
            basis=_basis(brief, events, asked, spoken),
        )

    def judge(self, clip: ClipView, plan: Plan, brief: Brief) -> Judgement:
        """Score a clip by the strongest anomaly belief within it."""
        durations = Durations.of(brief.settings.loop)
        weighed = weigh(plan.rules, clip.evidence, started_at=brief.started_at, misses=False, durations=durations)
        score, event = peak_within(weighed, plan, clip.span, brief)
        threshold, unsure = brief.settings.loop.threshold, brief.settings.loop.unsure
        firings = [line for line in weighed.fired() if line.event_type == event and line.span is not None]
        firings = [line for line in firings if line.span is not None and line.span.touches(clip.span)]
        unclear = abs(score - threshold) < unsure or (score >= threshold and _could_be_asked(event, clip, brief))
        status = "insufficient" if unclear else "abnormal" if score >= threshold else "normal"
        return Judgement(
            clip=clip.index,
            span=clip.span,
            status=status,  # type: ignore[arg-type]
            score=round(score, 4),
            reason=_reason(firings, score, threshold),
            about=event,
            cites=tuple(dict.fromkeys(cite for line in firings for cite in line.evidence)),
            round=clip.round,
            changed=_change(clip.before, score, clip.used),
        )

    def reflect(self, clip: ClipView, judgement: Judgement, plan: Plan, brief: Brief) -> Reflection | None:
        """Choose how to see an unclear clip better: by darkness, by size, else by rate and sharpness."""
        if judgement.about is not None and _could_be_asked(judgement.about, clip, brief):
            return _question(judgement, plan, ASKING)
        doubted = [row for row in clip.evidence if row.cite in judgement.cites and row.kind != "second_look"]
        if not doubted:
            return None
        for tool, why in _wishes(plan.scene, doubted):
            if tool in brief.second_looks and tool not in clip.used:
                region = max((row.region for row in doubted if row.region), key=lambda r: r.area, default=None)
                return Reflection(why=why, tool=tool, region=region, about=tuple(row.cite for row in doubted))
        if brief.settings.loop.ask_human and HUMAN in brief.second_looks and HUMAN not in clip.used:
            return _question(judgement, plan, HUMAN)
        return None

    def conclude(self, findings: Findings) -> Verdict:
        """Weigh everything once more, over the whole video, and write the verdict from what fired."""
        return write_verdict(findings)


def asked_for(question: str | None, events: Sequence[EventType]) -> tuple[str, ...]:
    """The event types whose keywords, or title, occur in the question."""
    if not question:
        return ()
    words = set(re.findall(r"[a-z]+", question.lower()))
    text = " ".join(re.findall(r"[a-z]+", question.lower()))
    return tuple(
        event.id
        for event in events
        if any((key in words) if " " not in key else (key in text) for key in (*event.keywords, event.title.lower()))
    )


def hypotheses_of(event: EventType) -> tuple[Hypothesis, Hypothesis]:
    """An anomaly hypothesis and its benign twin."""
    return (
        Hypothesis(id=event.id, event_type=event.id, statement=event.statement, kind="anomaly", belief=event.prior),
        Hypothesis(
            id=f"{event.id}/benign", event_type=event.id, statement=event.benign, kind="benign", belief=1 - event.prior
        ),
    )


def peak_within(weighed: Weighed, plan: Plan, span: TimeSpan, brief: Brief) -> tuple[float, str | None]:
    """The strongest anomaly belief inside a span, and the event type it belongs to."""
    times = weighed.moments(brief.duration, brief.settings.perception.max_fps)
    inside = times[(times >= span.start) & (times < span.end)]
    if not len(inside):
        inside = np.array([span.start])
    best, name = 0.0, None
    for event, belief in weighed.beliefs(plan.event_types, inside).items():
        if float(belief.max()) > best:
            best, name = float(belief.max()), event
    return best, name


def _could_be_asked(event: str | None, clip: ClipView, brief: Brief) -> bool:
    """Whether a model is at hand that was not yet asked about this event in this clip.

    An anomaly is never settled without having asked: a second kind of source is worth more than more of the first.
    """
    asked = {row.data.get("event") for row in clip.evidence if row.kind == "answer"}
    if any(row.kind == "opinion" and row.span == clip.span for row in clip.evidence):
        return False
    return ASKING in brief.second_looks and ASKING not in clip.used and event is not None and event not in asked


def _question(judgement: Judgement, plan: Plan, tool: str) -> Reflection:
    """Ask which of the two explanations is true, with the rules' own questions as checks."""
    event = next(event for event in plan.event_types if event.id == judgement.about)
    checks = [rule.question for rule in plan.rules if rule.event_type == event.id and rule.supports == "anomaly"]
    question: dict[str, JsonValue] = {
        "event": event.id,
        "statement": event.statement,
        "benign": event.benign,
        "checks": [*checks[:CHECKS]],
    }
    return Reflection(
        why=f"is it so that {event.statement[:1].lower()}{event.statement[1:].rstrip('.')}, or rather: {event.benign}",
        tool=tool,
        about=judgement.cites,
        input={"questions": [question]},
    )


def _usable(rule: Rule, scene: SceneContext, brief: Brief) -> bool:
    fits = (
        not rule.scenes or bool(set(rule.scenes) & set(scene.tags)) or bool(set(rule.scenes) & set(brief.pack.scenes))
    )
    allowed = brief.settings.agent.advice or rule.event_type == UNUSUAL or rule.when[0].kind in ASKED
    return fits and bool(allowed) and all(condition.kind in brief.makes for condition in rule.when)


def _basis(brief: Brief, events: Sequence[EventType], asked: Sequence[str], spoken: set[str]) -> str:
    if not events:
        return "No rule of the pack can be tested with the tools at hand."
    what = f"any of {len(events)} event types of the pack '{brief.pack.id}', with motion compared to {brief.reference}"
    if not brief.question:
        return f"No question was asked: an anomaly is {what}."
    named = [event.title for event in events if event.id in asked and event.id in spoken]
    if named:
        return f"The question asks about: {', '.join(named)}. Other findings are reported as such."
    return f"The question names nothing that the rules know, so everything was checked: an anomaly is {what}."


def _reason(firings: Sequence[Firing], score: float, threshold: float) -> str:
    for_it = sorted((line for line in firings if line.weight > 0), key=lambda line: -line.weight)
    against = sorted((line for line in firings if line.weight < 0), key=lambda line: line.weight)
    if not for_it:
        return "Nothing in this clip speaks for an anomaly."
    text = for_it[0].why
    return f"{text} Against it: {against[0].why}" if against and score < threshold else text


def _change(before: Judgement | None, score: float, used: Sequence[str]) -> str | None:
    if before is None or not used:
        return None
    tool = used[-1].replace("_", " ")
    if abs(score - before.score) < 0.005:
        return f"{tool}: nothing changed"
    return f"{tool}: score {before.score:.2f} → {score:.2f}"


def _wishes(scene: SceneContext, doubted: Sequence[Evidence]) -> list[tuple[str, str]]:
    smallest = min((row.region.area for row in doubted if row.region is not None), default=1.0)
    wishes = []
    if scene.lighting == "dark":
        wishes.append(("brighten", "the picture is dark"))
    if scene.quality == "poor":
        wishes.append(("denoise", "the picture is noisy"))
    if smallest < 0.05:
        wishes.append(("zoom", f"what is in doubt covers only {smallest:.1%} of the picture"))
    return [
        *wishes,
        ("look_faster", "the motion may be too quick for the first look"),
        ("look_sharper", "details may be lost at the reduced size"),
        ("zoom", "the part in doubt can be seen larger"),
    ]
