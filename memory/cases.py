"""The shelf of cases under PANDA_HOME: list, find, remove."""

from __future__ import annotations

import difflib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from panda_agent.errors import CaseNotFound, StoreError, UserError
from panda_agent.memory.record import CaseRecord, peek


def case_folder(home: Path, case_id: str) -> Path:
    """Where a case lies; the folder need not exist yet.

    Raises:
        UserError: The id is no plain folder name, so that it could lead out of the shelf.
    """
    if not case_id.strip() or len(case_id) > 100 or case_id.startswith(".") or set(case_id) & set("/\\\0"):
        raise UserError(f"{case_id!r} is no case id.", hint="Use letters, digits, dashes; see `panda cases list`.")
    return home / "cases" / case_id


def list_cases(home: Path) -> list[CaseRecord]:
    """All cases, oldest first. One that can't be read is listed as `unreadable`, with the reason in `problem`."""
    return sorted(map(_record, _folders(home / "cases")), key=lambda record: (record.created, record.case_id))


def nearest_ids(home: Path, case_id: str, n: int = 3) -> list[str]:
    """The ids most like a mistyped one, best first."""
    return nearest_names(home / "cases", case_id, n)


def nearest_names(shelf: Path, name: str, n: int = 3) -> list[str]:
    """The folders of `shelf` with names most like `name`, best first."""
    return difflib.get_close_matches(name, [folder.name for folder in _folders(shelf)], n=n, cutoff=0.0)


def not_found(folder: Path) -> CaseNotFound:
    """The error for a case folder that is not there; it names the nearest ids."""
    near = nearest_names(folder.parent, folder.name)
    hint = f"Nearest: {', '.join(near)}." if near else "There are no cases yet: start with `panda investigate VIDEO`."
    return CaseNotFound(f"There is no case {folder.name!r}.", hint=hint)


def remove_case(home: Path, case_id: str) -> None:
    """Delete a case with everything kept in its folder.

    Raises:
        CaseNotFound: There is no such case.
        StoreError: The folder can't be deleted; what is left of it is still listed.
    """
    folder = case_folder(home, case_id)
    if not folder.is_dir():
        raise not_found(folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StoreError(f"Case {case_id!r} can't be deleted: {error}.", hint="Delete its folder by hand.") from error


def purge(home: Path, older_than: timedelta) -> list[str]:
    """Delete the cases created longer ago than `older_than`, whatever their status; returns their ids, oldest first."""
    limit = datetime.now(UTC) - older_than
    old = [record.case_id for record in list_cases(home) if _moment(record.created) < limit]
    for case_id in old:
        remove_case(home, case_id)
    return old


def _folders(shelf: Path) -> list[Path]:
    if not shelf.is_dir():
        return []
    return sorted(path for path in shelf.iterdir() if path.is_dir() and not path.name.startswith("."))


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
