"""Judge the clip under examination by all evidence that touches it."""

from __future__ import annotations

from panda_agent.nodes.brief import brief_of, clip_of, plan_of
from panda_agent.nodes.desk import Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState
from panda_agent.types import Judged


def reason(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Judge, keep the judgement, and say whether the clip is settled."""
    case = desk.case(state["case_id"])
    judgement = desk.reasoner.judge(clip_of(case, state), plan_of(case), brief_of(desk, case))
    case.store.put_judgement(judgement)
    case.store.log(f"judge {judgement.clip}.{judgement.round}", judgement.model_dump(mode="json"))
    emit(Judged(judgement=judgement))
    return {"settled": judgement.status != "insufficient"}
