"""Where a case meets the memory of its camera: a frozen copy when it is opened, one line when it is finished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from panda_agent.errors import StoreError, UserError
from panda_agent.memory.camera import CameraMemory
from panda_agent.memory.camera_rows import CameraSnapshot
from panda_agent.memory.case_store import CaseStore
from panda_agent.prompts import check_evidence
from panda_agent.settings import Settings
from panda_agent.tools import file_observation
from panda_agent.tools.base import Scope
from panda_agent.types import Evidence, Firing, Rule, RulePack, Verdict

if TYPE_CHECKING:
    from panda_agent.nodes.desk import Case

NOTE = "camera"
"""Note of the case: the memory as it was when the case was opened."""
RECALL = "recall_camera"


def camera_now(settings: Settings) -> CameraSnapshot | None:
    """The memory of the camera that the settings name, as it is now; None where they name none."""
    return None if settings.camera is None else CameraMemory.of(settings.root, settings.camera).snapshot()


def freeze(store: CaseStore, camera: CameraSnapshot | None) -> None:
    """Keep the memory with a case that was just opened: later changes are for later cases."""
    if camera is not None:
        store.put_note(NOTE, camera.model_dump(mode="json"))


def frozen(store: CaseStore) -> CameraSnapshot | None:
    """The memory that a case was opened with; None where it has none (or was cut off before it was kept)."""
    kept = store.note(NOTE)
    return None if kept is None else CameraSnapshot.model_validate(kept)


def with_kept_rules(
    pack: RulePack, camera: CameraSnapshot | None, makes: Mapping[str, tuple[str, ...]]
) -> tuple[RulePack, tuple[str, ...]]:
    """A pack with the rules that were kept for the camera, each named `camera.<its id>`.

    Returns:
        The pack, and a sentence for each kept rule that does not fit it and is left out.
    """
    added: list[Rule] = []
    unfit: list[str] = []
    events = {event.id for event in pack.event_types}
    for kept in () if camera is None else camera.rules:
        rule = kept.rule.model_copy(update={"id": f"camera.{kept.id}"})
        try:
            if rule.event_type not in events:
                raise UserError(f"Rule {rule.id!r} speaks of {rule.event_type!r}, which this pack does not know.")
            check_evidence(pack.model_copy(update={"rules": (rule,)}), makes)
            added.append(rule)
        except UserError as error:
            unfit.append(f"A rule kept for this camera was left out: {error.message}")
    return pack.model_copy(update={"rules": (*pack.rules, *added)}), tuple(unfit)


def recalled(case: Case, scope: Scope, looked: str) -> Iterable[Evidence]:
    """What a second look saw again of what is known as normal.

    Args:
        case: The case.
        scope: The scope of that look.
        looked: The id of its tool.
    """
    recall = case.toolbox.get(RECALL)
    if recall is None:
        return []

    def filed(**filters: Any) -> list[Evidence]:
        return case.store.evidence(tool=looked, span=scope.span, **filters)

    return [file_observation(recall.spec, scope, seen) for seen in recall.run(replace(scope, filed=filed))]


def remember(case: Case, verdict: Verdict) -> None:
    """Add a line about the case to the memory of its camera; a memory that can't be written costs no verdict."""
    if case.settings.camera is None:
        return
    memory = CameraMemory.of(case.settings.root, case.settings.camera)
    try:
        memory.remember(case.id, verdict, case.request.video)
        for rule, why in _proved(case, verdict) if case.settings.agent.keep_rules else ():
            memory.keep_rule(rule, why, case.id)
    except (StoreError, OSError) as error:
        case.store.log("camera", {"problem": str(error)})


def _proved(case: Case, verdict: Verdict) -> Iterator[tuple[Rule, str]]:
    """The rules that reflection proposed in a case and that were right, each with what showed it.

    A rule was right where it fired on an incident that the verdict found, and at that time a rule over what no model
    said spoke for the same incident: a model is no witness to its own rules.
    """
    found = {span.event_type for span in verdict.spans}
    families = {row.cite: row.family for row in verdict.evidence_rows}
    fired = [line for line in verdict.trace if line.outcome == "fired" and line.weight > 0 and line.event_type in found]
    others = [line for line in fired if all(families.get(cite) != "caption" for cite in line.evidence)]
    for rule in _proposed(case):
        for line in fired:
            if line.rule == f"{rule.id}@{rule.version}":
                same = (other for other in others if other.event_type == line.event_type and _meet(line, other))
                witness = next(same, None)
                if witness is not None:
                    yield rule, f"It fired at {line.span}, and so did {witness.rule}."
                    break


def _proposed(case: Case) -> list[Rule]:
    """The rules that reflection proposed, each once."""
    told = [row.data.get("rule") for row in case.store.log_rows() if row.step.startswith("reflect ")]
    rules = [Rule.model_validate(rule) for rule in told if isinstance(rule, dict)]
    return list({rule.id: rule for rule in rules}.values())


def _meet(one: Firing, other: Firing) -> bool:
    return one.span is not None and other.span is not None and one.span.touches(other.span)


def provenance_of(camera: CameraSnapshot | None) -> dict[str, object]:
    """What a verdict says of the memory it was judged by; empty where the case has no camera."""
    if camera is None:
        return {}
    told = {"name": camera.name, "sha256": camera.sha256, "marks": len(camera.marks), "rules": len(camera.rules)}
    return {"camera": told}
