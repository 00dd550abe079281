"""A finished case as it stands in a conversation: how it is weighed again, and how its verdict is revised."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import JsonValue

from panda_agent.conversation.compare import REVISING, Moved, moved
from panda_agent.conversation.retold import with_account
from panda_agent.errors import UserError
from panda_agent.memory.lock import working_on
from panda_agent.memory.versions import Version
from panda_agent.nodes.brief import brief_of, plan_of
from panda_agent.nodes.camera import remember
from panda_agent.nodes.desk import Case, Desk
from panda_agent.nodes.reweigh import reweigh
from panda_agent.reasoning.base import Brief
from panda_agent.reasoning.rules.engine import Weighed, weigh
from panda_agent.reasoning.rules.smoothing import Durations
from panda_agent.types import Evidence, Plan, Verdict


@dataclass(frozen=True)
class Change:
    """What a turn would change for good."""

    rows: tuple[Evidence, ...] = ()
    """New evidence, not filed yet."""
    plan: Plan | None = None
    """Other rules; None leaves them as they are."""
    without: tuple[str, ...] = ()
    """Rows that are taken back."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that are added."""
    marks: tuple[str, ...] = ()
    """Marks that were put into the memory of the camera."""
    undoes: int | None = None


class Docket:
    """Reads, weighs and revises one finished case.

    Args:
        desk: Where the case is opened, when it is first needed.
        case_id: The case.

    Raises:
        CaseNotFound: There is no such case.
        UserError: It has no verdict yet, or something that it was opened with changed.
    """

    def __init__(self, desk: Desk, case_id: str) -> None:
        self.desk = desk
        self.case: Case = desk.case(case_id)
        if self.case.store.note("verdict") is None:
            raise UserError(f"Case {case_id} has no verdict yet.", hint=f"Finish it with `panda resume {case_id}`.")

    def close(self) -> None:
        """Let go of the case's files."""
        self.desk.close(self.case.id)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else works on the case meanwhile; its budget of seconds counts from here.

        Raises:
            UserError: Somebody else does.
        """
        with working_on(self.case.folder):
            self.case = replace(self.case, began=time.monotonic())
            yield

    @property
    def verdict(self) -> Verdict:
        """The newest version."""
        told = self.case.store.verdict()
        assert told is not None, "a docket is of a finished case"
        return told

    @property
    def version(self) -> int:
        """Its number."""
        return self.case.store.versions()[-1].number

    @property
    def plan(self) -> Plan:
        """The rules and hypotheses that the newest version was judged by."""
        return plan_of(self.case)

    @property
    def brief(self) -> Brief:
        """What is known of the case beside its evidence."""
        return brief_of(self.case)

    @property
    def without(self) -> tuple[str, ...]:
        """Rows that were taken back."""
        return self.case.store.versions()[-1].without

    def rows(self) -> list[Evidence]:
        """The evidence that counts."""
        gone = set(self.without)
        return [row for row in self.case.store.evidence_slices() if row.cite not in gone]

    def weighed(self, rows: Iterable[Evidence]) -> Weighed:
        """What the rules say of some rows."""
        plan, durations = self.plan, Durations.of(self.case.settings.loop)
        return weigh(plan.rules, rows, started_at=self.brief.started_at, added=plan.added, durations=durations)

    def supposed(
        self,
        *,
        without: Sequence[str] = (),
        more: Sequence[Evidence] = (),
        plan: Plan | None = None,
        threshold: float | None = None,
    ) -> Verdict:
        """What the verdict would be; nothing is kept."""
        case = self.case
        if threshold is not None:
            loop = case.settings.loop.model_copy(update={"threshold": threshold})
            settings = case.settings.model_copy(update={"loop": loop})
            case = replace(case, materials=replace(case.materials, settings=settings))
        told = {row.cite for row in more}
        gone = [cite for cite in (*self.without, *without) if cite not in told]
        return reweigh(self.desk, case, without=gone, more=more, plan=plan)

    def base(self) -> Verdict:
        """The newest version, weighed as `supposed` weighs: what a supposition is compared with."""
        return self.supposed()

    def revise(self, change: Change, cause: str) -> tuple[list[Moved], int | None]:
        """Make a change, and a new version of the verdict where it moves anything.

        New evidence is kept either way, and in the same transaction as the version that rests on it.

        Returns:
            What moved, and the number of the new version.
        """
        store, before = self.case.store, self.base()
        rows = tuple(store.as_filed(row) for row in change.rows)
        told = {row.cite for row in rows}
        gone = tuple(dict.fromkeys(cite for cite in (*self.without, *change.without) if cite not in told))
        after = self.supposed(without=change.without, more=rows, plan=change.plan)
        what = moved(before, after)
        step = f"talk {sum(row.step.startswith('talk ') for row in store.log_rows()) + 1}"
        data: dict[str, JsonValue] = {"turn": cause, "filed": [row.cite for row in rows]}
        if not any(one.what in REVISING for one in what):
            store.keep_turn(step, data, rows=rows)
            return what, None
        number = self.version + 1
        version = Version(
            number=number,
            cause=cause,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            filed=tuple(row.cite for row in rows),
            without=gone,
            rules=change.rules,
            marks=change.marks,
            undoes=change.undoes,
        )
        counted = {row.cite: row for row in (*self.rows(), *rows) if row.cite not in gone}
        after = with_account(after, self.verdict, counted)
        final = after.model_copy(update={"provenance": after.provenance | self._revised(version)})
        notes: dict[str, JsonValue] = {} if change.plan is None else {"plan": change.plan.model_dump(mode="json")}
        data |= {"version": number, "label": final.label, "headline": final.headline}
        store.keep_turn(step, data, rows=rows, notes=notes, revised=(final, version))
        remember(self.case, final)
        return what, number

    def _revised(self, new: Version) -> dict[str, JsonValue]:
        """What a verdict says of the conversation it comes from: what was told and looked at, and the rules added."""
        versions = [*self.case.store.versions(), new]
        filed = [cite for one in versions for cite in one.filed if cite not in new.without]
        undone = {one.undoes for one in versions}
        rules = [rule for one in versions if one.number not in undone for rule in one.rules]
        return {"revised": {"version": new.number, "filed": [*dict.fromkeys(filed)], "rules": [*dict.fromkeys(rules)]}}
