"""Where bytes come from: files by path, file objects, folders; and their fingerprint."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeGuard

from panda_agent.errors import EmptyVideo, UserError

SUFFIXES = frozenset(
    f".{ending}"
    for ending in (
        *("3gp", "asf", "avi", "dav", "flv", "h264", "h265", "hevc", "ivf", "m2ts", "m4v", "mjpeg", "mjpg", "mkv"),
        *("mov", "mp4", "mpeg", "mpg", "mts", "mxf", "nut", "ogv", "ts", "vob", "webm", "wmv", "y4m"),
    )
)
"""File name endings by which a folder's videos are found."""
_WANTED = "Give a path, a file object opened in binary mode, or an iterator of (seconds, RGB array) pairs."
_BLOCK = 65536
_BLOCKS = 64


class Bytes:
    """A reader of its own over a file that others read too: it keeps its own position and, on purpose, has no name.

    Without a name FFmpeg judges by content alone (a `notes.txt` would else be played as a text-art animation), and
    names with `%d`, a colon or a leading dash mean nothing special.
    """

    def __init__(self, file: BinaryIO, lock: threading.Lock) -> None:
        self._file = file
        self._lock = lock
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes from the own position."""
        with self._lock:
            self._file.seek(self._at)
            data = self._file.read(size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the own position, as `io.IOBase.seek`."""
        if whence == os.SEEK_END:
            with self._lock:
                self._at = self._file.seek(offset, whence)
        else:
            self._at = offset + (self._at if whence == os.SEEK_CUR else 0)
        return self._at

    def tell(self) -> int:
        """Return the own position."""
        return self._at


class Source:
    """A video's bytes, which can be opened any number of times, also at once.

    Args:
        origin: A path, or a seekable binary file object. The object stays the caller's: it is never closed here, and
            its position is anywhere after a read.
    """

    def __init__(self, origin: Path | BinaryIO) -> None:
        self.name = shown(origin if isinstance(origin, Path) else getattr(origin, "name", "the file object"))
        """What to call it in a message."""
        self._origin = origin
        self._lock = threading.Lock()

    @classmethod
    def of(cls, source: object) -> Source:
        """Take a path or a seekable binary file object.

        Raises:
            UserError: It is neither.
        """
        if isinstance(source, str | os.PathLike):
            return cls(Path(source))
        if is_binary(source) and source.seekable():
            return cls(source)
        raise UserError(f"A {type(source).__name__} is no video.", hint=_WANTED)

    @contextmanager
    def open(self) -> Iterator[Bytes]:
        """Open the bytes for one reader.

        Raises:
            UserError: The path names no readable file.
        """
        if not isinstance(self._origin, Path):
            yield Bytes(self._origin, self._lock)
            return
        with _open_file(self._origin) as file:
            yield Bytes(file, threading.Lock())

    def fingerprint(self) -> str:
        """Hash the content: see `fingerprint`."""
        with self.open() as data:
            return fingerprint(data, self.name)


def is_binary(source: object) -> TypeGuard[BinaryIO]:
    """Whether it is a file object that gives bytes."""
    return hasattr(source, "read") and hasattr(source, "seekable") and not isinstance(source, io.TextIOBase)


def shown(name: object) -> str:
    """A file name as a message shows it: quoted if it holds line breaks or other control characters."""
    text = str(name)
    return text if text.isprintable() else repr(text)


def fingerprint(data: Bytes, name: str = "the file") -> str:
    """Hash a file's size and up to 64 evenly spaced blocks of 64 KiB; all of it if it is small.

    Args:
        data: The bytes.
        name: What to call the file in an error.

    Returns:
        sha256 as hex digits. Takes well under a second for any size.

    Raises:
        EmptyVideo: There are no bytes.
    """
    size = data.seek(0, os.SEEK_END)
    if size == 0:
        raise EmptyVideo(f"{name} is empty (0 bytes).", hint="Copy it again; nothing was recorded or transferred.")
    digest = hashlib.sha256(f"{size}\n".encode())
    last = max(0, size - _BLOCK)
    starts = range(0, size, _BLOCK) if size <= _BLOCK * _BLOCKS else (last * i // (_BLOCKS - 1) for i in range(_BLOCKS))
    for start in starts:
        data.seek(start)
        digest.update(data.read(_BLOCK))
    return digest.hexdigest()


def list_videos(folder: str | Path) -> list[Path]:
    """List the videos of a folder, sorted by name.

    Only the folder's own files count, by their suffix and not hidden: results that are written into a subfolder
    are never taken for input.

    Raises:
        UserError: It is no folder, or holds no video.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{shown(folder)} is not a folder.", hint="Check the path.")
    files = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    videos = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not videos:
        raise UserError(f"{shown(folder)} holds no video.", hint="Videos are found by suffix, and not in subfolders.")
    return sorted(videos, key=lambda p: os.fsencode(p.name))


def _open_file(path: Path) -> BinaryIO:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A named pipe would block for ever, a folder has no bytes.
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise UserError(f"{shown(path)} is {kind}, not a video file.", hint="Give the path of one video file.")
        return path.open("rb")
    except FileNotFoundError as error:
        raise UserError(f"There is no file {shown(path)}.", hint="Check the path.") from error
    except (OSError, ValueError) as error:  # no permission, name too long, loop of links, NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{shown(path)} can't be opened: {why}.", hint="Check the path and its permissions.") from error
