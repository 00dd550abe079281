"""Close the clip under examination and go on to the next."""

from __future__ import annotations

from panda_agent.nodes.desk import Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState, steps_of


def record(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Move the cursor; its judgement lies in the case database already."""
    case = desk.case(state["case_id"])
    case.check_pause()
    cursor = state["cursor"] + 1
    stopped = state.get("stopped")
    if stopped is None and cursor < state["clips"]:
        stopped = case.overdue() or case.exhausted(steps_of(state))
    return {"cursor": cursor, "round": 0, "used": [], "settled": False, "stopped": stopped}
