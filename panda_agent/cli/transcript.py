"""All of a case, step by step: what a model was asked and said, which rules fired, what tools were told and filed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pydantic import Field, JsonValue

from panda_agent.memory.case_store import CaseStore, LogRow
from panda_agent.types import Evidence, Firing, Model, TimeSpan, clock

if TYPE_CHECKING:
    from panda_agent.backends.ledger import Call

_LOOKED = re.compile(r"(act|reflect|judge) (\d+)\.(\d+)")


class Asked(Model):
    """One call to a model."""

    key: str
    purpose: str
    state: str
    model: str
    pictures: str
    """Letters, with times where evidence tells them."""
    system: str
    text: str
    turns: tuple[tuple[str, str], ...]
    """What followed the question, e.g. a reply that was sent back to be mended."""
    reply: str
    """Verbatim, or why there is none."""


class Step(Model):
    """One step of a case."""

    step: str
    at: str = ""
    data: dict[str, JsonValue] = Field(default_factory=dict)
    input: dict[str, JsonValue] = Field(default_factory=dict)
    """What a tool was told."""
    fired: tuple[Firing, ...] = ()
    calls: tuple[Asked, ...] = ()
    filed: tuple[Evidence, ...] = ()


def transcript(store: CaseStore) -> list[Step]:
    """Every step, in order: the passes over the whole video first, then the log.

    A call belongs to the step that names it or filed evidence from it, else to the step that was logged next after it
    was sent. One that another case had paid for before is told last, where nothing names it.
    """
    calls = {call.key: call for call in _calls(store)}
    rows = [*store.evidence_slices()]
    letters: dict[str | None, Any] = {row.call_id: row.data.get("letters") for row in rows if row.call_id is not None}
    steps = [*_passes(store), *(_step(store, row, rows) for row in store.log_rows())]
    owners = {key: i for i, step in enumerate(steps) for key in _named(step)}
    for key, call in calls.items():
        owners.setdefault(key, _by_time(call.at, steps, store.record.created))
    steps.append(Step(step="calls that an earlier case had made"))
    made: list[list[Asked]] = [[] for _ in steps]
    for key, call in calls.items():
        made[owners[key]].append(_asked(call, letters))
    told = [step.model_copy(update={"calls": tuple(own)}) for step, own in zip(steps, made, strict=True)]
    return told if made[-1] else told[:-1]


def _calls(store: CaseStore) -> list[Call]:
    from panda_agent.backends.ledger import FILE, Ledger

    home = store.folder.parents[1]
    if not (home / FILE).is_file():
        return []
    with closing(Ledger.of(home)) as ledger:
        return ledger.calls(store.record.case_id)


def _passes(store: CaseStore) -> Iterator[Step]:
    for name, facts in store.passes().items():
        yield Step(step=f"pass {name}", data=facts, filed=tuple(store.evidence(tool=name)))


def _step(store: CaseStore, row: LogRow, rows: Sequence[Evidence]) -> Step:
    wanted = row.data.get("filed")
    ids = set(map(str, wanted)) if isinstance(wanted, list) else set()
    found = _LOOKED.fullmatch(row.step)
    asked: dict[str, JsonValue] = {}
    if found is not None and found[1] == "act":
        asked = store.note(f"reflection {found[2]}.{int(found[3]) - 1}") or {}
    fired = _fired(store, row) if found is not None and found[1] == "judge" else ()
    filed = tuple(one for one in rows if one.id in ids or one.cite in ids)
    return Step(step=row.step, at=row.at, data=row.data, input=_said(asked), fired=tuple(fired), filed=filed)


def _said(reflection: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """What the tool of a second look was told."""
    return {name: reflection[name] for name in ("region", "about", "input") if reflection.get(name)}


def _fired(store: CaseStore, row: LogRow) -> Iterator[Firing]:
    """Rules that fired within a clip, by the trace of the first verdict: it holds all that was seen by its end."""
    verdict, data = store.verdict(1), row.data
    if verdict is None or not isinstance(data.get("span"), dict):
        return
    span = TimeSpan.model_validate(data["span"])
    for line in verdict.trace:
        if line.outcome == "fired" and line.span is not None and line.span.touches(span):
            yield line


def _named(step: Step) -> Iterator[str]:
    """Calls that a step names, or that the evidence rests on that it filed."""
    named = step.data.get("calls")
    yield from map(str, named if isinstance(named, list) else ())
    yield from (row.call_id for row in step.filed if row.call_id is not None)


def _by_time(at: str, steps: Sequence[Step], opened: str) -> int:
    """The step that a call was made for: the first one logged after it; none for a call from before the case."""
    if at < opened[: len(at)]:
        return len(steps)
    return next((i for i, step in enumerate(steps) if step.at and step.at >= at), len(steps))


def _asked(call: Call, letters: dict[str | None, Any]) -> Asked:
    request: dict[str, Any] = call.request
    failure = str((call.failure or {}).get("message", ""))
    return Asked(
        key=call.key,
        purpose=call.purpose,
        state=call.state,
        model=call.model,
        pictures=", ".join(_pictures(request["pictures"], letters.get(call.key))),
        system=request["system"],
        text=request["text"],
        turns=tuple((turn["role"], turn["text"]) for turn in request["history"]),
        reply=call.body or failure,
    )


def _pictures(sent: Iterable[dict[str, Any]], letters: Any) -> Iterator[str]:
    times = dict(letters) if isinstance(letters, list) else {}
    for picture in sent:
        time = times.get(picture["letter"])
        size = f"{picture['width']}×{picture['height']}"
        yield f"{picture['letter']} {'' if time is None else clock(time) + ' '}{size}"
