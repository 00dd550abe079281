"""Use the one tool that reflection asked for, on the clip in doubt."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue, ValidationError

from panda_agent.errors import BackendError, NotRecorded, ToolError
from panda_agent.nodes.brief import clip_of, come_by
from panda_agent.nodes.camera import recalled
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.perceive import Emit, ends_the_case, scope_of
from panda_agent.nodes.state import CaseState
from panda_agent.tools import Tool, ToolInput, file_observation
from panda_agent.types import EvidenceFound, Reflection

OUTCOME_ROWS = 4
"""Rows whose statements are kept as what a tool brought, for later reflection."""


def act(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Run the tool and file what it saw; the clip is then examined anew."""
    case = desk.case(state["case_id"])
    clip = clip_of(case, state)
    wish = Reflection.model_validate(case.store.note(f"reflection {clip.index}.{clip.round - 1}"))
    about = tuple(row for row in clip.evidence if row.cite in wish.about)
    try:
        tool = _at_hand(case, wish.tool)
        asked = _input_of(tool, wish)
        scope = scope_of(case, emit, until=come_by(case, clip.index))
        scope = replace(scope, span=clip.span, region=wish.region, about=about, input=asked)
        rows = [file_observation(tool.spec, scope, seen) for seen in tool.run(scope)]
    except (ToolError, BackendError) as error:
        if ends_the_case(case, error):
            raise
        case.store.log(f"act {clip.index}.{clip.round}", {"tool": wish.tool, "failed": str(error), **_missed(error)})
        case.store.put_note(f"outcome {clip.index}.{clip.round}", f"unavailable: {error}")
        return {}
    for row in rows:
        emit(EvidenceFound(evidence=case.store.add(row)))
    for row in recalled(case, scope, tool.spec.id):
        emit(EvidenceFound(evidence=case.store.add(row)))
    case.store.log(f"act {clip.index}.{clip.round}", {"tool": wish.tool, "filed": [row.id for row in rows]})
    told = " ".join(row.statement for row in rows[:OUTCOME_ROWS]) or "nothing was seen"
    case.store.put_note(f"outcome {clip.index}.{clip.round}", told)
    return {}


def _at_hand(case: Case, name: str) -> Tool:
    """The tool of a name.

    Raises:
        ToolError: It can't be used in this case.
    """
    tool = case.toolbox.get(name)
    if tool is None:
        why = "a recording holds no pictures" if case.recording is not None else "it is not at hand"
        raise ToolError(f"{name} is unavailable: {why}.")
    return tool


def _input_of(tool: Tool, wish: Reflection) -> ToolInput:
    """What the call says, checked against what the tool takes.

    Raises:
        ToolError: It does not fit: whoever asked gets no evidence for it.
    """
    try:
        return tool.spec.input.model_validate(wish.input)
    except ValidationError as error:
        first = error.errors()[0]
        raise ToolError(
            f"{tool.spec.name} can't be asked so: {first['msg']} ({'.'.join(map(str, first['loc']))})."
        ) from error


def _missed(error: Exception) -> dict[str, JsonValue]:
    return {"missed": True} if isinstance(error, NotRecorded) else {}
