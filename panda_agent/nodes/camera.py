"""Where a case meets the memory of its camera: a frozen copy when it is opened, one line when it is finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from panda_agent.types import Evidence, Rule, RulePack, Verdict

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
    except (StoreError, OSError) as error:
        case.store.log("camera", {"problem": str(error)})


def provenance_of(camera: CameraSnapshot | None) -> dict[str, object]:
    """What a verdict says of the memory it was judged by; empty where the case has no camera."""
    if camera is None:
        return {}
    told = {"name": camera.name, "sha256": camera.sha256, "marks": len(camera.marks), "rules": len(camera.rules)}
    return {"camera": told}
