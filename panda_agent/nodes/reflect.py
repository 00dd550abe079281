"""An unclear clip: why is it unclear, and which one tool could settle it?"""

from __future__ import annotations

from panda_agent.nodes.brief import brief_of, clip_of, latest, plan_of
from panda_agent.nodes.desk import Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState
from panda_agent.types import Reflected


def reflect(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Ask the reasoner for a second look; without one, or without budget for it, the clip stays as it is."""
    case = desk.case(state["case_id"])
    clip = clip_of(case, state)
    judgement = latest(case, clip.index)
    budget = case.settings.budget.looks
    if budget is not None and state["looks"] >= budget:
        case.store.put_note("spent", f"budget: {budget} second looks are used up")
        return {"settled": True}
    wish = desk.reasoner.reflect(clip, judgement, plan_of(case), brief_of(desk, case))
    why = judgement.reason if wish is None else wish.why
    emit(Reflected(clip=clip.index, round=clip.round, why=why, tool=None if wish is None else wish.tool))
    if wish is None:
        return {"settled": True}
    case.store.put_note(f"reflection {clip.index}.{clip.round}", wish.model_dump(mode="json"))
    case.store.log(f"reflect {clip.index}.{clip.round}", {"why": wish.why, "tool": wish.tool})
    return {"settled": False, "round": state["round"] + 1, "used": [*state["used"], wish.tool], "looks": state["looks"] + 1}
