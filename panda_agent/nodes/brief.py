"""What nodes tell the reasoner: the brief of a case, and one clip as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from panda_agent.memory.chain import short_memory
from panda_agent.nodes.desk import Case
from panda_agent.nodes.means import means_of
from panda_agent.nodes.perceive import COVERAGE, Emit, horizon, is_online
from panda_agent.nodes.state import CaseState
from panda_agent.reasoning.base import Brief, ClipView
from panda_agent.tools import kinds_of
from panda_agent.tools.opinions import JUDGE
from panda_agent.tools.so_far import furthest
from panda_agent.types import Event, Evidence, Judgement, Plan, TimeSpan
from panda_agent.video import ReadReport, clips, grid

OVERVIEW_KINDS = ("scene", "crowd", "normality")
"""Rows about the video as a whole, which the planner reads."""


def _unheard(event: Event) -> None:
    """Nobody listens."""


def report_of(case: Case) -> ReadReport:
    """What could be decoded."""
    return ReadReport.model_validate(case.store.pass_facts(COVERAGE.id))


def brief_of(case: Case, emit: Emit = _unheard, by: float | None = None) -> Brief:
    """What is known of the case before its first clip.

    Args:
        case: The case.
        emit: Hears of rows that the reasoner files.
        by: Online, the second up to which the video has come; None = its end.
    """
    failed, means = failures_of(case), means_of(case, emit, by)
    specs = [*(tool.spec for tool in case.toolbox), *([JUDGE] if _is_judged(case) else [])]
    return Brief(
        question=case.request.question,
        pack=case.pack,
        settings=case.settings,
        duration=report_of(case).duration if by is None else by,
        started_at=case.request.started_at or case.reader.info.created,
        overview=_overview(case, by),
        second_looks=_allowed(case),
        makes=frozenset(kinds_of(spec for spec in specs if spec.id not in failed)),
        reference="normal videos of this camera" if _is_compared(case) else "the rest of this video",
        clips=[span for span in spans_of(case) if by is None or span.end <= by],
        means=means,
    )


def _allowed(case: Case) -> list[str]:
    """The second looks that may be asked for, whoever asks."""
    allowed = case.settings.agent.tools
    return [name for name in case.toolbox.second_looks() if allowed is None or name in allowed]


def _is_judged(case: Case) -> bool:
    """Whether a model gives opinions of clips."""
    return case.materials.asks_a_model and case.settings.agent.judge != "rules"


def _overview(case: Case, by: float | None) -> Sequence[Evidence]:
    if by is None:
        return case.store.evidence_slices(OVERVIEW_KINDS)
    return case.store.evidence(kinds=OVERVIEW_KINDS, known_by=horizon(case, by))


def failures_of(case: Case) -> dict[str, str]:
    """Overview tools that could not work, with the reason: their evidence is missing, which is not "nothing seen"."""
    facts = case.store.passes()
    # Online a tool that follows the clips has a pass a clip, named by the tool and the clip.
    return {name.split(" ")[0]: str(fact["failed"]) for name, fact in sorted(facts.items()) if "failed" in fact}


def _is_compared(case: Case) -> bool:
    return bool(case.request.normal if case.recording is None else case.recording.header.normal)


def plan_of(case: Case) -> Plan:
    """The plan that was made for the case."""
    return case.store.note_as("plan", Plan)


def spans_of(case: Case) -> list[TimeSpan]:
    """The clips of the video."""
    loop, duration = case.settings.loop, report_of(case).duration
    if is_online(case):
        return grid(duration, length=loop.clip_seconds)
    return clips(duration, length=loop.clip_seconds, minimum=loop.min_clips)


def come_by(case: Case, index: int | None = None) -> float | None:
    """Online, up to which second the video has come when a clip is judged, or when the case is planned; else None."""
    if not is_online(case):
        return None
    if index is not None:
        return spans_of(case)[index].end
    glance = next((row.known_at for row in case.store.evidence(kind="scene")), None)
    return 0.0 if glance is None else glance


def evidence_of(case: Case, span: TimeSpan) -> list[Evidence]:
    """The evidence that a clip is judged by: see `looking_back`."""
    if not is_online(case):
        return case.store.evidence(span=span)
    by = horizon(case, span.end)
    return looking_back(case.store.evidence(during=span, known_by=by), span, by)


def looking_back(rows: Iterable[Evidence], span: TimeSpan, by: float | None) -> list[Evidence]:
    """Of some rows those that a clip is judged by: what touches it; online, what was known by then or news in it.

    A judgement looks back on its clip, so that it does not matter when in the clip something became known.

    Args:
        rows: Evidence.
        span: The clip.
        by: Online, the second by which a row must have been known; None = any.
    """
    known = [row for row in rows if by is None or row.known_at is None or row.known_at <= by]
    news = [row for row in known if row.span.touches(span) or (row.known_at is not None and row.known_at > span.start)]
    return [row if row.known_at is None else row.model_copy(update={"known_at": None}) for row in furthest(news)]


def clip_of(case: Case, state: CaseState) -> ClipView:
    """The clip under examination, with all evidence that touches it."""
    index = state["cursor"]
    span = spans_of(case)[index]
    judged = case.store.judgements(every_round=True)
    return ClipView(
        index=index,
        span=span,
        round=state["round"],
        evidence=evidence_of(case, span),
        recent=short_memory(judged, index, case.settings.agent.short_memory),
        before=next((one for one in judged if one.clip == index and one.round == state["round"] - 1), None),
        used=state["used"],
    )


def latest(case: Case, index: int) -> Judgement:
    """The latest judgement of a clip."""
    return next(one for one in case.store.judgements() if one.clip == index)
