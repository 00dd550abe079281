"""Open a case on what another one has seen, to go on from one of its steps, by other rules if wished."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from panda_agent.errors import UserError
from panda_agent.memory.case_store import CaseRecord, CaseStore, LogRow
from panda_agent.memory.cases import case_folder, find_case
from panda_agent.memory.forking import Part, take_files
from panda_agent.memory.lock import working_on
from panda_agent.nodes.brief import plan_of, report_of, spans_of
from panda_agent.nodes.conclude import ENDED
from panda_agent.nodes.desk import Case, Desk, new_case_id
from panda_agent.nodes.materials import SPOOL, over
from panda_agent.nodes.perceive import COVERAGE
from panda_agent.nodes.plan import plan
from panda_agent.nodes.state import CaseState
from panda_agent.settings import Settings, load_settings
from panda_agent.types import CaseRequest

SAME = ("detector", "recording")
"""What perception rests on: with another one it would have to be done again."""
_REASON = re.compile(r"(?:(?:reason|judge)\s+)?(?:clip\s+)?([1-9]\d{0,8})")
_STEP = re.compile(r"(?:judge|reflect|act) (\d+)\.\d+")


def fork(desk: Desk, case_id: str, at: str, rules: str | None, name: str | None) -> tuple[Case, CaseState | None]:
    """Open the new case with all that the old one saw.

    Args:
        desk: Where it is opened.
        case_id: The old case.
        at: `plan`, `reason N` (before clip N, counted from 1, is judged), or `conclude`.
        rules: A rule pack; None keeps that of the old case.
        name: An id for the new case; None makes one.

    Returns:
        The case, and the state of the loop to go on with; None where it goes on from the plan.

    Raises:
        CaseNotFound: There is no such case.
        UserError: There is no such step, the case has not got that far, or what it saw by is not there any more.
        VideoError: The video can't be read any more.
    """
    folder = find_case(desk.settings.root, case_id)
    with working_on(folder), CaseStore.open(folder) as old:
        clips = _clips_before(at, old)
        new_id = name or new_case_id(old.record.video)
        _check_free(case_folder(desk.settings.root, new_id), new_id)
        take_files(folder, case_folder(desk.settings.root, new_id))
        case = _opened(desk, old.record, rules, new_id)
        _check_same(old.record, case.store.record, desk, new_id)
        case.store.take_over(old, _part(old, clips), {"case": case_id, "at": at})
        case.store.amend(fingerprint=old.record.fingerprint)
        said = {rule for version in old.versions() for rule in version.rules}
    if clips == 0:
        return case, None
    if rules is not None:
        plan(desk, {"case_id": case.id}, lambda event: None)
    else:
        _forget(case, said)
    return case, _state(case, clips)


def _forget(case: Case, said: Collection[str]) -> None:
    """Leave the rules that came by a conversation out of the plan."""
    kept = plan_of(case)
    rules = tuple(rule for rule in kept.rules if rule.id not in said and rule.when[0].kind != "human")
    case.store.put_note("plan", kept.model_copy(update={"rules": rules}).model_dump(mode="json"))


def _clips_before(at: str, old: CaseStore) -> int:
    """How many clips stay judged as they are; 0 goes on from the plan.

    Raises:
        UserError: There is no such step, or the case has not got that far.
    """
    wanted = at.strip().lower()
    if wanted == "plan":
        return 0
    judged = len(old.judgements())
    reason = _REASON.fullmatch(wanted)
    if reason is None and wanted != "conclude":
        raise UserError(f"{at!r} is no step to fork from.", hint="Give plan, reason N (a clip, from 1), or conclude.")
    ended = old.note(ENDED) is not None
    clips = judged if reason is None else int(reason[1]) - 1
    if (reason is None and not ended) or clips > judged or (ended and reason is not None and clips >= judged):
        raise UserError(
            f"Case {old.record.case_id} has no step {at!r}: {judged} clips are judged.", hint="See `panda log CASE`."
        )
    return clips


def _check_free(folder: Path, case_id: str) -> None:
    if folder.exists():
        raise UserError(f"There is a case {case_id!r} already.", hint="Choose another name.")


def _opened(desk: Desk, old: CaseRecord, rules: str | None, new_id: str) -> Case:
    kept: dict[str, Any] = dict(old.settings)
    request = CaseRequest.model_validate(kept.pop("request"))
    changed = {} if rules is None else {"rules": rules}
    settings: Settings = load_settings(**over(desk.settings.model_dump(), kept) | changed)
    source = request.video if request.video is not None else _spool(desk, new_id)
    if source is None and request.recording is None:
        raise UserError("The frames of that case came from an iterator and were not all kept.")
    return desk.open(None if source is None else Path(source), request, new_id, settings)


def _spool(desk: Desk, new_id: str) -> str | None:
    kept = case_folder(desk.settings.root, new_id) / SPOOL
    return str(kept) if kept.is_file() else None


def _check_same(old: CaseRecord, new: CaseRecord, desk: Desk, new_id: str) -> None:
    """What the old case saw by is what the new one would see by; else the new one goes.

    Raises:
        UserError: It is not.
    """
    from panda_agent.memory.cases import remove_case

    what = next((name for name in SAME if old.hashes.get(name) != new.hashes.get(name)), None)
    if old.path is not None and old.fingerprint != new.fingerprint:
        what = "video"
    if old.tier != new.tier:
        what = f"tier ({old.tier!r}, now {new.tier!r})"
    if what is not None:
        desk.close(new_id)
        remove_case(desk.settings.root, new_id)
        raise UserError(
            f"The {what} changed since case {old.case_id} was opened, so what it saw can't be reused.",
            hint="Put the old one back, or investigate again.",
        )


def _part(old: CaseStore, clips: int) -> Part:
    """What goes along to a step: of second looks, judgements and log what came before it, of conversations nothing."""
    steps = old.log_rows()
    talked = {cite for row in steps if row.step.startswith("talk ") for cite in _filed(row)}
    looks = {cite for row in steps if 0 <= _clip_of(row.step) < clips for cite in _filed(row)}
    later = {cite for row in steps if _clip_of(row.step) >= clips for cite in _filed(row)} - looks
    rows = [row for row in old.evidence_slices() if row.id not in later and row.cite not in talked] if clips else []
    end = _end_of(old, clips)
    return Part(
        rows={row.id for row in rows if row.id in looks or row.span.end <= end},
        clips=clips,
        notes=lambda key: key in ("camera", "profile") or (clips > 0 and _is_before(key, clips)),
        steps=lambda step: clips > 0 and (step == "plan" or 0 <= _clip_of(step) < clips),
    )


def _end_of(old: CaseStore, clips: int) -> float:
    """Seconds at which the last clip that stays judged ends."""
    ends = [one.span.end for one in old.judgements() if one.clip < clips]
    return max(ends, default=0.0) + 1e-6


def _filed(row: LogRow) -> Iterable[str]:
    filed = row.data.get("filed")
    return [str(cite) for cite in filed] if isinstance(filed, list) else []


def _clip_of(step: str) -> int:
    """The clip that a step of the log is about, from 0; -1 where it is about none."""
    found = _STEP.fullmatch(step)
    return -1 if found is None else int(found[1])


def _is_before(key: str, clips: int) -> bool:
    reflected = re.fullmatch(r"(?:reflection|outcome) (\d+)\.\d+", key)
    return key in ("plan", "spent", "scene") if reflected is None else int(reflected[1]) < clips


def _state(case: Case, clips: int) -> CaseState:
    """The loop as it stands before a clip: as after `record` of the one before."""
    looks = sum(row.step.startswith("act ") for row in case.store.log_rows())
    total = len(spans_of(case)) if case.store.pass_facts(COVERAGE.id) is not None else clips
    state: CaseState = {"case_id": case.id, "cursor": clips, "clips": total, "round": 0, "used": [], "looks": looks}
    stopped = "budget" if not report_of(case).frames and clips < total else None
    return {**state, "settled": False, "stopped": stopped}
