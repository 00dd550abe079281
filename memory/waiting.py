"""Lines that wait on disk until they are all there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from panda_agent.errors import StoreError


class WaitingLines:
    """A file without a name in `folder`: it goes when it is closed, or with the process.

    Args:
        folder: Where the space is taken from.
    """

    def __init__(self, folder: Path) -> None:
        with _in_plain_words(folder):
            self._file = tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8", newline="\n")  # noqa: SIM115 - closed on leaving
        self._folder = folder

    def add(self, line: str) -> None:
        """Append a line, which holds no line feed (JSON text never does)."""
        with _in_plain_words(self._folder):
            self._file.write(line + "\n")

    def __iter__(self) -> Iterator[str]:
        """The lines, from the first."""
        with _in_plain_words(self._folder):
            self._file.seek(0)
            for line in self._file:
                yield line.removesuffix("\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _in_plain_words(self._folder):
            self._file.close()


@contextmanager
def _in_plain_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "Check that the disk has space and the folder can be written."
        raise StoreError(f"Nothing can be kept in {folder}: {error}.", hint=hint) from error
