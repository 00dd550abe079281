"""A person says of a finished case: what you found there is normal here."""

from __future__ import annotations

from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.memory.camera import CameraMemory
from panda_agent.memory.camera_marks import Mark, rows_behind
from panda_agent.memory.case_store import CaseStore
from panda_agent.memory.cases import find_case
from panda_agent.types import Plan, TimeSpan, Verdict


def mark_false_alarm(
    home: Path, case_id: str, span: TimeSpan, *, event: str | None = None, note: str = "", camera: str | None = None
) -> list[Mark]:
    """Mark what a case found within a span as normal for its camera, for later cases; its own verdict stays.

    Only ever call this for a person. Nothing that a model or a video says may lead here.

    Args:
        home: PANDA_HOME.
        case_id: A finished case.
        span: Seconds of its video.
        event: An event type; None marks all that was found there.
        note: The person's words.
        camera: The camera of a case that was opened without one.

    Returns:
        One mark for each event type.

    Raises:
        CaseNotFound: There is no such case.
        UserError: It has no verdict or no camera, or nothing was found there that could be known again.
    """
    with CaseStore.open(find_case(home, case_id)) as store:
        verdict, plan, settings = store.note("verdict"), store.note("plan"), store.record.settings
    if verdict is None or plan is None:
        raise UserError(f"Case {case_id!r} has no verdict yet.", hint=f"Go on with `panda resume {case_id}`.")
    memory = CameraMemory.of(home, _camera_of(case_id, settings.get("camera"), camera))
    told, rules = Verdict.model_validate(verdict), Plan.model_validate(plan).rules
    events = sorted({line.event_type for line in told.trace if line.outcome == "fired" and line.weight > 0})
    found = {name: rows_behind(told, rules, span, name) for name in events if event in (None, name)}
    kept = {name: rows for name, rows in found.items() if rows}
    if not kept:
        what = "anything" if event is None else repr(event)
        raise UserError(
            f"Nothing that can be known again speaks for {what} at {span} of case {case_id!r}.",
            hint=_hint(told, events),
        )
    return [memory.mark_normal(case_id, span, name, rows, note) for name, rows in kept.items()]


def _camera_of(case_id: str, own: object, named: str | None) -> str:
    if own is not None and named not in (None, own):
        raise UserError(f"Case {case_id!r} is of camera {own!r}, not {named!r}.", hint="Leave --camera out.")
    camera = named if own is None else str(own)
    if camera is None:
        raise UserError(f"Case {case_id!r} was opened without a camera.", hint="Name it with --camera.")
    return camera


def _hint(verdict: Verdict, events: list[str]) -> str:
    spans = ", ".join(f"{span.start:g}–{span.end:g} s ({span.event_type})" for span in verdict.spans)
    return f"Found: {spans}." if spans else f"Event types that anything spoke for: {', '.join(events) or 'none'}."
