"""The evidence of a long case as a sequence that is not in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from panda_agent.database import Database
from panda_agent.memory import evidence_table
from panda_agent.types import Evidence

SLICE = 256
"""Rows read at a time."""


class StoredRows(Sequence[Evidence]):
    """Rows of evidence, read from the database when they are asked for, and not kept.

    Args:
        database: The case's.
        numbers: Which rows, in the order of evidence.
    """

    def __init__(self, database: Database, numbers: Sequence[int]) -> None:
        self._database = database
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Evidence]:
        for at in range(0, len(self), SLICE):
            yield from self._read(self._numbers[at : at + SLICE])

    @overload
    def __getitem__(self, at: int) -> Evidence: ...
    @overload
    def __getitem__(self, at: slice) -> list[Evidence]: ...
    def __getitem__(self, at: int | slice) -> Evidence | list[Evidence]:
        if isinstance(at, slice):
            return list(StoredRows(self._database, self._numbers[at]))
        return self._read([self._numbers[at]])[0]

    def _read(self, numbers: Sequence[int]) -> list[Evidence]:
        with self._database.reading() as db:
            return evidence_table.numbered(db, numbers)
