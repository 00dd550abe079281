"""The call ledger: every request that was sent to a model, and what came back, so that nothing is paid for twice.

One SQLite file serves all cases and processes. A call is known by its content: the endpoint, every parameter and text
of the request, and the hashes of its pictures. It is noted as sent before it is sent, and its reply is committed,
verbatim, before anybody reads it; a process that is killed in between leaves a call that was sent and has no reply.
The file holds no key and no picture.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import JsonValue, ValidationError

from panda_agent.backends.protocol import Ask, Reply
from panda_agent.database import LEDGER, Database, from_json, to_json
from panda_agent.errors import (
    BackendError,
    BadReply,
    NoVision,
    Overflow,
    Refused,
    SchemaTooNew,
    StoreError,
    TooManyImages,
    UserError,
)
from panda_agent.types.time import Model

FILE = LEDGER
SCHEMA = 1
"""Version of the tables."""
TABLES = (
    """CREATE TABLE calls (key TEXT PRIMARY KEY, purpose TEXT NOT NULL, request TEXT NOT NULL,
       state TEXT NOT NULL, model TEXT NOT NULL DEFAULT '', reply TEXT, body TEXT NOT NULL DEFAULT '', failure TEXT,
       tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, money REAL NOT NULL DEFAULT 0,
       at TEXT NOT NULL, seconds REAL NOT NULL DEFAULT 0)""",
    """CREATE TABLE uses (case_id TEXT NOT NULL, key TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0,
       hits INTEGER NOT NULL DEFAULT 0, repeated INTEGER NOT NULL DEFAULT 0, repair INTEGER NOT NULL,
       PRIMARY KEY (case_id, key))""",
    "CREATE INDEX uses_by_key ON uses (key)",
)
State = Literal["sent", "answered", "failed", "unanswered"]
"""`sent`: no reply is known yet, or never will be. `failed`: it will fail again, so it is not sent again. `unanswered`:
it failed, and may succeed later."""
LASTING: dict[str, type[BackendError]] = {
    kind.__name__: kind for kind in (Refused, Overflow, NoVision, TooManyImages, BadReply)
}
"""Failures that the same request meets again; they are kept, and replayed, like replies."""
Kept = Reply | BackendError
"""What came of a call for good."""

_CALL = """SELECT key, purpose, request, state, model, body, failure, tokens_in, tokens_out, money, at, seconds,
    (SELECT coalesce(sum(sent), 0) FROM uses WHERE uses.key = calls.key) AS sent,
    (SELECT coalesce(sum(hits), 0) FROM uses WHERE uses.key = calls.key) AS hits,
    (SELECT json_group_array(case_id) FROM uses WHERE uses.key = calls.key) AS cases FROM calls"""
_SPENT = """SELECT count(*) AS calls, coalesce(sum(sent), 0) AS sent, coalesce(sum(hits), 0) AS hits,
    coalesce(sum(tokens_in), 0) AS tokens_in, coalesce(sum(tokens_out), 0) AS tokens_out,
    coalesce(sum(money), 0.0) AS money, coalesce(sum(repeated), 0) AS repeated, coalesce(sum(repair), 0) AS repairs,
    coalesce(sum(json_extract(failure, '$.type') = 'Refused'), 0) AS refused
    FROM uses JOIN calls USING (key) WHERE case_id = ?"""
_USE = """INSERT INTO uses (case_id, key, sent, hits, repeated, repair) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET sent = sent + excluded.sent, hits = hits + excluded.hits,
    repeated = repeated + excluded.repeated"""
_SENT = """INSERT INTO calls (key, purpose, request, state, at) VALUES (?, ?, ?, 'sent', ?)
    ON CONFLICT DO UPDATE SET state = 'sent', at = excluded.at"""


class Spent(Model):
    """What a case used, over all its runs."""

    calls: int = 0
    """Distinct calls, whoever paid for them."""
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    """In the unit of `model.price_in`."""
    sent: int = 0
    """Requests that were sent."""
    hits: int = 0
    """Asks that were answered from the ledger."""
    repeated: int = 0
    """Calls that were sent again because a process ended before their reply came: they may have been paid twice."""
    repairs: int = 0
    """Calls that asked for a reply in the right shape."""
    refused: int = 0
    """Calls that the model, or a filter, declined."""


class Call(Model):
    """A row of the ledger."""

    key: str
    purpose: str
    request: dict[str, JsonValue]
    """The request as it was hashed: all of it, with hashes in the place of pictures."""
    state: State
    model: str
    """The model that answered, in its own words."""
    body: str
    """The reply's JSON, verbatim."""
    failure: dict[str, JsonValue] | None
    tokens_in: int
    tokens_out: int
    money: float
    at: str
    """When it was sent last, ISO 8601."""
    seconds: float
    """How long the reply took."""
    sent: int
    hits: int
    cases: tuple[str, ...]
    """Those that use it."""


