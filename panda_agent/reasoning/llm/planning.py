"""Plan a case with a model: suspects, checks and mending; which rules count stays with the rules reasoner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from panda_agent.reasoning.base import Brief, Means
from panda_agent.reasoning.llm.advice import told
from panda_agent.reasoning.llm.eyes import OPERATIONS
from panda_agent.reasoning.llm.scene import measurements
from panda_agent.reasoning.llm.shapes import PlanReply
from panda_agent.reasoning.llm.voice import Voice
from panda_agent.types import EventType, Plan

MOST_STEPS = 6
"""Steps that tell a suspect from its look-alike, at most."""


def read_plan(brief: Brief, means: Means, plan: Plan) -> Plan:
    """Let the model narrow down what could happen here, and say how to tell it from what is harmless.

    What it leaves out is tested by the rules all the same: only what the model is asked about gets narrower.

    Args:
        brief: Of the case.
        means: The voice.
        plan: Made by the rules, with scene and advice.

    Raises:
        BackendError: There is no answer.
    """
    data: dict[str, JsonValue] = {
        "doubt": brief.question,
        "scene": plan.scene.model_dump(mode="json"),
        "measured": measurements(brief),
        "incidents": [told_event(event) for event in plan.event_types],
        "rules": [told(rule) for rule in plan.advised],
    }
    reply = Voice(means).ask_warily("plan", PlanReply, "", operations=OPERATIONS, data=data).value
    return _taken(reply, plan)


def told_event(event: EventType, checks: Mapping[str, Sequence[str]] | None = None) -> dict[str, JsonValue]:
    """A kind of incident as a model is told of it."""
    known: dict[str, JsonValue] = {"id": event.id, "incident": event.statement, "harmless": event.benign}
    steps = list((checks or {}).get(event.id, ()))
    return known | {"checks": [*steps]} if steps else known


def _taken(reply: PlanReply, plan: Plan) -> Plan:
    """What of a reply names something that there is; the question's own suspects are never dropped."""
    known = {event.id: event.id for event in plan.event_types} | {e.title.lower(): e.id for e in plan.event_types}
    named = [known[name.strip().lower()] for name in reply.suspects if name.strip().lower() in known]
    suspects = tuple(dict.fromkeys([*plan.asked, *named]))
    checks = {
        known[one.event.strip().lower()]: tuple(one.steps[:MOST_STEPS])
        for one in reply.checks
        if one.event.strip().lower() in known and one.steps
    }
    notes = () if named else ("The model named no suspect that the rules know, so all are.",)
    return plan.model_copy(
        update={
            "suspects": suspects or tuple(event.id for event in plan.event_types),
            "checks": checks,
            "mending": tuple(dict.fromkeys(name for name in reply.preprocessing if name in OPERATIONS)),
            "notes": (*plan.notes, *notes),
        }
    )
