"""Look over the whole video once, with every overview tool; each pass is committed as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from panda_agent.errors import BackendError, QuotaExhausted, ToolError
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.normal_life import normality_of
from panda_agent.nodes.state import CaseState
from panda_agent.nodes.together import run_together
from panda_agent.perception.observation import Observation
from panda_agent.tools import Tool, ToolSpec, file_observation
from panda_agent.tools.base import Scope
from panda_agent.types import Event, Evidence, EvidenceFound, Progress, TimeSpan
from panda_agent.video import ReadReport

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
    waiting = [tool for tool in case.toolbox.overview() if case.store.pass_facts(tool.spec.id) is None]
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


def scope_of(case: Case, emit: Emit) -> Scope:
    """What a tool may look at in this case."""
    return Scope(
        reader=case.reader,
        settings=case.settings,
        home=case.settings.root,
        filed=case.store.evidence,
        media=case.folder,
        zones=case.request.zones,
        progress=_progress(case, emit),
        check=case.check,
        calls=lambda: case.model.calls(),
    )


def _progress(case: Case, emit: Emit) -> Callable[[float, float | None], None]:
    last = -REPORT_EVERY

    def report(done: float, total: float | None) -> None:
        nonlocal last
        if done - last >= REPORT_EVERY:
            last = done
            emit(Progress(step="perceive", done=done, total=total or case.reader.info.declared_duration))

    return report


def _run_pass(case: Case, tool: Tool, scope: Scope, *, emit: Emit) -> None:
    def rows() -> Iterator[Evidence]:
        for seen in tool.run(scope):
            row = file_observation(tool.spec, scope, seen)
            emit(EvidenceFound(evidence=row))
            yield row

    try:
        case.store.commit_pass(tool.spec.id, rows(), {})
    except (ToolError, BackendError) as error:
        if ends_the_case(case, error):
            raise
        # A tool that can't work here is absence of evidence, not the end of the case.
        case.store.commit_pass(tool.spec.id, (), {"failed": str(error)})
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
