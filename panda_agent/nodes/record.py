"""Close the clip under examination and go on to the next."""

from __future__ import annotations

from panda_agent.nodes.desk import Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState


def record(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Move the cursor; its judgement lies in the case database already."""
    case = desk.case(state["case_id"])
    case.check_pause()
    return {"cursor": state["cursor"] + 1, "round": 0, "used": [], "settled": False, "stopped": case.overdue()}
