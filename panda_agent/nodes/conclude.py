"""Weigh everything once more and give the verdict."""

from __future__ import annotations

from contextlib import closing
from importlib.metadata import version

from panda_agent.backends.ledger import Ledger
from panda_agent.memory.forking import NOTE as FORKED
from panda_agent.nodes.brief import brief_of, failures_of, plan_of, report_of, spans_of
from panda_agent.nodes.camera import provenance_of, remember
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState
from panda_agent.reasoning.base import Findings
from panda_agent.tools import kinds_of
from panda_agent.tools.opinions import OPINION
from panda_agent.types import Cost, VerdictReached

NAMED_APART = ("rules", "prompts", "tier", "camera")
"""Settings that are files, or a choice: provenance tells what they came to."""
NOT_WEIGHTS = ("rules", "recording", "camera")
ENDED = "ended"
"""Note of the case: how the loop ended."""


def conclude(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Let the reasoner write the verdict, and keep it with the case."""
    case = desk.case(state["case_id"])
    case.store.put_note(ENDED, {"looks": state["looks"], "stopped": state.get("stopped")})
    verdict = desk.reasoner_of(case).conclude(findings_of(desk, case))
    # What the account took counts as well, and the same whether it was asked for now or before a kill.
    verdict = verdict.model_copy(update={"cost": _cost(case, state["looks"])})
    case.store.log("conclude", {"label": verdict.label, "headline": verdict.headline})
    told = verdict.model_dump(mode="json")
    remember(case, verdict)
    case.store.finish(told)  # last: who finds a verdict goes no further
    emit(VerdictReached(case_id=case.id, verdict=verdict))
    return {"verdict": told}


def findings_of(desk: Desk, case: Case) -> Findings:
    """Everything that the verdict of a case is written from, once all of its clips are judged."""
    report, ended = report_of(case), case.store.note(ENDED)
    return Findings(
        brief=brief_of(case),
        plan=plan_of(case),
        evidence=case.store.evidence_slices(),
        judgements=case.store.judgements(),
        blind=report.blind,
        untested=_untested(case),
        warnings=_warnings(case),
        stopped=ended["stopped"],
        spent=_note(case, "spent"),
        cost=_cost(case, ended["looks"]),
        provenance=_provenance(desk, case),
    )


def _cost(case: Case, looks: int) -> Cost:
    if case.materials.equipment.prompts is None:
        return Cost(looks=looks)
    with closing(Ledger.of(case.settings.root)) as ledger:
        spent = ledger.spent(case.id)
    judged = _judged(case) if case.materials.asks_a_model else None
    return Cost(looks=looks, calls=spent.calls, tokens=spent.tokens_in + spent.tokens_out, judged=judged)


def _judged(case: Case) -> float:
    """Share of the clips that the model gave an opinion of."""
    spans = {row.span for row in case.store.evidence(kind=OPINION)}
    return round(len(spans) / max(1, len(spans_of(case))), 4)


def _warnings(case: Case) -> list[str]:
    report = report_of(case)
    warnings = [f"No picture {span}." for span in report.blind]
    if report.damaged_packets:
        where = ", ".join(str(span) for span in report.damaged[:5])
        warnings.append(
            f"{report.damaged_packets} damaged packets ({report.damaged_share:.1%}); pictures may be smeared: {where}."
        )
    spent = _note(case, "spent")
    return [
        *warnings,
        *report.notes,
        *case.materials.unfit,
        *_failed(case),
        *_missed(case),
        *_told_by_the_model(case),
        *([spent] if spent else []),
    ]


def _failed(case: Case) -> list[str]:
    return [f"{name} could not work: {why}" for name, why in failures_of(case).items()]


def _untested(case: Case) -> str | None:
    """Why "normal" can't be said although nothing was found: a sense that most rules rest on, or the model, failed."""
    failed = failures_of(case)
    names = " and ".join(failed)
    if any(tool.spec.cost == "paid" and tool.spec.id in failed for tool in case.toolbox):
        return f"{names} could not work"
    overview = [tool.spec for tool in case.toolbox.overview()]
    due, worked = kinds_of(overview), kinds_of(spec for spec in overview if spec.id not in failed)
    needs = [{condition.kind for condition in rule.when} for rule in case.pack.rules]
    possible = [kinds for kinds in needs if kinds <= set(due)]
    lost = sum(not kinds <= set(worked) for kinds in possible) / max(1, len(possible))
    if lost <= case.settings.loop.max_blind:
        return None
    return f"{names} could not work, and {lost:.0%} of the rules rest on it"


def _told_by_the_model(case: Case) -> list[str]:
    """What limits trust in descriptions and answers."""
    rows = case.store.evidence(kinds=("caption", "unanswered", "answer"))
    undescribed = [row for row in rows if row.kind == "unanswered" and row.data.get("asked") == "caption"]
    described = sum(row.kind == "caption" for row in rows)
    refused = sum(bool(row.data.get("refused")) for row in rows)
    decoded = [row for row in rows if row.data.get("mode") == "decoded"]
    wish = case.settings.model.score_mode
    told = []
    if undescribed:
        told.append(f"The model did not describe {len(undescribed)} of {described + len(undescribed)} clips.")
    if refused:
        told.append(f"The model, or a filter, declined {refused} times: that says nothing about the video.")
    if decoded and wish != "decoded":
        told.append(f"Answers were read as written, not as {wish}: the endpoint gives no token probabilities.")
    return told


def _missed(case: Case) -> list[str]:
    """Looks that the recording does not hold: nothing is known of them."""
    missed = sum(bool(row.data.get("missed")) for row in case.store.log_rows())
    return [f"{missed} look{'s were' if missed > 1 else ' was'} not in the recording."] if missed else []


def _note(case: Case, key: str) -> str | None:
    kept = case.store.note(key)
    return None if kept is None else str(kept)


def _forked(case: Case) -> dict[str, object]:
    origin = case.store.note(FORKED)
    return {} if origin is None else {"forked": origin}


def _reasoner(desk: Desk, case: Case) -> str:
    reasoner = desk.reasoner_of(case)
    return f"{reasoner.name}@{reasoner.version}"


def _provenance(desk: Desk, case: Case) -> dict[str, object]:
    """What the verdict depends on: bytes, question, settings, packs. No path, time, host or id."""
    return {
        "panda_agent": version("panda-agent"),
        "video": {"fingerprint": case.store.record.fingerprint, **report_of(case).model_dump(mode="json")},
        "reasoner": _reasoner(desk, case),
        "rules": {"pack": case.pack.id, "version": case.pack.version, "sha256": case.pack.sha256},
        "settings": {name: value for name, value in case.settings.judging().items() if name not in NAMED_APART},
        "weights": {name: sha for name, sha in case.store.record.hashes.items() if name not in NOT_WEIGHTS},
        **provenance_of(case.materials.camera),
        **_forked(case),
        "tools": sorted(tool.spec.id for tool in case.toolbox.overview()),
        "tier": case.store.record.tier,
    }
