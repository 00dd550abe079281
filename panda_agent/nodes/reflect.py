"""An unclear clip: why is it unclear, and which one tool could settle it?"""

from __future__ import annotations

from panda_agent.nodes.brief import brief_of, clip_of, come_by, latest, plan_of
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState, steps_of
from panda_agent.reasoning.base import ClipView
from panda_agent.types import Judgement, Reflected, Reflection


def reflect(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Ask the reasoner for a second look; without one, or without budget for it, the clip stays as it is."""
    case = desk.case(state["case_id"])
    clip = clip_of(case, state)
    judgement = latest(case, clip.index)
    spent = _spent(case, state)
    if spent is not None:
        case.store.put_note("spent", spent)
        return {"settled": True}
    wish = _wish(desk, case, clip, judgement, emit)
    why = judgement.reason if wish is None else wish.why
    emit(Reflected(clip=clip.index, round=clip.round, why=why, tool=None if wish is None else wish.tool))
    if wish is None:
        return {"settled": True}
    case.store.put_note(f"reflection {clip.index}.{clip.round}", wish.model_dump(mode="json"))
    case.store.log(f"reflect {clip.index}.{clip.round}", wish.model_dump(mode="json", exclude={"region"}))
    _extend_plan(case, wish, judgement)
    return {
        "settled": False,
        "round": state["round"] + 1,
        "used": [*state["used"], wish.tool],
        "looks": state["looks"] + 1,
    }


def _wish(desk: Desk, case: Case, clip: ClipView, judgement: Judgement, emit: Emit) -> Reflection | None:
    """The look that the reasoner wishes; what it wished before a kill stands, as the plan has grown by it since."""
    kept = case.store.note(f"reflection {clip.index}.{clip.round}")
    if kept is not None:
        return Reflection.model_validate(kept)
    if not case.settings.agent.reflection or clip.round >= case.settings.loop.rounds:
        return None
    brief = brief_of(case, emit, come_by(case, clip.index))
    return desk.reasoner_of(case).reflect(clip, judgement, plan_of(case), brief)


def _extend_plan(case: Case, wish: Reflection, judgement: Judgement) -> None:
    """Add what reflection learnt to the plan: a rule for the rest of the case, a check for its hypothesis."""
    plan = plan_of(case)
    rules, checks, added = plan.rules, dict(plan.checks), dict(plan.added)
    if wish.rule is not None and wish.rule.id not in {rule.id for rule in rules}:
        rules = (*rules, wish.rule)
        now = come_by(case, judgement.clip)
        added |= {} if now is None else {wish.rule.id: now}
    about = judgement.about or ""
    if wish.check is not None and wish.check not in checks.get(about, ()):
        checks[about] = (*checks.get(about, ()), wish.check)
    if (rules, checks) != (plan.rules, plan.checks):
        changed = plan.model_copy(update={"rules": rules, "checks": checks, "added": added})
        case.store.put_note("plan", changed.model_dump(mode="json"))


def _spent(case: Case, state: CaseState) -> str | None:
    """The budget that leaves nothing for a second look, if one does."""
    limit = case.settings.budget.looks
    if limit is not None and state["looks"] >= limit:
        return f"budget: {limit} second looks are used up"
    return case.exhausted(steps_of(state))
