"""What nodes tell the reasoner: the brief of a case, and one clip as it stands."""

from __future__ import annotations

from panda_agent.memory.chain import short_memory
from panda_agent.nodes.desk import Case
from panda_agent.nodes.perceive import COVERAGE
from panda_agent.nodes.state import CaseState
from panda_agent.reasoning.base import Brief, ClipView
from panda_agent.tools import kinds_of
from panda_agent.types import Judgement, Plan, TimeSpan
from panda_agent.video import ReadReport, clips

OVERVIEW_KINDS = ("scene", "crowd", "normality")
"""Rows about the video as a whole, which the planner reads."""


def report_of(case: Case) -> ReadReport:
    """What could be decoded."""
    return ReadReport.model_validate(case.store.pass_facts(COVERAGE.id))


def brief_of(case: Case) -> Brief:
    """What is known of the case before its first clip."""
    failed = failures_of(case)
    return Brief(
        question=case.request.question,
        pack=case.pack,
        settings=case.settings,
        duration=report_of(case).duration,
        started_at=case.request.started_at or case.reader.info.created,
        overview=case.store.evidence_slices(OVERVIEW_KINDS),
        second_looks=case.toolbox.second_looks(),
        makes=frozenset(kinds_of(tool.spec for tool in case.toolbox if tool.spec.id not in failed)),
        reference="normal videos of this camera" if _is_compared(case) else "the rest of this video",
    )


def failures_of(case: Case) -> dict[str, str]:
    """Overview tools that could not work, with the reason: their evidence is missing, which is not "nothing seen"."""
    facts = {name: case.store.pass_facts(name) or {} for name in case.store.pass_names()}
    return {name: str(fact["failed"]) for name, fact in sorted(facts.items()) if "failed" in fact}


def _is_compared(case: Case) -> bool:
    return bool(case.request.normal if case.recording is None else case.recording.header.normal)


def plan_of(case: Case) -> Plan:
    """The plan that was made for the case."""
    return Plan.model_validate(case.store.note("plan"))


def spans_of(case: Case) -> list[TimeSpan]:
    """The clips of the video."""
    loop = case.settings.loop
    return clips(report_of(case).duration, length=loop.clip_seconds, minimum=loop.min_clips)


def clip_of(case: Case, state: CaseState) -> ClipView:
    """The clip under examination, with all evidence that touches it."""
    index = state["cursor"]
    span = spans_of(case)[index]
    judged = case.store.judgements(every_round=True)
    return ClipView(
        index=index,
        span=span,
        round=state["round"],
        evidence=case.store.evidence(span=span),
        recent=short_memory(judged, index),
        before=next((one for one in judged if one.clip == index and one.round == state["round"] - 1), None),
        used=state["used"],
    )


def latest(case: Case, index: int) -> Judgement:
    """The latest judgement of a clip."""
    return next(one for one in case.store.judgements() if one.clip == index)
