"""Take over what a case has seen, and as much of what it thought as is wanted, into a new case."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from panda_agent.database import Database, to_json
from panda_agent.memory import evidence_table
from panda_agent.memory.lock import FILE as LOCK
from panda_agent.memory.record import FILE

NOTE = "forked"
"""Note of a forked case: the case it comes from, and from which step it goes on."""
OWN = (FILE, LOCK, "graph.db", "report")
"""What of a case folder belongs to that case alone."""


@dataclass(frozen=True)
class Part:
    """What is taken over beside all passes and their evidence."""

    rows: Collection[str]
    """Ids of further evidence."""
    clips: int
    """Judgements of the clips before this one."""
    notes: Callable[[str], bool]
    """By key."""
    steps: Callable[[str], bool]
    """Steps of the log."""


def take_over(source: Database, target: Database, part: Part, origin: Mapping[str, JsonValue]) -> None:
    """Copy rows from one case database into another, in one transaction.

    Args:
        source: Read only.
        target: A case that was just opened.
        part: What to take.
        origin: What the new case says of where it comes from.
    """
    rows = set(part.rows)
    with source.reading() as old, target.writing() as new:
        for values in old.execute(f"SELECT {evidence_table.COLUMNS} FROM evidence ORDER BY seq"):
            if values[evidence_table.PASS] is not None or values[0] in rows:
                marks = ", ".join("?" * len(values))
                new.execute(f"INSERT INTO evidence ({evidence_table.COLUMNS}) VALUES ({marks})", values)
        new.executemany("INSERT INTO passes VALUES (?, ?)", old.execute("SELECT name, facts FROM passes"))
        judged = old.execute("SELECT clip, round, body FROM judgements WHERE clip < ?", (part.clips,))
        new.executemany("INSERT INTO judgements VALUES (?, ?, ?)", judged)
        notes = [row for row in old.execute("SELECT key, value FROM notes") if part.notes(row[0])]
        notes.append((NOTE, to_json(dict(origin), "Where a case comes from")))
        new.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", notes)
        steps = [row for row in old.execute("SELECT step, body FROM log ORDER BY seq") if part.steps(row[0])]
        new.executemany("INSERT OR IGNORE INTO log (step, body) VALUES (?, ?)", steps)


def take_files(source: Path, target: Path) -> None:
    """Link, or else copy, the pictures that evidence shows, and kept frames, into another case folder."""
    for place in sorted(source.rglob("*")):
        part = place.relative_to(source)
        if place.is_file() and not part.parts[0].startswith(OWN):
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(place, target / part)
            except OSError:  # another disk, or one without links
                shutil.copyfile(place, target / part)
