"""A conversation about one finished case: each turn is answered, or the nearest forms are offered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Self

from panda_agent.conversation.docket import Change, Docket
from panda_agent.conversation.facts import false_alarm, know
from panda_agent.conversation.forms import FORMS, Nearest, read
from panda_agent.conversation.looks import look_at, zone_names
from panda_agent.conversation.rule_texts import with_rules, without_rules
from panda_agent.conversation.showing import show, tell
from panda_agent.conversation.suppose import brief, lines_of, what_if, without
from panda_agent.conversation.turns import (
    AddRule,
    FalseAlarm,
    Help,
    Know,
    LookAt,
    Quit,
    Reply,
    Show,
    Tell,
    Turn,
    Undo,
    WhatIf,
    Why,
    Without,
)
from panda_agent.conversation.why import why
from panda_agent.errors import UserError
from panda_agent.investigator import Investigator
from panda_agent.memory.camera import CameraMemory
from panda_agent.memory.cases import find_case
from panda_agent.memory.versions import last_change

KEEPING = (LookAt, AddRule, Know, FalseAlarm, Undo)
"""Turns that may change the case."""


class Conversation:
    r"""Answers turns about a finished case. A context manager; not for several threads at a time.

    Args:
        investigator: Its settings and tools are used.
        case_id: The case.

    Raises:
        CaseNotFound: There is no such case; the hint names the nearest.

    Example:
        >>> with Conversation(Investigator(), "gate-1a2b3c") as talk:
        ...     print("\n".join(talk.say("why 0:12").lines))
    """

    def __init__(self, investigator: Investigator, case_id: str) -> None:
        find_case(investigator.desk.settings.root, case_id)
        self._investigator, self.case_id = investigator, case_id

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the case's files."""
        self._investigator.desk.close(self.case_id)
        self.__dict__.pop("docket", None)

    @cached_property
    def docket(self) -> Docket:
        """The case, opened when it is first needed.

        Raises:
            UserError: It has no verdict yet, or something that it was opened with changed.
        """
        return Docket(self._investigator.desk, self.case_id)

    def say(self, text: str) -> Reply:
        """Answer a line; free wording is understood with a model, where the case has one.

        Raises:
            UserError: It names something that is not there.
            BackendError: The model that the case was opened with by name can't be asked.
        """
        turn = read(text)
        if not isinstance(turn, Nearest):
            return self.answer(turn)
        understood = self._understood(text)
        if understood is None:
            return offered(turn)
        return self.answer(understood).model_copy(update={"understood": understood.said()})

    def understand(self, text: str) -> Turn | Nearest:
        """What a line says; free wording by a model, where the case has one. Nothing is done."""
        turn = read(text)
        return (self._understood(text) or turn) if isinstance(turn, Nearest) else turn

    def answer(self, turn: Turn) -> Reply:
        """Answer a turn."""
        if isinstance(turn, Help):
            return Reply(lines=tuple(_help()))
        if isinstance(turn, Quit):
            return Reply(lines=(), done=True)
        if isinstance(turn, KEEPING):
            with self.docket.held():
                return self._answered(turn)
        return self._answered(turn)

    def names(self) -> list[str]:
        """What can be completed: ids of the evidence that the verdict cites, of rules, event types and zones."""
        verdict, plan = self.docket.verdict, self.docket.plan
        return [
            *(row.cite for row in verdict.evidence_rows),
            *(rule.id for rule in plan.rules),
            *(event.id for event in plan.event_types),
            *zone_names(self.docket.case.request.zones),
        ]

    def _answered(self, turn: Turn) -> Reply:
        docket = self.docket
        match turn:
            case Why():
                return why(docket, turn)
            case WhatIf():
                return what_if(docket, turn)
            case Without():
                return without(docket, turn)
            case Show():
                return show(docket, turn)
            case Tell():
                return tell(docket, turn)
            case LookAt():
                return look_at(docket, turn)
            case Know():
                return know(docket, turn)
            case FalseAlarm():
                return false_alarm(docket, turn)
            case AddRule():
                return _add_rule(docket, turn)
        return _undo(docket)

    def _understood(self, text: str) -> Turn | None:
        from panda_agent.conversation.understanding import understood

        return understood(self.docket, text)


def offered(nearest: Nearest) -> Reply:
    """The forms that come nearest to what was said; nothing is done."""
    lines = ("That is none of the forms. The nearest:", *(f"  {one.usage}: {one.about}" for one in nearest.forms))
    return Reply(lines=lines, puzzled=True)


def _help() -> Iterator[str]:
    for form in FORMS:
        yield f"  {form.usage}"
        yield f"      {form.about}"
    yield "  Times: 0:12, 12s, 1:02.5, 0:10 to 0:14."


def _add_rule(docket: Docket, turn: AddRule) -> Reply:
    before = docket.verdict
    plan, rules = with_rules(docket, turn.rule)
    ids = tuple(rule.id for rule in rules)
    what, version = docket.revise(Change(plan=plan, rules=ids), turn.said())
    if version is None:
        return Reply(
            lines=(f"{', '.join(ids)} fires on nothing here and is not kept. The verdict stays: {brief(before)}",)
        )
    lead = f"Version {version}, with {', '.join(ids)}: {brief(before)} → {brief(docket.verdict)}"
    return Reply(lines=(lead, *lines_of(what)), version=version)


def _undo(docket: Docket) -> Reply:
    """Take back the last change: rows stay filed but count no more, rules go, marks of the camera go."""
    change = last_change(docket.case.store.versions())
    if change is None:
        return Reply(lines=("There is nothing to take back.",))
    before = docket.verdict
    plan = without_rules(docket.plan, change.rules) if change.rules else None
    _unmark(docket, change.marks)
    _, version = docket.revise(Change(plan=plan, without=change.filed, undoes=change.number), f"undo: {change.cause}")
    lead = f"Took back: {change.cause}"
    if version is None:
        return Reply(lines=(lead, f"The verdict stays: {brief(before)}"))
    return Reply(lines=(lead, f"Version {version}: {brief(before)} → {brief(docket.verdict)}"), version=version)


def _unmark(docket: Docket, marks: tuple[str, ...]) -> None:
    if docket.case.settings.camera is None:
        return
    memory = CameraMemory.of(docket.case.settings.root, docket.case.settings.camera)
    for mark in marks:
        try:
            memory.unmark(mark)
        except UserError:  # somebody took it back already
            continue
