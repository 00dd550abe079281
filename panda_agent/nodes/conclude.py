"""Weigh everything once more and give the verdict."""

from __future__ import annotations

from importlib.metadata import version

from panda_agent.nodes.brief import brief_of, failures_of, plan_of, report_of
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState
from panda_agent.reasoning.base import Findings
from panda_agent.tools import kinds_of
from panda_agent.types import Cost, VerdictReached

NAMED_APART = ("rules", "prompts", "tier")
"""Settings that are files, or a choice: provenance tells what they came to."""


def conclude(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Let the reasoner write the verdict, and keep it with the case."""
    case = desk.case(state["case_id"])
    verdict = desk.reasoner.conclude(_findings(desk, case, state))
    case.store.log("conclude", {"label": verdict.label, "headline": verdict.headline})
    told = verdict.model_dump(mode="json")
    case.store.finish(told)  # last: who finds a verdict goes no further
    emit(VerdictReached(case_id=case.id, verdict=verdict))
    return {"verdict": told}


def _findings(desk: Desk, case: Case, state: CaseState) -> Findings:
    report = report_of(case)
    return Findings(
        brief=brief_of(case),
        plan=plan_of(case),
        evidence=case.store.evidence_slices(),
        judgements=case.store.judgements(),
        blind=report.blind,
        untested=_untested(case),
        warnings=_warnings(case),
        stopped=state.get("stopped"),
        spent=_note(case, "spent"),
        cost=Cost(looks=state["looks"]),
        provenance=_provenance(desk, case),
    )


def _warnings(case: Case) -> list[str]:
    report = report_of(case)
    warnings = [f"No picture {span}." for span in report.blind]
    if report.damaged_packets:
        where = ", ".join(str(span) for span in report.damaged[:5])
        warnings.append(
            f"{report.damaged_packets} damaged packets ({report.damaged_share:.1%}); pictures may be smeared: {where}."
        )
    spent = _note(case, "spent")
    return [*warnings, *report.notes, *_failed(case), *_missed(case), *([spent] if spent else [])]


def _failed(case: Case) -> list[str]:
    return [f"{name} could not work: {why}" for name, why in failures_of(case).items()]


def _untested(case: Case) -> tuple[float, str | None]:
    """Which share of the rules that the tools could feed was left without evidence, and whose failure it was."""
    failed = failures_of(case)
    worked = kinds_of(tool.spec for tool in case.toolbox if tool.spec.id not in failed)
    needs = [{condition.kind for condition in rule.when} for rule in case.pack.rules]
    possible = [kinds for kinds in needs if kinds <= set(case.toolbox.makes())]
    lost = [kinds for kinds in possible if not kinds <= set(worked)]
    return len(lost) / max(1, len(possible)), " and ".join(failed) or None


def _missed(case: Case) -> list[str]:
    """Looks that the recording does not hold: nothing is known of them."""
    missed = sum(bool(row.data.get("missed")) for row in case.store.log_rows())
    return [f"{missed} look{'s were' if missed > 1 else ' was'} not in the recording."] if missed else []


def _note(case: Case, key: str) -> str | None:
    kept = case.store.note(key)
    return None if kept is None else str(kept)


def _provenance(desk: Desk, case: Case) -> dict[str, object]:
    """What the verdict depends on: bytes, question, settings, packs. No path, time, host or id."""
    return {
        "panda_agent": version("panda-agent"),
        "video": {"fingerprint": case.store.record.fingerprint, **report_of(case).model_dump(mode="json")},
        "reasoner": f"{desk.reasoner.name}@{desk.reasoner.version}",
        "rules": {"pack": case.pack.id, "version": case.pack.version, "sha256": case.pack.sha256},
        "settings": {
            name: value for name, value in case.settings.judging().items() if name not in ("rules", "prompts", "tier")
        },
        "weights": {name: sha for name, sha in case.store.record.hashes.items() if name not in ("rules", "recording")},
        "tools": sorted(tool.spec.id for tool in case.toolbox.overview()),
        "tier": case.store.record.tier,
    }
