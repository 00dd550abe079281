"""Look over the whole video once, with every overview tool; each pass is committed as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from panda_agent.errors import BackendError, QuotaExhausted, ToolError
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.normal_life import normality_of
from panda_agent.nodes.state import CaseState
from panda_agent.nodes.together import run_together
from panda_agent.perception.observation import Observation
from panda_agent.tools import Tool, ToolSpec, file_observation
from panda_agent.tools.base import Scope
from panda_agent.tools.so_far import furthest
from panda_agent.types import Event, Evidence, EvidenceFound, Progress, TimeSpan
from panda_agent.video import CausalFootage, ReadReport, RecordedVideo

Emit = Callable[[Event], None]
COVERAGE = ToolSpec(
    name="coverage",
    about="What could be decoded, and what could not.",
    family="video",
    makes={"blind": ("seconds",)},
)
"""The last pass: its facts are the ReadReport, its rows the stretches without a picture."""
REPORT_EVERY = 1.0
"""Seconds of video between progress events."""


def perceive(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Run the overview tools; a pass that was committed before a crash is not run again."""
    case = desk.case(state["case_id"])
    due = [tool for tool in case.toolbox.overview() if not (tool.spec.after and is_online(case))]
    waiting = [tool for tool in due if case.store.pass_facts(tool.spec.id) is None]
    scope = replace(
        scope_of(case, emit), normality=normality_of(case, emit) if waiting and case.recording is None else None
    )
    for together in _batches(case, waiting):
        run_together([partial(_run_pass, case, tool, emit=emit) for tool in together], scope)
    if case.store.pass_facts(COVERAGE.id) is None:
        _file_coverage(case, scope_of(case, emit))
    return {"stopped": case.overdue()}


def _batches(case: Case, tools: Sequence[Tool]) -> Iterator[list[Tool]]:
    """Tools that may run at the same time, those that work from what others filed last.

    Frames of an iterator can be taken only once, so there each tool waits for the one before.
    """
    shared = [tool for tool in tools if tool.spec.parallel_safe and not tool.spec.after and case.request.video]
    if shared:
        yield shared
    yield from ([tool] for tool in sorted(tools, key=lambda tool: tool.spec.after) if tool not in shared)


def follow(case: Case, index: int, span: TimeSpan, emit: Emit) -> None:
    """Online: run the tools that work from others' rows on a clip that is over, by what was known at its end."""
    for tool in case.toolbox.overview():
        name = f"{tool.spec.id} {index}"
        if tool.spec.after and case.store.pass_facts(name) is None:
            _run_pass(case, tool, replace(scope_of(case, emit, until=span.end), span=span), emit=emit, name=name)


def is_online(case: Case) -> bool:
    """Whether the case is worked as its video comes in."""
    return case.settings.loop.mode == "online"


def scope_of(case: Case, emit: Emit, *, until: float | None = None) -> Scope:
    """What a tool may look at in this case.

    Args:
        case: The case.
        emit: Told of progress.
        until: Online, the second up to which the video has come; None where it comes in while it is looked at.
    """
    reader, filed, settings = case.reader, case.store.evidence, case.settings
    if is_online(case):
        reader = reader if isinstance(reader, RecordedVideo) else CausalFootage(reader, until)
        filed = case.store.evidence if until is None else partial(_filed_by, case, until)
        if until is None:
            settings = settings.model_copy(update={"perception": settings.first_look})
    return Scope(
        reader=reader,
        settings=settings,
        home=case.settings.root,
        filed=filed,
        media=case.folder,
        zones=case.request.zones,
        progress=_progress(case, emit),
        check=case.check,
        calls=lambda: case.model.calls(),
    )


def _filed_by(case: Case, until: float, **filters: Any) -> list[Evidence]:
    return furthest(case.store.evidence(**filters, known_by=horizon(case, until)))


def horizon(case: Case, moment: float) -> float | None:
    """Online, by when a row must have been known to count at a moment; None at the end, where everything does."""
    facts = case.store.pass_facts(COVERAGE.id) or {}
    return None if not is_online(case) or moment >= float(str(facts.get("duration", "inf"))) else moment


def _progress(case: Case, emit: Emit) -> Callable[[float, float | None], None]:
    last = -REPORT_EVERY

    def report(done: float, total: float | None) -> None:
        nonlocal last
        if done - last >= REPORT_EVERY:
            last = done
            emit(Progress(step="perceive", done=done, total=total or case.reader.info.declared_duration))

    return report


def _run_pass(case: Case, tool: Tool, scope: Scope, *, emit: Emit, name: str | None = None) -> None:
    name = name or tool.spec.id
    if isinstance(scope.reader, CausalFootage):  # each look counts for itself how far it has read
        scope = replace(scope, reader=CausalFootage(scope.reader.behind, scope.reader.until))

    def rows() -> Iterator[Evidence]:
        for seen in tool.run(scope):
            row = file_observation(tool.spec, scope, seen)
            emit(EvidenceFound(evidence=row))
            yield row

    try:
        case.store.commit_pass(name, rows(), {})
    except (ToolError, BackendError) as error:
        if ends_the_case(case, error):
            raise
        # A tool that can't work here is absence of evidence, not the end of the case.
        case.store.commit_pass(name, (), {"failed": str(error)})
    _keep_fingerprint(case)


def ends_the_case(case: Case, error: ToolError | BackendError) -> bool:
    """Whether a case is paused rather than going on without a model: it was asked for by name, or has no money left."""
    return isinstance(error, QuotaExhausted) or (isinstance(error, BackendError) and case.settings.tier == "model")


def _keep_fingerprint(case: Case) -> None:
    """Frames from an iterator have a fingerprint once all were read; the file that keeps them has another."""
    if not case.store.record.fingerprint and case.reader.info.fingerprint:
        case.store.amend(fingerprint=case.reader.info.fingerprint)


def _file_coverage(case: Case, scope: Scope) -> None:
    report = _report(case)
    seen = (
        Observation(
            kind="blind",
            span=span,
            statement=f"No picture for {span.duration:.1f} s.",
            data={"seconds": round(span.duration, 2)},
            known_at=span.end if is_online(case) else None,
        )
        for span in report.blind
    )
    rows = [file_observation(COVERAGE, scope, one) for one in seen]
    case.store.commit_pass(COVERAGE.id, rows, report.model_dump(mode="json"))
    _keep_fingerprint(case)


def _report(case: Case) -> ReadReport:
    """What the overview read; where no tool read the video to its end (or a crash forgot it), it is read for this."""
    reason = case.overdue()
    if reason is not None:
        seconds = case.reader.info.declared_duration or 0.0
        whole = (TimeSpan(start=0.0, end=seconds),)
        return ReadReport(
            frames=0, damaged_packets=0, damaged_share=0.0, damaged=(), blind=whole, duration=seconds, notes=(reason,)
        )
    if not case.reader.read_to_end:
        for _ in case.reader.frames(max_side=64):
            case.check_pause()
    return case.reader.report
