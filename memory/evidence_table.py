"""The table of evidence: how a row is filed, found and read back."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Sequence
from functools import lru_cache
from sqlite3 import Connection, Cursor
from typing import Any

from panda_agent.errors import StoreError
from panda_agent.memory.record import decode, encode
from panda_agent.types import Evidence, TimeSpan

TABLE = (
    # AUTOINCREMENT: a seq is never used twice, so that the last one tells whether rows were added (see `generation`).
    """CREATE TABLE evidence (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, revision INTEGER NOT NULL,
       kind TEXT NOT NULL, tool TEXT NOT NULL, start REAL NOT NULL, stop REAL NOT NULL, pass TEXT, body TEXT NOT NULL,
       UNIQUE (id, revision))""",
    "CREATE INDEX evidence_order ON evidence (start, stop, kind, id, revision)",
    "CREATE INDEX evidence_pass ON evidence (pass)",
)
LONG = 20_000
"""Characters of a stored row from which on it is worth keeping once it was read."""
COLUMNS = "id, revision, kind, tool, start, stop, pass, body"
PASS = 6
"""Place of the pass among them."""
_TRACK = (
    "(json_extract(body, '$.data.track') = ? OR EXISTS "
    "(SELECT 1 FROM json_each(body, '$.data.tracks') AS one WHERE one.value = ?))"
)
_KNOWN = "json_extract(body, '$.known_at')"
_REVISED = re.compile(r"(.+)\.([1-9]\d{0,8})")

Filter = tuple[str, tuple[Any, ...]]
"""An SQL test and its values."""


def to_body(row: Evidence) -> str:
    """The stored text of a row, without its revision: equal observations have equal text."""
    return encode(row.model_copy(update={"revision": 0}), f"Evidence {row.id!r} ({row.kind})")


def revision_of(db: Connection, row: Evidence, body: str) -> tuple[int, bool]:
    """The revision under which a row is, or would be, filed; and whether it is there already."""
    known = db.execute("SELECT revision, body FROM evidence WHERE id = ? ORDER BY revision", (row.id,)).fetchall()
    for revision, content in known:
        if content == body:
            return int(revision), True
    return (int(known[-1][0]) + 1 if known else 0), False


def file_row(db: Connection, row: Evidence, body: str, pass_name: str | None) -> int:
    """Insert a row unless its content is there already; returns its revision."""
    revision, there = revision_of(db, row, body)
    if not there:
        db.execute(
            "INSERT INTO evidence (id, revision, kind, tool, start, stop, pass, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.id, revision, row.kind, row.tool, row.span.start, row.span.end, pass_name, body),
        )
    return revision


def drop_pass(db: Connection, name: str) -> None:
    """Delete the rows of a pass; that uses up a seq, as a new row does."""
    if db.execute("DELETE FROM evidence WHERE pass = ?", (name,)).rowcount:
        db.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'evidence'")


def generation(db: Connection) -> int:
    """A number that grows with every change of the table."""
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'evidence'").fetchone()
    return int(found[0]) if found else 0


def filters(
    kind: str | None,
    kinds: Collection[str] | None,
    span: TimeSpan | None,
    track: int | None,
    tool: str | None,
    known_by: float | None,
    during: TimeSpan | None,
) -> list[Filter]:
    """The tests that `CaseStore.evidence` was asked for."""
    tests: list[Filter] = []
    if kind is not None:
        tests.append(("kind = ?", (kind,)))
    if kinds is not None:
        tests.append((f"kind IN ({', '.join('?' * len(kinds))})", tuple(kinds)))
    if span is not None:
        tests.append(("start <= ? AND stop >= ?", (span.end, span.start)))
    if track is not None:
        tests.append((_TRACK, (track, track)))
    if tool is not None:
        tests.append(("(tool = ? OR instr(tool, ? || '@') = 1)", (tool, tool)))
    if known_by is not None:
        tests.append((f"coalesce({_KNOWN} <= ?, 1)", (known_by,)))
    if during is not None:
        tests.append((f"((start <= ? AND stop >= ?) OR {_KNOWN} > ?)", (during.end, during.start, during.start)))
    return tests


def select(db: Connection, tests: list[Filter]) -> list[Evidence]:
    """The rows that pass all tests, in the order (start, end, kind, id, revision)."""
    return [_read(*row) for row in _ordered(db, "id, revision, body", tests)]


def seqs(db: Connection, tests: list[Filter]) -> array[int]:
    """The numbers of the rows that pass all tests, in the same order."""
    return array("q", (seq for (seq,) in _ordered(db, "seq", tests)))


def numbered(db: Connection, numbers: Sequence[int]) -> list[Evidence]:
    """The rows of these numbers, in the order of the numbers."""
    marks = ", ".join("?" * len(numbers))
    rows = db.execute(f"SELECT seq, id, revision, body FROM evidence WHERE seq IN ({marks})", tuple(numbers))
    found = {seq: _read(*row) for seq, *row in rows}
    return [found[number] for number in numbers]


def _ordered(db: Connection, columns: str, tests: list[Filter]) -> Cursor:
    where = " AND ".join(test for test, _ in tests) or "1"
    return db.execute(
        f"SELECT {columns} FROM evidence WHERE {where} ORDER BY start, stop, kind, id, revision",
        [value for _, values in tests for value in values],
    )


def cited(db: Connection, cite: str) -> Evidence | None:
    """The row that is cited as `id` or `id.revision`. Cites come from models too: any text is a fair question."""
    if not cite.isprintable():
        return None
    revised = _REVISED.fullmatch(cite)
    for name, revision in [(cite, 0)] + ([(revised[1], int(revised[2]))] if revised else []):
        found = select(db, [("id = ? AND revision = ?", (name, revision))])
        if found:
            return found[0]
    return None


def _read(name: str, revision: int, body: str) -> Evidence:
    row = _read_long(name, body) if len(body) >= LONG else decode(Evidence, body, f"Evidence {name!r}")
    if row.id != name:
        raise StoreError(f"Evidence {name!r} can't be read: its row holds another one, {row.id!r}.")
    return row.model_copy(update={"revision": revision}) if revision else row


@lru_cache(maxsize=16)
def _read_long(name: str, body: str) -> Evidence:
    """A row with a course over the whole video: it touches every clip, and is read for each of them."""
    return decode(Evidence, body, f"Evidence {name!r}")
