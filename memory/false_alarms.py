"""A person says of a finished case: what you found there is normal here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panda_agent.errors import UserError
from panda_agent.memory.camera import CameraMemory
from panda_agent.memory.camera_marks import Mark, MarkedRow, known_again, rows_behind
from panda_agent.memory.case_store import CaseStore
from panda_agent.memory.cases import find_case
from panda_agent.memory.likeness import place
from panda_agent.types import Evidence, Plan, Rule, TimeSpan, Verdict

SAME_PLACE = 0.5
"""Agreement of places from which on two rows are about one thing."""


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
        evidence = store.evidence()
    if verdict is None or plan is None:
        raise UserError(f"Case {case_id!r} has no verdict yet.", hint=f"Go on with `panda resume {case_id}`.")
    memory = CameraMemory.of(home, _camera_of(case_id, settings.get("camera"), camera))
    told, rules = Verdict.model_validate(verdict), Plan.model_validate(plan).rules
    events = sorted({line.event_type for line in told.trace if line.outcome == "fired" and line.weight > 0})
    kept: dict[str, list[MarkedRow]] = {}
    for name in [name for name in events if event in (None, name)]:
        if behind := rows_behind(told, rules, span, name):
            about = [rule for rule in rules if (rule.event_type, rule.supports) == (name, "anomaly")]
            kept[name] = [*behind, *_beside(behind, evidence, span, about, told.scene.clock)]
    if not kept:
        what = "anything" if event is None else repr(event)
        raise UserError(
            f"Nothing that can be known again speaks for {what} at {span} of case {case_id!r}.",
            hint=_hint(told, events),
        )
    return [memory.mark_normal(case_id, span, name, rows, note) for name, rows in kept.items()]


def _beside(
    behind: list[MarkedRow],
    evidence: list[Evidence],
    span: TimeSpan,
    rules: Sequence[Rule],
    clock: str | None,
) -> list[MarkedRow]:
    """What else showed the marked thing and only just did not speak: another day it may be that which speaks.

    A bag is a thing left behind to one filter and a low lump at rest to another; which of them is sure of it, noise
    decides.
    """
    there = [row for row in evidence if row.region is not None and row.span.overlap(span) >= 0.5 * row.span.duration]
    near = [row for row in there if any(place(row.region, one.region) >= SAME_PLACE for one in behind if not one.way)]
    made = (known_again(row, rule, clock) for row in near for rule in rules if row.kind == rule.when[0].kind)
    return list(dict.fromkeys(one for one in made if one is not None and one not in behind))


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
