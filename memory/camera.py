"""What is known of one camera across its cases: what a person marked as normal, rules that proved right, verdicts."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from panda_agent.database import Database
from panda_agent.errors import SchemaTooNew, StoreError, UserError
from panda_agent.memory.camera_marks import Mark, MarkedRow, mark_id, plain
from panda_agent.memory.camera_rows import CameraSnapshot, KeptRule, PastCase
from panda_agent.memory.record import decode, encode
from panda_agent.types import Model, Rule, TimeSpan, Verdict

FOLDER, FILE, SCHEMA = "cameras", "memory.db", 1
MOST_WEIGHT = 2.5
"""Log-odds of a kept rule at most: beside a prior of 0.05 (-2.9) such a rule alone never reaches the line at 0.5."""
TABLES = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    *(f"CREATE TABLE {name} (id TEXT PRIMARY KEY, body TEXT NOT NULL)" for name in ("cases", "marks", "rules")),
)
M = TypeVar("M", bound=Model)


def slug_of(name: str) -> str:
    """The folder name of a camera: its name where that is safe, else made safe with six hex digits of its hash."""
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    return safe if safe == name else f"{safe or 'camera'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


class CameraMemory:
    """The memory of one camera. Made by `of`; holds nothing open, so any thread and process may use its own.

    `mark_normal` and `unmark` are for a person's word only: no tool, model or verdict reaches them.
    """

    def __init__(self, file: Path, name: str) -> None:
        self.file = file
        self.name = name

    @classmethod
    def of(cls, home: Path, name: str) -> CameraMemory:
        """The memory of a camera, whether or not anything is known of it yet; writes nothing.

        Raises:
            UserError: The name is none.
        """
        if not name.strip() or len(name) > 100 or not name.isprintable():
            raise UserError(f"{name!r} is no name for a camera.", hint="Use up to 100 letters, digits and spaces.")
        return cls(home / FOLDER / slug_of(name) / FILE, name)

    def exists(self) -> bool:
        """Whether anything was ever kept."""
        return self.file.is_file()

    def remember(self, case_id: str, verdict: Verdict, video: str | None = None) -> None:
        """Keep one line about a finished case; the same case again takes its place. Changes no later verdict."""
        line = PastCase(
            case_id=case_id,
            label=verdict.label,
            headline=verdict.headline,
            event_types=tuple(dict.fromkeys(span.event_type for span in verdict.spans)),
            spans=verdict.spans,
            tags=verdict.scene.tags,
            lighting=verdict.scene.lighting,
            normal=verdict.scene.normal,
            video=video,
            at=_now(),
        )
        self._put("cases", case_id, line)

    def cases(self) -> list[PastCase]:
        """The finished cases, oldest first."""
        return sorted(self._all("cases", PastCase), key=lambda one: (one.at, one.case_id))

    def mark_normal(self, case_id: str, span: TimeSpan, event: str, rows: Sequence[MarkedRow], note: str = "") -> Mark:
        """Keep that what a case found was a false alarm: a person says so.

        Args:
            case_id: The case it was found in.
            span: When, seconds of its video.
            event: What it was taken for.
            rows: What it looked like; see `rows_behind`.
            note: The person's words, kept as one line.
        """
        name = mark_id(event, case_id, span, rows)
        kept = Mark(id=name, event=event, case_id=case_id, span=span, rows=tuple(rows), note=plain(note), at=_now())
        self._put("marks", name, kept)
        return kept

    def unmark(self, mark: str) -> None:
        """Take a mark back, for later cases.

        Raises:
            UserError: There is none of that id.
        """
        self._drop("marks", mark, "mark")

    def marks(self) -> list[Mark]:
        """What is marked as normal, oldest first."""
        return sorted(self._all("marks", Mark), key=lambda one: (one.at, one.id))

    def keep_rule(self, rule: Rule, why: str = "", case_id: str = "") -> KeptRule:
        """Keep a rule that proved right, for later cases of this camera; its weight is cut to `MOST_WEIGHT`.

        Args:
            rule: With its two examples, as in a pack; a kept rule of the same id is replaced.
            why: What showed that it is right.
            case_id: The case that it comes from.
        """
        name = re.sub(r"[^a-z0-9_.]+", "_", rule.id.lower())[:80].strip("._") or "rule"
        mild = rule.model_copy(update={"id": name, "weight": min(rule.weight, MOST_WEIGHT)})
        kept = KeptRule(id=name, rule=mild, why=plain(why), case_id=case_id, at=_now())
        self._put("rules", name, kept)
        return kept

    def drop_rule(self, rule: str) -> None:
        """Forget a kept rule, for later cases.

        Raises:
            UserError: There is none of that id.
        """
        self._drop("rules", rule, "kept rule")

    def rules(self) -> list[KeptRule]:
        """The kept rules, oldest first."""
        return sorted(self._all("rules", KeptRule), key=lambda one: (one.at, one.id))

    def snapshot(self) -> CameraSnapshot:
        """All that can move a verdict, as it is now, in the order of ids."""
        return CameraSnapshot(
            name=self.name,
            marks=tuple(sorted(self.marks(), key=lambda one: one.id)),
            rules=tuple(sorted(self.rules(), key=lambda one: one.id)),
        )

    def sha256(self) -> str:
        """Hash of all that can move a verdict."""
        return self.snapshot().sha256

    def forget(self) -> None:
        """Delete all that is known of the camera; cases keep what they were opened with.

        Raises:
            StoreError: The folder can't be deleted.
        """
        try:
            shutil.rmtree(self.file.parent)
        except OSError as error:
            hint = f"Delete the folder {self.file.parent} by hand."
            raise StoreError(f"The memory of camera {self.name!r} can't be deleted: {error}.", hint=hint) from error

    def _all(self, table: str, kind: type[M]) -> list[M]:
        if not self.exists():
            return []
        with self._opened() as database, database.reading() as db:
            rows = db.execute(f"SELECT id, body FROM {table}").fetchall()
        return [decode(kind, body, f"Row {name!r} of the memory of camera {self.name!r}") for name, body in rows]

    def _put(self, table: str, name: str, row: Model) -> None:
        body = encode(row, f"What is known of camera {self.name!r}")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self._opened() as database, database.writing() as db:
            db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (name, body))

    def _drop(self, table: str, name: str, what: str) -> None:
        gone = 0
        if self.exists():
            with self._opened() as database, database.writing() as db:
                gone = db.execute(f"DELETE FROM {table} WHERE id = ?", (name,)).rowcount
        if not gone:
            hint = f"See `panda camera show {self.name!r}`."
            raise UserError(f"Camera {self.name!r} has no {what} {name!r}.", hint=hint)

    @contextmanager
    def _opened(self) -> Iterator[Database]:
        with Database(self.file) as database:
            _prepare(database, self.name)
            yield database


def list_cameras(home: Path) -> list[CameraMemory]:
    """Every camera of which something is known, by name; one whose memory can't be read, by that of its folder."""
    files = sorted((home / FOLDER).glob(f"*/{FILE}"))
    return sorted((CameraMemory(file, _name_in(file)) for file in files), key=lambda one: one.name)


def _name_in(file: Path) -> str:
    try:
        with Database(file, "ro") as database, database.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'name'").fetchone()
    except StoreError:
        row = None
    return str(row[0]) if row else file.parent.name


def _prepare(database: Database, name: str) -> None:
    with database.writing() as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            for table in TABLES:
                db.execute(table)
            db.executemany("INSERT INTO meta VALUES (?, ?)", [("schema_version", str(SCHEMA)), ("name", name)])
        meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
    if not str(meta.get("schema_version")).isdecimal() or int(meta["schema_version"]) > SCHEMA:
        raise SchemaTooNew(
            f"The memory of camera {name!r} was written by a newer panda_agent.", hint="Upgrade; it was left untouched."
        )
    if meta.get("name") != name:
        raise UserError(
            f"The folder of camera {name!r} holds the memory of camera {meta.get('name')!r}.",
            hint="Rename one of them.",
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
