"""`panda cases`: the shelf of cases."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panda_agent.cli.options import CaseId, Json
from panda_agent.errors import UserError

if TYPE_CHECKING:
    from rich.text import Text

    from panda_agent.memory.case_store import CaseRecord, CaseStore

app = typer.Typer(no_args_is_help=True, help="List, show and remove cases.")
BESIDE = {"normal": "normal videos", "zones": "zones"}
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all cases, oldest first."""
    from panda_agent.cli.output import print_json, say
    from panda_agent.cli.tables import print_table
    from panda_agent.memory.cases import list_cases, outcome

    home = _home()
    told = [(record, outcome(home, record.case_id)) for record in list_cases(home)]
    if as_json:
        print_json([_entry(record, found) for record, found in told])
    elif told:
        print_table(("case", "opened (UTC)", "result", "about"), [_row(*one) for one in told], brief=True)
    else:
        say("There are no cases yet: start with `panda investigate VIDEO`.")


def _entry(record: CaseRecord, found: tuple[str, str] | None) -> dict[str, Any]:
    label, headline = found or (None, None)
    return {**record.model_dump(mode="json", exclude={"settings", "hashes"}), "label": label, "headline": headline}


def _row(record: CaseRecord, found: tuple[str, str] | None) -> tuple[str | Text, ...]:
    """One line: what came of the case, else how far it is; and what it is about."""
    from rich.text import Text

    from panda_agent.cli.verdict_view import COLOURS

    label, headline = found or (record.status, record.problem or record.question or "")
    about = " · ".join(part for part in (headline, record.video) if part)
    opened = record.created[:16].replace("T", " ")
    return record.case_id, opened, Text(label, style=COLOURS.get(label, "")), about


@app.command()
def show(case: CaseId, as_json: Json = False) -> None:
    """Show one case: what it is about, how far it is, and what it found."""
    from panda_agent.cli.output import print_json
    from panda_agent.cli.tables import print_table
    from panda_agent.memory.case_store import CaseStore, case_folder

    with CaseStore.open(case_folder(_home(), case)) as store:
        facts = _facts(store)
    if as_json:
        print_json(facts)
        return
    rows = [(name.replace("_", " "), told) for name, value in facts.items() if (told := _told(name, value))]
    print_table(None, rows)


@app.command()
def rm(
    cases: Annotated[list[str], typer.Argument(metavar="CASE", help="Case ids.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Delete cases with everything that is kept of them."""
    from panda_agent.memory.cases import find_case, remove_case

    for folder in [find_case(_home(), case) for case in cases]:  # all are found before one is deleted
        remove_case(_home(), folder.name)
    _tell_removed(cases, as_json=as_json)


@app.command()
def purge(
    older: Annotated[str, typer.Option(metavar="AGE", help="E.g. 30d; units are m, h, d, w.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Delete the cases that were opened longer ago than an age."""
    from panda_agent.cli.output import say
    from panda_agent.memory.cases import older_cases
    from panda_agent.memory.cases import purge as purge_cases

    age = _age(older)
    old, removed = older_cases(_home(), age), purge_cases(_home(), age)
    for case in sorted(set(old) - set(removed)):
        say(f"note: case {case} is being worked on and was left alone.")
    if not old:
        say(f"No case is older than {older}.")
    _tell_removed(removed, as_json=as_json)


def _tell_removed(cases: list[str], *, as_json: bool) -> None:
    from panda_agent.cli.output import print_json, print_plain

    if as_json:
        print_json({"removed": cases})
        return
    for case in cases:
        print_plain(f"removed {case}")


def _home() -> Path:
    from panda_agent.settings import load_settings

    return load_settings().root


def _age(text: str) -> timedelta:
    """Read `30d`.

    Raises:
        UserError: It is no number with a unit.
    """
    parts = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if parts is None:
        raise UserError(f"{text!r} is no age.", hint="Write a whole number and a unit: 90m, 12h, 30d, 8w.")
    return timedelta(**{UNITS[parts[2]]: int(parts[1])})


def _facts(store: CaseStore) -> dict[str, Any]:
    """What is told of a case, in the order in which it is told."""
    record = store.record
    verdict: dict[str, Any] = store.note("verdict") or {}
    return {
        "case_id": record.case_id,
        "status": record.status,
        "video": record.path or record.video,
        "fingerprint": record.fingerprint,
        "question": record.question,
        "tier": record.tier,
        "opened": record.created,
        "folder": str(store.folder),
        "evidence": dict(Counter(row.kind for row in store.evidence())),
        "clips_judged": len(store.judgements()),
        **{name: verdict.get(name) for name in ("label", "headline", "severity", "confidence", "spans")},
        "settings": record.settings,
    }


def _told(name: str, value: Any) -> str:
    """A fact as a person reads it; empty where there is nothing to tell."""
    from panda_agent.types import clock

    match name:
        case "settings":
            return _changed(value)
        case "spans":
            return ", ".join(f"{clock(span['start'])}–{clock(span['end'])}" for span in value or ())
        case "evidence":
            return ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in value.items())
    return "" if value is None else str(value)


def _changed(kept: dict[str, Any]) -> str:
    """What of the settings of a case is not as it comes, and what was given beside the video."""
    from panda_agent.reporting.html import flat
    from panda_agent.settings import Settings

    given, usual = kept["request"], dict(flat(Settings.model_construct().judging()))
    beside = [f"{len(given[name])} {words}" for name, words in BESIDE.items() if given[name]]
    settings = {name: value for name, value in kept.items() if name != "request"}
    return ", ".join([*beside, *(f"{name} {value}" for name, value in flat(settings) if usual.get(name) != value)])