def request_of(address: str, ask: Ask) -> str:
    """A request as JSON, the same for the same content; pictures by hash, times left out, as they are not sent."""
    pictures: list[JsonValue] = [
        {
            "letter": picture.letter,
            "sha256": hashlib.sha256(picture.jpeg).hexdigest(),
            "bytes": len(picture.jpeg),
            "width": picture.width,
            "height": picture.height,
        }
        for picture in ask.pictures
    ]
    sent = ask.model_dump(mode="json", exclude={"pictures"})
    return to_json({**sent, "pictures": pictures, "address": address}, "A request to the model")


def key_of(request: str) -> str:
    """The content address of a request."""
    return hashlib.sha256(request.encode()).hexdigest()


class Ledger:
    """The ledger of a home. Any thread may use it, and any number of processes the same file.

    Args:
        path: The file, made where there is none; `Ledger.of(home)` knows where it lies.

    Raises:
        StoreError: The file can't be used.
        SchemaTooNew: It was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        _make_folder(path.parent)
        self._database = Database(path)
        try:
            self._check_schema()
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(cls, home: Path) -> Ledger:
        """The ledger of a home."""
        return cls(home / FILE)

    def _check_schema(self) -> None:
        if self._version() == 0:
            with self._database.writing() as db:
                if db.execute("PRAGMA user_version").fetchone() == (0,):  # nobody was quicker
                    for table in TABLES:
                        db.execute(table)
                    db.execute(f"PRAGMA user_version = {SCHEMA}")
        if self._version() > SCHEMA:
            raise SchemaTooNew(
                f"The ledger {self._database.path} was written by a newer panda_agent (schema {self._version()}, this "
                f"one reads {SCHEMA}): upgrade panda_agent; the file was left untouched."
            )

    def _version(self) -> int:
        with self._database.reading() as db:
            return int(db.execute("PRAGMA user_version").fetchone()[0])

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        self._database.close()

    def begin(self, case_id: str, request: str, *, repair: bool = False) -> Kept | None:
        """What is kept of a call, else note that it is about to be sent.

        Args:
            case_id: Who asks.
            request: As `request_of` writes it.
            repair: It asks for a reply in the right shape.

        Raises:
            StoreError: The ledger can't be read or written.
        """
        key, purpose = key_of(request), json.loads(request)["purpose"]
        with self._database.writing() as db:
            row = db.execute("SELECT state, reply, body, failure FROM calls WHERE key = ?", (key,)).fetchone()
            kept = None if row is None else _kept(*row)
            if kept is not None:
                db.execute(_USE, (case_id, key, 0, 1, 0, repair))
                return kept
            db.execute(_SENT, (key, purpose, request, _now()))
            db.execute(_USE, (case_id, key, 1, 0, row is not None and row[0] == "sent", repair))
        return None

    def keep_reply(self, key: str, reply: Reply, *, money: float, seconds: float) -> Kept:
        """Commit a reply, unless another process was quicker.

        Returns:
            What is kept: the first that came, which may be another process's.
        """
        told = json.dumps(reply.model_dump(exclude={"body"}))  # not strict JSON: a probability of 0 is -Infinity
        kept = self._keep(
            key,
            "state = 'answered', reply = ?, body = ?, model = ?, tokens_in = ?, tokens_out = ?, money = ?, seconds = ?",
            (told, reply.body, reply.model, reply.tokens_in, reply.tokens_out, money, seconds),
        )
        assert kept is not None, "it was answered just now"
        return kept

    def keep_failure(self, key: str, error: BackendError, *, seconds: float) -> Kept | None:
        """Commit a failure.

        Returns:
            What is kept of the call now; None where the failure may pass, so that the call can be sent again.
        """
        kind = next((name for name, kind in LASTING.items() if isinstance(error, kind)), None)
        if kind is None:
            return self._keep(key, "state = 'unanswered', seconds = ?", (seconds,))
        told = {"type": kind, "message": error.message, "hint": error.hint, "limit": error.limit}
        failure = to_json(told, "A failure")
        return self._keep(key, "state = 'failed', failure = ?, body = ?, seconds = ?", (failure, error.body, seconds))

    def _keep(self, key: str, changes: str, values: tuple[Any, ...]) -> Kept | None:
        with self._database.writing() as db:
            db.execute(
                f"UPDATE calls SET {changes} WHERE key = ? AND state NOT IN ('answered', 'failed')", (*values, key)
            )
            row = db.execute("SELECT state, reply, body, failure FROM calls WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise StoreError("A call was removed from the ledger while it was under way.", hint="Resume the case.")
        return _kept(*row)

    def uses(self, case_id: str, key: str) -> bool:
        """Whether a case has asked this before, in this run or an earlier one."""
        with self._database.reading() as db:
            row = db.execute("SELECT 1 FROM uses WHERE case_id = ? AND key = ?", (case_id, key)).fetchone()
        return row is not None

    def spent(self, case_id: str) -> Spent:
        """What a case used. Replies that another case paid for count as if this one had."""
        with self._database.reading() as db:
            cursor = db.execute(_SPENT, (case_id,))
            return Spent(**_named(cursor, cursor.fetchone()))

    def calls(self, case_id: str | None = None) -> list[Call]:
        """The calls of a case, or all, oldest first."""
        chosen = "" if case_id is None else " WHERE key IN (SELECT key FROM uses WHERE case_id = :case_id)"
        with self._database.reading() as db:
            cursor = db.execute(f"{_CALL}{chosen} ORDER BY rowid", {"case_id": case_id})
            return [_call(cursor, row) for row in cursor.fetchall()]

    def find(self, start: str) -> Call:
        """The call whose key starts so.

        Raises:
            UserError: There is none, or more than one.
        """
        if not re.fullmatch(r"[0-9a-f]{1,64}", start):
            raise UserError(f"{start!r} is no key of a call.", hint="`panda ledger` shows them.")
        with self._database.reading() as db:
            cursor = db.execute(f"{_CALL} WHERE key >= ? AND key < ? ORDER BY key LIMIT 2", (start, start + "g"))
            found = [_call(cursor, row) for row in cursor.fetchall()]
        if not found:
            raise UserError(f"There is no call {start!r} in the ledger.", hint="`panda ledger` shows them.")
        if len(found) > 1:
            raise UserError(f"More than one call starts with {start!r}.", hint="Give more of the key.")
        return found[0]

    def forget(self, case_id: str) -> None:
        """Drop what a case used, and with it the calls that no other case uses."""
        with self._database.writing() as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("DELETE FROM uses WHERE case_id = ?", (case_id,))
            db.execute("DELETE FROM calls WHERE key NOT IN (SELECT key FROM uses)")
        with self._database.reading() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # the log holds the dropped rows as well


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} can't be made: {error.strerror}.", hint="Check PANDA_HOME and who may write there."
        ) from error


def _kept(state: State, reply: str | None, body: str, failure: str | None) -> Kept | None:
    what = "A call of the ledger"
    if state == "answered" and reply is not None:
        try:
            return Reply.model_validate({**from_json(reply, what), "body": body})
        except (ValidationError, TypeError) as error:
            raise StoreError(f"{what} can't be read: it was changed or damaged.", hint=f"Move {FILE} away.") from error
    return _error(from_json(failure, what), body) if state == "failed" and failure is not None else None


def _error(told: dict[str, Any], body: str) -> BackendError:
    """The failure as it was: its type, its words and what came with it."""
    kind = LASTING.get(told["type"], BackendError)
    return kind(told["message"], hint=told["hint"]).with_(body=body, limit=told["limit"])


def _call(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Call:
    told = _named(cursor, row)
    parsed = {name: from_json(told[name] or "null", "A call of the ledger") for name in ("request", "failure", "cases")}
    return Call(**told | parsed | {"cases": sorted(parsed["cases"])})


def _named(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(_names(cursor), row, strict=True))


def _names(cursor: sqlite3.Cursor) -> Iterator[str]:
    return (column[0] for column in cursor.description)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
