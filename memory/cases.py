"""The shelf of cases under PANDA_HOME: list, find, remove."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from panda_agent.database import LEDGER, Database
from panda_agent.errors import CaseNotFound, StoreError, UserError
from panda_agent.memory.lock import working_on
from panda_agent.memory.record import FILE, CaseRecord, peek


def case_folder(home: Path, case_id: str) -> Path:
    """Where a case lies; the folder need not exist yet.

    Raises:
        UserError: The id could lead out of the shelf, or would have to be quoted in a shell.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", case_id):
        raise UserError(f"{case_id!r} is no case id.", hint="Ids are letters, digits, dots, dashes and underscores.")
    return home / "cases" / case_id


def find_case(home: Path, case_id: str) -> Path:
    """The folder of a case that is there.

    Raises:
        CaseNotFound: There is no such case; the hint names the nearest ids.
    """
    folder = case_folder(home, case_id)
    if not (folder / FILE).is_file():
        raise not_found(folder)
    return folder


def list_cases(home: Path) -> list[CaseRecord]:
    """All cases, oldest first. One that can't be read is listed as `unreadable`, with the reason in `problem`.

    A folder without a case database is no case, and not listed.
    """
    return sorted(map(_record, _cases(home / "cases")), key=lambda record: (record.created, record.case_id))


def outcome(home: Path, case_id: str) -> tuple[str, str] | None:
    """Label and headline of a case's verdict; None where there is none yet, or it can't be read."""
    query = "SELECT json_extract(value, '$.label'), json_extract(value, '$.headline') FROM notes WHERE key = 'verdict'"
    try:
        with Database(case_folder(home, case_id) / FILE, "ro") as database, database.reading() as db:
            label, headline = db.execute(query).fetchone() or (None, None)
    except StoreError:
        return None
    return None if label is None else (str(label), str(headline))


def nearest_ids(home: Path, case_id: str, n: int = 3) -> list[str]:
    """The ids most like a mistyped one, best first."""
    return nearest_names([folder.name for folder in _cases(home / "cases")], case_id, n)


def nearest_names(names: Iterable[str], name: str, n: int = 3) -> list[str]:
    """Of some names those most like `name`, best first."""
    return difflib.get_close_matches(name, list(names), n=n, cutoff=0.0)


def not_found(folder: Path) -> CaseNotFound:
    """The error for a case that is not there; it names the nearest ids."""
    near = nearest_ids(folder.parents[1], folder.name)
    hint = f"Nearest: {', '.join(near)}." if near else "There are no cases yet: start with `panda investigate VIDEO`."
    return CaseNotFound(f"There is no case {folder.name!r}.", hint=hint)


def remove_case(home: Path, case_id: str) -> None:
    """Delete a case with everything kept in its folder.

    Raises:
        CaseNotFound: There is no such case.
        UserError: It is being worked on.
        StoreError: The folder can't be deleted.
    """
    folder = find_case(home, case_id)
    with working_on(folder):
        _forget_calls(home, case_id)
        try:
            shutil.rmtree(folder)
        except OSError as error:
            hint = f"Delete the folder {folder} by hand."
            raise StoreError(f"Case {case_id!r} can't be deleted: {error}.", hint=hint) from error


def _forget_calls(home: Path, case_id: str) -> None:
    """What was asked of a model for this case alone goes with it."""
    if not (home / LEDGER).is_file():
        return
    from panda_agent.backends.ledger import Ledger

    with closing(Ledger.of(home)) as ledger:
        ledger.forget(case_id)


def older_cases(home: Path, age: timedelta) -> list[str]:
    """The ids of the cases created longer ago than `age`, whatever their status, oldest first."""
    limit = datetime.now(UTC) - age
    return [record.case_id for record in list_cases(home) if _moment(record.created) < limit]


def purge(home: Path, older_than: timedelta) -> list[str]:
    """Delete the cases created longer ago than `older_than`; those that are being worked on are left alone.

    Returns:
        The ids of the deleted ones, oldest first.
    """
    gone: list[str] = []
    for case_id in older_cases(home, older_than):
        with suppress(UserError):  # somebody works on it, or deleted it before us
            remove_case(home, case_id)
            gone.append(case_id)
    return gone


def _cases(shelf: Path) -> list[Path]:
    return sorted(file.parent for file in shelf.glob(f"[!.]*/{FILE}") if file.is_file())


def _record(folder: Path) -> CaseRecord:
    try:
        return peek(folder).model_copy(update={"case_id": folder.name})  # a copied folder answers to its own name
    except (CaseNotFound, StoreError) as error:
        changed = datetime.fromtimestamp(folder.stat().st_mtime, UTC).isoformat()
        return CaseRecord(
            case_id=folder.name, video="", created=changed, status="unreadable", problem=error.message, tier="unknown"
        )


def _moment(created: str) -> datetime:
    moment = datetime.fromisoformat(created)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
