"""What a case is about: the row that is committed before anything else, and how models become rows and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, JsonValue, ValidationError
from pydantic_core import PydanticSerializationError

from panda_agent.database import Database, from_json, to_json
from panda_agent.errors import CaseNotFound, SchemaTooNew, StoreError
from panda_agent.types import Model

SCHEMA = 1
"""Version of the tables of a case database."""
FILE = "case.db"
M = TypeVar("M", bound=Model)

Status = Literal["open", "paused", "finished", "failed", "unreadable"]
"""`unreadable` is only ever given by a listing, to a folder whose record can't be read."""


def _now() -> str:
    return datetime.now(UTC).isoformat()


class CaseRecord(Model):
    """One video, one question, one budget."""

    case_id: str = Field(min_length=1)
    """Name of the case folder, and thread id of the graph."""
    video: str
    """The video's display name: untrusted text."""
    path: str | None = None
    """Where the video lay; None for a stream."""
    fingerprint: str = ""
    """Content hash of the video."""
    question: str | None = None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    hashes: dict[str, JsonValue] = Field(default_factory=dict)
    """Packs, prompts and weights the case was opened with."""
    tier: str = "bare"
    status: Status = "open"
    created: str = Field(default_factory=_now)
    """ISO 8601 with offset."""
    problem: str | None = None
    """Why the case is `unreadable`, in a listing."""


def encode(model: Model, what: str) -> str:
    """A model as JSON text with sorted keys.

    Raises:
        StoreError: It was built without validation, or holds a number JSON has no name for.
    """
    try:
        return to_json(model.model_dump(mode="json", warnings="error"), what)
    except PydanticSerializationError as error:
        raise StoreError(
            f"{what} can't be stored as JSON: {error}.", hint="Turn numpy values into plain ones with .item()."
        ) from error


def decode(kind: type[M], text: str | bytes, what: str) -> M:
    """The JSON text of a row as a model; a row never says which type it is, so it can't name one to be imported.

    Raises:
        StoreError: The text does not fit the model.
    """
    try:
        return kind.model_validate(from_json(text, what))
    except ValidationError as error:
        raise StoreError(
            f"{what} can't be read: it was changed or damaged.", hint="Investigate the video again as a new case."
        ) from error


def peek(folder: Path) -> CaseRecord:
    """Read the record of a case folder without taking a write lock or changing a byte.

    Raises:
        CaseNotFound: The database is empty: the case was cut off before its first commit.
        StoreError: There is no readable case database.
        SchemaTooNew: It was written by a newer version.
    """
    with Database(folder / FILE, "ro") as database, database.reading() as db:
        if db.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            raise CaseNotFound(
                f"Case {folder.name!r} was cut off before it was opened.", hint="Investigate its video again."
            )
        meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    _check_schema(meta.get("schema_version"), folder)
    what = f"The record of case {folder.name!r}"
    return decode(CaseRecord, meta.get("record", ""), what)


def _check_schema(found: object, folder: Path) -> None:
    if not isinstance(found, str) or not found.isdecimal() or len(found) > 9:
        raise StoreError(f"Case {folder.name!r} has no schema version: {FILE} was changed or damaged.")
    if int(found) > SCHEMA:
        raise SchemaTooNew(
            f"Case {folder.name!r} was written by a newer panda_agent (schema {int(found)}, this one reads {SCHEMA}): "
            "upgrade panda_agent; the file was left untouched."
        )
