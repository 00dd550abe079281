"""Defects put in on purpose: the harness must notice each of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from panda_agent import graph
from panda_agent.backends.ledger import Ledger
from panda_agent.memory.case_store import CaseStore
from panda_agent.nodes import act, conclude, reflect
from panda_agent.nodes.brief import brief_of, plan_of
from panda_agent.tools import moments
from panda_agent.tools.opinions import OPINION


def commit_row_by_row() -> None:
    """A pass that counts as done before its last row is in."""
    whole = CaseStore.commit_pass

    def commit(store: CaseStore, name: str, rows: Any, facts: Any) -> None:
        kept = list(rows)
        for n in range(len(kept) + 1):
            whole(store, name, kept[:n], facts)

    CaseStore.commit_pass = commit  # type: ignore[method-assign]


def count_looks_in_the_database() -> None:
    """A step that, repeated, counts twice."""
    step = next(node for node in graph.NODES if node.__name__ == "reflect")

    def reflect(desk: Any, state: Any, emit: Any) -> Any:
        update = step(desk, state, emit)
        if "looks" in update:
            store = desk.case(state["case_id"]).store
            update["looks"] = (store.note("looks") or 0) + 1
            store.put_note("looks", update["looks"])
        return update

    graph.NODES = tuple(reflect if node is step else node for node in graph.NODES)


def number_what_is_seen() -> None:
    """A tool that remembers, outside the case, how often it was used."""
    file = act.file_observation

    def filed(spec: Any, scope: Any, seen: Any) -> Any:
        uses = scope.home / "uses"
        number = int(uses.read_text()) + 1 if uses.exists() else 1
        uses.write_text(str(number))
        row = file(spec, scope, seen)
        return row.model_copy(update={"data": {**row.data, "number": number}})

    act.file_observation = filed  # type: ignore[attr-defined]


def finish_in_two_steps() -> None:
    """A case that has a verdict but is never finished."""

    def finish(store: CaseStore, verdict: Any) -> None:
        store.put_note("verdict", verdict)
        store.set_status("finished")

    CaseStore.finish = finish  # type: ignore[method-assign]


def note_the_time() -> None:
    """A tool that tells the time of day; no kill is needed to notice."""
    file = act.file_observation

    def filed(*args: Any) -> Any:
        row = file(*args)
        return row.model_copy(update={"data": {**row.data, "seen_at": time.time()}})

    act.file_observation = filed  # type: ignore[attr-defined]


def forget_replies() -> None:
    """A model's reply is handed on, and not kept."""

    def dropped(ledger: Ledger, key: str, reply: Any, **_: Any) -> Any:
        return reply

    Ledger.keep_reply = dropped


def count_what_was_sent() -> None:
    """A verdict that counts a call twice where it was asked twice."""
    spent = Ledger.spent

    def counted(ledger: Ledger, case_id: str) -> Any:
        used = spent(ledger, case_id)
        return used.model_copy(update={"calls": used.sent})

    Ledger.spent = counted


def report_nothing_twice() -> None:
    """A call that is asked again, as its reply was lost, and is not told of."""
    spent = Ledger.spent

    def told(ledger: Ledger, case_id: str) -> Any:
        return spent(ledger, case_id).model_copy(update={"repeated": 0})

    Ledger.spent = told


def look_where_it_judged() -> None:
    """An agent that chooses its pictures by its own opinion, which it finds where a step is repeated."""
    moments.BROAD = tuple(kind for kind in moments.BROAD if kind != OPINION)  # type: ignore[assignment]


def reflect_anew() -> None:
    """An agent that reflects again on what its reflection has changed."""

    def wish(desk: Any, case: Any, clip: Any, judgement: Any, emit: Any) -> Any:
        return desk.reasoner_of(case).reflect(clip, judgement, plan_of(case), brief_of(case, emit))

    reflect._wish = wish


def count_before_the_account() -> None:
    """A verdict that counts its calls before the last are made, where nobody has made them yet."""
    cost, counted = conclude._cost, []

    def first(case: Any, looks: int) -> Any:
        counted.append(cost(case, looks))
        return counted[0]

    conclude._cost = first


MUTATIONS: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        commit_row_by_row,
        forget_replies,
        count_what_was_sent,
        report_nothing_twice,
        count_looks_in_the_database,
        number_what_is_seen,
        finish_in_two_steps,
        note_the_time,
        look_where_it_judged,
        reflect_anew,
        count_before_the_account,
    )
}
