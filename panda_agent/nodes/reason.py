"""Judge the clip under examination by all evidence that touches it."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.backends.purse import BudgetSpent
from panda_agent.nodes.brief import brief_of, clip_of, come_by, plan_of, spans_of
from panda_agent.nodes.desk import Desk
from panda_agent.nodes.perceive import Emit, follow, is_online
from panda_agent.nodes.state import CaseState
from panda_agent.types import BeliefMoved, Judged, Judgement, Plan


def reason(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Judge, keep the judgement, and say whether the clip is settled."""
    case = desk.case(state["case_id"])
    plan, earlier = plan_of(case), case.store.judgements()
    try:
        if is_online(case) and state["round"] == 0:
            follow(case, state["cursor"], spans_of(case)[state["cursor"]], emit)
        brief = brief_of(case, emit, come_by(case, state["cursor"]))
        judgement = desk.reasoner_of(case).judge(clip_of(case, state), plan, brief)
    except BudgetSpent as error:
        return {"settled": True, "stopped": f"budget: {error.what} are used up"}
    case.store.put_judgement(judgement)
    case.store.log(f"judge {judgement.clip}.{judgement.round}", judgement.model_dump(mode="json"))
    emit(Judged(judgement=judgement))
    moved = _moved(judgement, earlier, plan)
    if moved is not None:
        emit(moved)
    return {"settled": judgement.status != "insufficient"}


def _moved(judgement: Judgement, earlier: Sequence[Judgement], plan: Plan) -> BeliefMoved | None:
    """How a judgement moves belief in its hypothesis, which is as strong as at its best moment; None where it stays.

    Args:
        judgement: The new one.
        earlier: The latest judgement of each clip before it was made.
        plan: Says what was believed at first.
    """
    start = next((one.belief for one in plan.hypotheses if one.id == judgement.about), None)
    if judgement.about is None or start is None:
        return None
    about = {one.clip: one.score for one in earlier if one.about == judgement.about}
    before = max(start, *about.values()) if about else start
    after = max(start, *(about | {judgement.clip: judgement.score}).values())
    if before == after:
        return None
    return BeliefMoved(hypothesis=judgement.about, before=before, after=after, cites=judgement.cites)
