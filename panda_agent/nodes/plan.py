"""Set up the case: scene, hypotheses with their benign twins, and the rules that will test them."""

from __future__ import annotations

from panda_agent.nodes.brief import brief_of, come_by, spans_of
from panda_agent.nodes.desk import Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState
from panda_agent.types import Planned


def plan(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Let the reasoner plan, and keep the plan with the case."""
    case = desk.case(state["case_id"])
    made = desk.reasoner_of(case).plan(brief_of(case, emit, come_by(case)))
    case.store.put_note("plan", made.model_dump(mode="json"))
    case.store.log(
        "plan", {"scene": made.scene.overview, "basis": made.basis, "rules": [rule.id for rule in made.rules]}
    )
    emit(Planned(scene=made.scene, hypotheses=made.hypotheses, rules=tuple(rule.id for rule in made.rules)))
    return {"cursor": 0, "clips": len(spans_of(case)), "round": 0, "used": [], "looks": 0}
