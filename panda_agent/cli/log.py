"""`panda log`: what was done in a case, step by step, and what moved between versions of its verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panda_agent.cli.options import FLAG, CaseId, Json

if TYPE_CHECKING:
    from panda_agent.cli.transcript import Step
    from panda_agent.memory.case_store import CaseStore

GIST = ("headline", "failed", "reason", "why", "scene", "tool", "turn")
"""Fields of a step that say what it was about, the best first."""


def log(
    case: CaseId,
    diff: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="N M", help="What moved from version N of the verdict to version M.", show_default=False),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="All of each step: prompts and replies, rules that fired, tools and rows.", metavar=FLAG
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what was done in a case, step by step, with the time of day; or what a conversation moved."""
    from panda_agent.memory.case_store import CaseStore, case_folder
    from panda_agent.settings import load_settings

    with CaseStore.open(case_folder(load_settings().root, case)) as store:
        if diff is not None:
            _diff(store, *diff, as_json=as_json)
        elif full:
            _full(store, as_json=as_json)
        else:
            _steps(store, as_json=as_json)


def _steps(store: CaseStore, *, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from panda_agent.cli.output import print_drawn, print_json
    from panda_agent.reporting.text import clean

    rows = store.log_rows()
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(_time_of_day(row.at), Text(clean(name_of(row.step))), Text(clean(_gist(row.data))))
    print_drawn(table)


def _diff(store: CaseStore, first: int, second: int, *, as_json: bool) -> None:
    """Print what differs between two versions.

    Raises:
        UserError: One of them is not there.
    """
    from panda_agent.cli.output import print_json, say
    from panda_agent.cli.tables import print_table
    from panda_agent.conversation.compare import moved
    from panda_agent.errors import UserError

    verdicts = [store.verdict(number) for number in (first, second)]
    before, after = verdicts
    if before is None or after is None:
        count = len(store.versions())
        raise UserError(
            f"Case {store.folder.name} has no version {first if before is None else second}.", hint=f"It has {count}."
        )
    causes = {one.number: one.cause for one in store.versions()}
    rows = moved(before, after)
    if as_json:
        versions = [{"version": number, "cause": causes.get(number)} for number in (first, second)]
        print_json({"versions": versions, "moved": [row.model_dump(mode="json") for row in rows]})
    elif not rows:
        say("Nothing moved.")
    else:
        head = (
            "what",
            "about",
            f"version {first}, by {causes.get(first)}",
            f"version {second}, by {causes.get(second)}",
        )
        print_table(head, [(row.what, row.about, row.before or "–", row.after or "–") for row in rows])


def _full(store: CaseStore, *, as_json: bool) -> None:
    from panda_agent.cli.output import print_json, print_plain
    from panda_agent.cli.transcript import transcript

    steps = transcript(store)
    if as_json:
        print_json([step.model_dump(mode="json") for step in steps])
        return
    for step in steps:
        print_plain("\n".join(_lines(step)))


def _lines(step: Step) -> Iterator[str]:
    """A step as text, with nothing in it that would drive a terminal."""
    from panda_agent.cli.ledger import harmless
    from panda_agent.reporting.text import clean

    when = f"{_time_of_day(step.at)}  " if step.at else ""
    yield f"\n{when}{clean(name_of(step.step))}  {clean(_gist(step.data))}".rstrip()
    for name, told in step.input.items():
        yield f"  {clean(name)}: {clean(str(told))}"
    for line in step.fired:
        yield f"  fired {line.weight:+.1f} {clean(line.rule)}: {clean(line.why)} [{clean(', '.join(line.evidence))}]"
    for call in step.calls:
        yield f"  call {call.key[:12]} for {clean(call.purpose)}, {call.state}, by {clean(call.model or 'nobody yet')}"
        if call.pictures:
            yield f"    pictures {clean(call.pictures)}"
        for name, text in (("system", call.system), ("asked", call.text), *call.turns, ("reply", call.reply)):
            if text:
                yield f"    {name}:"
                yield from (f"      {line}" for line in harmless(text).splitlines())
    for row in step.filed:
        yield f"  filed {row.cite} {clean(row.kind)} {row.span}: {clean(row.statement)}"


def name_of(step: str) -> str:
    """`judge 0.2`, which is kept, is `judge clip 1, look 3` to people, who count from 1."""
    parts = re.fullmatch(r"(\w+) (\d+)\.(\d+)", step)
    if parts is None:
        return step
    return f"{parts[1]} clip {int(parts[2]) + 1}" + (f", look {int(parts[3]) + 1}" if parts[3] != "0" else "")


def _gist(data: Mapping[str, Any]) -> str:
    from panda_agent.types import clock

    said = next((str(data[name]) for name in GIST if data.get(name)), "")
    if "turn" in data and said != data["turn"]:
        return f"{data['turn']}: version {data['version']}, {data['label']}: {said}"
    if not {"status", "score", "span"} <= data.keys():
        return said
    return f"{clock(data['span']['start'])}–{clock(data['span']['end'])} {data['status']} ({data['score']:.2f}): {said}"


def _time_of_day(at: str) -> str:
    from datetime import datetime

    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
