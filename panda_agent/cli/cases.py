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
    from panda_agent.memory.case_store import CaseStore

app = typer.Typer(no_args_is_help=True, help="List, show and remove cases.")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List all cases, oldest first."""
    from panda_agent.cli.output import print_json, say
    from panda_agent.cli.tables import print_table
    from panda_agent.memory.cases import list_cases

    records = list_cases(_home())
    if as_json:
        print_json([record.model_dump(mode="json", exclude={"settings", "hashes"}) for record in records])
    elif records:
        rows = [
            (r.case_id, r.status, r.created[:16].replace("T", " "), r.video, r.problem or r.question or "")
            for r in records
        ]
        print_table(("case", "status", "opened (UTC)", "video", "question"), rows)
    else:
        say("There are no cases yet: start with `panda investigate VIDEO`.")


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
    rows = [(name, _told(value)) for name, value in facts.items() if value not in (None, "", {}, [])]
    print_table(None, rows)


@app.command()
def rm(
    cases: Annotated[list[str], typer.Argument(metavar="CASE", help="Case ids.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Delete cases with everything that is kept of them."""
    from panda_agent.memory.cases import case_folder, not_found, remove_case
    from panda_agent.memory.lock import working_on

    folders = [case_folder(_home(), case) for case in cases]
    for folder in folders:
        if not folder.is_dir():
            raise not_found(folder)
    for folder in folders:
        with working_on(folder):
            remove_case(_home(), folder.name)
    _tell_removed(cases, as_json=as_json)


@app.command()
def purge(
    older: Annotated[str, typer.Option(metavar="AGE", help="E.g. 30d; units are m, h, d, w.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Delete the cases that were opened longer ago than an age."""
    from panda_agent.memory.cases import purge as purge_cases

    _tell_removed(purge_cases(_home(), _age(older)), as_json=as_json)


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


def _told(value: Any) -> str:
    from panda_agent.reporting.html import flat

    if isinstance(value, list):
        return ", ".join(f"{span['start']:.1f}–{span['end']:.1f} s" for span in value)
    return ", ".join(f"{name} {text}" for name, text in flat(value)) if isinstance(value, dict) else str(value)
