"""The memory of one case: a SQLite file whose rows are the truth; everything else is made from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, cast

from pydantic import JsonValue

from panda_agent.database import Database, from_json, to_json
from panda_agent.errors import StoreError, UserError
from panda_agent.memory import evidence_table
from panda_agent.memory.cases import case_folder, list_cases, nearest_ids, not_found, purge, remove_case
from panda_agent.memory.forking import Part, take_over
from panda_agent.memory.record import FILE, SCHEMA, CaseRecord, M, Status, decode, encode, peek
from panda_agent.memory.stored_rows import StoredRows
from panda_agent.memory.versions import Version
from panda_agent.memory.waiting import WaitingLines
from panda_agent.types import Evidence, Judgement, Model, TimeSpan, Verdict

__all__ = ["CaseRecord", "CaseStore", "LogRow", "case_folder", "list_cases", "nearest_ids", "purge", "remove_case"]

TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    *evidence_table.TABLE,
    "CREATE TABLE passes (name TEXT PRIMARY KEY, facts TEXT NOT NULL)",
    """CREATE TABLE judgements (clip INTEGER NOT NULL, round INTEGER NOT NULL, body TEXT NOT NULL,
       PRIMARY KEY (clip, round))""",
    "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE log (seq INTEGER PRIMARY KEY AUTOINCREMENT, step TEXT NOT NULL UNIQUE, body TEXT NOT NULL)",
)

_NOTE = "INSERT OR REPLACE INTO notes VALUES (?, ?)"
_LOG = "INSERT OR IGNORE INTO log (step, body) VALUES (?, ?)"
_AMEND = "UPDATE meta SET value = ? WHERE key = 'record'"


class LogRow(Model):
    """One line of the case log."""

    step: str
    """Key of the step, e.g. `examine:3:1`; logged once, however often a resume repeats the step."""
    at: str
    """Wall-clock time, ISO 8601."""
    data: dict[str, JsonValue]


class CaseStore:
    """Evidence, judgements, notes and log of one case. Safe to use from any thread; made by `create` or `open`."""

    def __init__(self, database: Database, record: CaseRecord) -> None:
        self.record = record
        self._database = database
        self._read: dict[str, tuple[str, Model]] = {}

    @classmethod
    def create(cls, folder: Path, record: CaseRecord) -> CaseStore:
        """Start a case in `folder`; it is committed when this returns.

        Raises:
            UserError: The folder holds a case already, or can't be made.
            StoreError: The database can't be written.
        """
        meta = [("schema_version", str(SCHEMA)), ("record", encode(record, "The case record"))]
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The case folder {folder} can't be made: {error}.") from error
        database = Database(folder / FILE)
        try:
            with database.writing() as db:
                if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                    raise UserError(
                        f"There is a case {folder.name!r} already.", hint=f"Try `panda resume {folder.name}`."
                    )
                for table in TABLES:
                    db.execute(table)
                db.executemany("INSERT INTO meta VALUES (?, ?)", meta)
        except BaseException:
            database.close()
            raise
        return cls(database, record)

    @classmethod
    def open(cls, folder: Path) -> CaseStore:
        """Open a case, also one that was killed, or copied from elsewhere.

        Raises:
            CaseNotFound: No case lies there; the hint names the nearest ids.
            StoreError: The database is damaged.
            SchemaTooNew: It was written by a newer version; it is left untouched.
        """
        if not (folder / FILE).is_file():
            raise not_found(folder)
        record = peek(folder)
        return cls(Database(folder / FILE, "rw"), record)

    @property
    def folder(self) -> Path:
        """The case folder."""
        return self._database.path.parent

    def set_status(self, status: Status) -> None:
        """Say how far the case is."""
        self.amend(status=status)

    def amend(self, **changes: Any) -> None:
        """Change fields of the record, e.g. `hashes` when changes were accepted on resuming."""
        record = self._changed(changes)
        self._write(_AMEND, encode(record, "The case record"))
        self.record = record

    def finish(self, verdict: dict[str, JsonValue]) -> None:
        """Keep the verdict, as the note `verdict`, and say that the case is finished: both or neither."""
        told, record = to_json(verdict, "The verdict"), self._changed({"status": "finished"})
        with self._database.writing() as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES ('verdict', ?)", (told,))
            db.execute(_AMEND, (encode(record, "The case record"),))
        self.record = record

    def versions(self) -> list[Version]:
        """The versions of the verdict, the first one first; none before there is a verdict."""
        if self.note("verdict") is None:
            return []
        rows = self._rows("SELECT key, value FROM notes WHERE key GLOB 'version [0-9]*'")
        later = sorted((decode(Version, told, f"The {key}") for key, told in rows), key=lambda one: one.number)
        ended = self._rows("SELECT body FROM log WHERE step = 'conclude'")
        return [Version(number=1, at=from_json(ended[0][0], "The log")["at"] if ended else ""), *later]

    def verdict(self, version: int | None = None) -> Verdict | None:
        """A version of the verdict, the newest by default; None where there is no such version."""
        told = None if version is None else self.note(f"verdict {version}")
        if told is None and version in (None, 1):
            told = self.note("verdict")  # it is copied when the second one comes
        return None if told is None else Verdict.model_validate(told)

    def as_filed(self, row: Evidence) -> Evidence:
        """A row as it would be cited, were it filed now."""
        body = evidence_table.to_body(row)
        with self._database.reading() as db:
            return row.model_copy(update={"revision": evidence_table.revision_of(db, row, body)[0]})

    def keep_turn(
        self,
        step: str,
        data: dict[str, JsonValue],
        *,
        rows: Iterable[Evidence] = (),
        notes: Mapping[str, JsonValue] | None = None,
        revised: tuple[Verdict, Version] | None = None,
    ) -> None:
        """Keep what a turn of a conversation brought: a step of the log, evidence, notes, a version of the verdict.

        All of it is kept, or nothing.

        Args:
            step: Key of the step in the log.
            data: What the log says of it.
            rows: Evidence.
            notes: By key.
            revised: The verdict after it, and what caused it.

        Raises:
            StoreError: It is not the version after the newest one.
        """
        kept = {key: to_json(value, f"The note {key!r}") for key, value in (notes or {}).items()}
        if revised is not None:
            kept |= self._version(*revised)
        bodies = [(row, evidence_table.to_body(row)) for row in rows]
        logged = _log_row(step, data)
        with self._database.writing() as db:
            if revised is not None:
                db.execute("INSERT OR IGNORE INTO notes SELECT 'verdict 1', value FROM notes WHERE key = 'verdict'")
            for row, body in bodies:
                evidence_table.file_row(db, row, body, None)
            db.executemany(_NOTE, kept.items())
            db.execute(_LOG, logged)

    def _version(self, verdict: Verdict, version: Version) -> dict[str, str]:
        """The notes of a further version."""
        if version.number != len(self.versions()) + 1:
            raise StoreError(f"Version {version.number} does not follow the newest one.", hint="Ask once more.")
        told = to_json(verdict.model_dump(mode="json"), "The verdict")
        number = version.number
        return {f"version {number}": encode(version, "A version"), f"verdict {number}": told, "verdict": told}

    def take_over(self, other: CaseStore, part: Part, origin: dict[str, JsonValue]) -> None:
        """Take over what another case saw, and what it thought up to a step, in one transaction.

        Args:
            other: That case.
            part: What is taken.
            origin: What this case says of where it comes from.
        """
        take_over(other._database, self._database, part, origin)

    def commit_pass(self, name: str, rows: Iterable[Evidence], facts: dict[str, JsonValue]) -> None:
        """Keep all that a free deterministic pass saw, in one transaction; rows of an earlier pass of that name go.

        Args:
            name: The pass, e.g. `perceive`.
            rows: Its evidence; drawn to the end before the transaction starts, so that nobody waits for a tool. They
                wait in an unnamed file: of a long video there are too many for memory.
            facts: What else it learnt, read after the rows, which may fill it; `pass_facts` returns it, which marks the
                pass as done.
        """
        with WaitingLines(self.folder) as bodies:
            for row in rows:
                bodies.add(evidence_table.to_body(row))
            told = to_json(facts, f"The facts of pass {name!r}")  # after the rows: drawing them may still add facts
            self._replace_pass(name, bodies, told)

    def _replace_pass(self, name: str, bodies: Iterable[str], told: str) -> None:
        with self._database.writing() as db:
            evidence_table.drop_pass(db, name)
            for body in bodies:
                evidence_table.file_row(db, decode(Evidence, body, "Evidence"), body, name)
            db.execute("INSERT OR REPLACE INTO passes VALUES (?, ?)", (name, told))

    def pass_facts(self, name: str) -> dict[str, JsonValue] | None:
        """The facts of a committed pass; None when it was not committed yet."""
        facts: dict[str, JsonValue] | None = self._value("SELECT facts FROM passes WHERE name = ?", name)
        return facts

    def passes(self) -> dict[str, dict[str, JsonValue]]:
        """The facts of every committed pass, by name."""
        rows = self._rows("SELECT name, facts FROM passes ORDER BY name")
        return {name: from_json(facts, f"The facts of pass {name!r}") for name, facts in rows}

    def add(self, row: Evidence) -> Evidence:
        """File an observation; the store counts revisions, whatever `row.revision` says.

        Returns:
            The stored row. The same id with the same content is the row that was there (a duplicate probe); with other
            content it is a new revision beside the old one.
        """
        body = evidence_table.to_body(row)
        with self._database.writing() as db:
            return row.model_copy(update={"revision": evidence_table.file_row(db, row, body, None)})

    def evidence(
        self,
        *,
        kind: str | None = None,
        kinds: Collection[str] | None = None,
        span: TimeSpan | None = None,
        track: int | None = None,
        tool: str | None = None,
        known_by: float | None = None,
        during: TimeSpan | None = None,
    ) -> list[Evidence]:
        """All rows that pass every given filter, in the order (start, end, kind, id, revision).

        Args:
            kind: One kind.
            kinds: Any of these kinds.
            span: The row's span touches it.
            track: `data.track` is it, or `data.tracks` holds it.
            tool: `name@version`, or a name with any version.
            known_by: Online, what was known by this second.
            during: The row's span touches it, or, online, the row became known after its start.
        """
        with self._database.reading() as db:
            return evidence_table.select(db, evidence_table.filters(kind, kinds, span, track, tool, known_by, during))

    def evidence_slices(self, kinds: Collection[str] | None = None) -> Sequence[Evidence]:
        """All rows, or those of some kinds, in the order of `evidence`, but read anew in slices as they are asked for.

        Rows that are filed later are not among them.
        """
        with self._database.reading() as db:
            return StoredRows(
                self._database,
                evidence_table.seqs(db, evidence_table.filters(None, kinds, None, None, None, None, None)),
            )

    def get(self, cite: str) -> Evidence | None:
        """The row that a verdict cites as `id` or `id.revision`; None when there is none."""
        with self._database.reading() as db:
            return evidence_table.cited(db, cite)

    def generation(self) -> int:
        """A number that grows with every change of the evidence, cheap to ask for."""
        with self._database.reading() as db:
            return evidence_table.generation(db)

    def put_judgement(self, judgement: Judgement) -> None:
        """Keep what was thought of a clip in a round; the same clip and round again takes its place."""
        body = encode(judgement, f"The judgement of clip {judgement.clip}")
        self._write("INSERT OR REPLACE INTO judgements VALUES (?, ?, ?)", judgement.clip, judgement.round, body)

    def judgements(self, *, every_round: bool = False) -> list[Judgement]:
        """The last judgement of each clip in order of clips, or those of every round."""
        rows = self._rows("SELECT clip, round, body FROM judgements ORDER BY clip, round")
        found = [
            self._once(f"judgement {clip}.{n}", body, Judgement, f"The judgement of clip {clip}")
            for clip, n, body in rows
        ]
        return found if every_round else list({judgement.clip: judgement for judgement in found}.values())

    def put_note(self, key: str, value: JsonValue) -> None:
        """Keep a small fact (plan, scene, verdict) under a key, in the place of what was there."""
        self._write(_NOTE, key, to_json(value, f"The note {key!r}"))

    def note(self, key: str) -> Any:
        """The fact under a key; None when there is none."""
        return self._value("SELECT value FROM notes WHERE key = ?", key)

    def note_as(self, key: str, kind: type[M]) -> M:
        """The fact under a key as a model, e.g. the plan; as long as its text stays the same, it is read once.

        Raises:
            StoreError: There is none, or it is no such model.
        """
        rows = self._rows("SELECT value FROM notes WHERE key = ?", key)
        text = rows[0][0] if rows else ""
        return self._once(f"note {key}", text, kind, f"The note {key!r} of case {self.folder.name!r}")

    def _once(self, key: str, text: str, kind: type[M], what: str) -> M:
        """A text as a model, read once for as long as it stays the same: each clip asks for all of them again."""
        known = self._read.get(key)
        if known is None or known[0] != text:
            known = self._read[key] = text, decode(kind, text, what)
        return cast(M, known[1])

    def log(self, step: str, data: dict[str, JsonValue]) -> None:
        """Append to the case log; a step that is logged already (before a kill, say) stays as it was."""
        self._write(_LOG, *_log_row(step, data))

    def log_rows(self) -> list[LogRow]:
        """The case log, oldest first."""
        rows = self._rows("SELECT step, body FROM log ORDER BY seq")
        return [decode(LogRow, body, f"The log of step {step!r}") for step, body in rows]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, changes: dict[str, Any]) -> CaseRecord:
        return CaseRecord.model_validate({**self.record.model_dump(), **changes})

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._database.reading() as db:
            return db.execute(query, values).fetchall()

    def _value(self, query: str, key: str) -> Any:
        rows = self._rows(query, key)
        return from_json(rows[0][0], f"The row {key!r} of case {self.folder.name!r}") if rows else None

    def _write(self, query: str, *values: Any) -> None:
        with self._database.writing() as db:
            db.execute(query, values)


def _log_row(step: str, data: dict[str, JsonValue]) -> tuple[str, str]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return step, to_json({"step": step, "at": now, "data": data}, f"The log of step {step!r}")
