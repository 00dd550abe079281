"""One SQLite file, used from many threads and processes; and JSON that is stored whole or not at all."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import JsonValue, TypeAdapter, ValidationError

from panda_agent.errors import StoreError

LEDGER = "ledger.sqlite"
"""Under PANDA_HOME: the calls of models. Named here for those who need not load what opens it."""
BUSY_SECONDS = 60.0
"""How long a writer waits for another process before it gives up."""
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Database:
    """A connection that any thread may use, one at a time; SQLite's own errors leave it as one sentence.

    Write-ahead logging lets other processes read while one writes. A process that is killed loses no committed row; a
    power cut may lose the last ones, which are then made again (`synchronous=NORMAL`).

    Args:
        path: The file.
        mode: `rwc` creates it where missing, `rw` does not, `ro` changes nothing and takes no lock that a writer would
            wait for.

    Raises:
        StoreError: The file can't be opened, or is no SQLite database.
    """

    def __init__(self, path: Path, mode: Literal["rwc", "rw", "ro"] = "rwc") -> None:
        self.path = path
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        with _in_plain_words(path):
            self._db = sqlite3.connect(
                path.absolute().as_uri() + _query(path, mode),
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with self.reading() as db:
                db.execute("PRAGMA trusted_schema=OFF")  # a planted view or trigger calls no function
                db.execute("PRAGMA synchronous=NORMAL")
                if mode == "rwc":
                    _keep_log(db)
        except StoreError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, to read from; fetch all rows inside the block."""
        with self._lock, _in_plain_words(self.path):
            if self._db is None:
                raise StoreError(f"The database {self.path} was closed.", hint="Open it again.")
            yield self._db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside one transaction: all of the block is kept, or, on any exception, nothing."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")  # a deferred one could fail half-way instead of waiting its turn
            with db:
                yield db

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        with self._lock, _in_plain_words(self.path):
            if self._db is not None:
                self._db.close()
                self._db = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def _query(path: Path, mode: str) -> str:
    if mode == "ro" and not path.with_name(path.name + "-wal").exists():
        return "?mode=ro&immutable=1"  # nobody has it open: read it as it is, and leave no log file beside it
    return f"?mode={mode}"


def _keep_log(db: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, for good. Here SQLite refuses instead of waiting its turn, so we wait."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextmanager
def _in_plain_words(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeError) as error:  # UnicodeError: broken text, in a row or in SQLite's own message
        raise StoreError(
            f"The database {path} can't be used: {error}.",
            hint="Check that the disk has space and the folder can be written, or move the file away.",
        ) from error


def is_damage(error: StoreError) -> bool:
    """Whether an error means that the file's bytes are broken (and not that it is busy, or the disk full)."""
    cause = error.__cause__
    return isinstance(cause, UnicodeDecodeError) or getattr(cause, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def to_json(value: Any, what: str) -> str:
    """JSON text with sorted keys, so that equal content is equal text.

    Args:
        value: Dicts with string keys, lists, strings, finite numbers, booleans, None. Nothing is guessed: a numpy
            scalar, a tuple, a NaN or a number as key is refused.
        what: What is being stored, for the error.

    Raises:
        StoreError: The value holds something else; the sentence says where.
    """
    try:
        return json.dumps(_JSON.validate_python(value), allow_nan=False, sort_keys=True, separators=(",", ":"))
    except ValidationError as error:
        problem = _misfit(error)
    except ValueError as error:  # a NaN or an infinity
        problem = str(error)
    raise StoreError(
        f"{what} can't be stored as JSON: {problem}.",
        hint="Use finite numbers, strings, lists and dicts with string keys (numpy: .item() or .tolist()).",
    )


def _misfit(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["loc"][-1:] == ("[key]",):
        return f"the key {first['input']!r} is no string"
    where = ".".join(str(part) for part in first["loc"][1::2])  # pydantic puts `dict` or `list` before each key
    found = type(first["input"])
    return f"{where or 'it'} is a {found.__module__}.{found.__qualname__}".replace(" builtins.", " ")


def from_json(text: str | bytes, what: str) -> Any:
    """Parse stored JSON.

    Raises:
        StoreError: It is not JSON: the row was changed or damaged.
    """
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f"{what} can't be read: it was changed or damaged.", hint="Investigate the video again as a new case."
        ) from error
