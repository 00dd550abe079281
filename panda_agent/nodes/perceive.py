"""Look over the whole video once, with every overview tool; each pass is committed as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import JsonValue

from panda_agent.errors import ToolError
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.state import CaseState
from panda_agent.tools import Tool, file_observation
from panda_agent.tools.base import Scope
from panda_agent.types import Event, Evidence, EvidenceFound, Progress

Emit = Callable[[Event], None]
COVERAGE = "coverage"
"""Name of the pass whose facts say what was decoded: duration, blind spans, damage."""
REPORT_EVERY = 1.0
"""Seconds of video between progress events."""


def perceive(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Run the overview tools; a pass that was committed before a crash is not run again."""
    case = desk.case(state["case_id"])
    for tool in desk.toolbox.overview():
        if case.store.pass_facts(tool.spec.id) is None:
            _run_pass(desk, case, tool, scope_of(desk, case, emit), emit)
    return {}


def scope_of(desk: Desk, case: Case, emit: Emit) -> Scope:
    """What a tool may look at in this case."""
    return Scope(
        reader=case.reader,
        settings=case.settings,
        home=case.settings.root,
        zones=case.request.zones,
        normality=normality_of(desk, case, emit),
        progress=_progress(case, emit),
        check=case.check_pause,
    )


def normality_of(desk: Desk, case: Case, emit: Emit):  # type: ignore[no-untyped-def]
    """The memory of this camera's normal videos; None where none were given."""
    return None


def _progress(case: Case, emit: Emit) -> Callable[[float, float | None], None]:
    last = -REPORT_EVERY

    def report(done: float, total: float | None) -> None:
        nonlocal last
        if done - last >= REPORT_EVERY:
            last = done
            emit(Progress(step="perceive", done=done, total=total or case.reader.info.declared_duration))

    return report


def _run_pass(desk: Desk, case: Case, tool: Tool, scope: Scope, emit: Emit) -> None:
    facts: dict[str, JsonValue] = {}

    def rows() -> Iterator[Evidence]:
        for seen in tool.run(scope):
            row = file_observation(tool.spec, scope, seen)
            emit(EvidenceFound(evidence=row))
            yield row
        facts["report"] = case.reader.report.model_dump(mode="json")

    try:
        case.store.commit_pass(tool.spec.id, rows(), facts)
    except ToolError as error:
        # A tool that can't work here is absence of evidence, not the end of the case.
        case.store.commit_pass(tool.spec.id, (), {"failed": str(error)})
