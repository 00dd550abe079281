"""What a row is worked on: captions of others, videos, or recordings; one task a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from panda_agent.errors import UserError
from panda_agent.evaluation.strategies import Strategy
from panda_agent.importers import Captioned, read_captions
from panda_agent.memory.recording import Recording, read_recording
from panda_agent.video import list_videos


@dataclass(frozen=True)
class Task:
    """One video to be worked: by its captions, by its file, or by a recording."""

    name: str
    captioned: Captioned | None = None
    fps: float | None = None
    """Captions a second, where they number frames."""
    origin: str = ""
    """Whose captions they are."""
    video: Path | None = None
    normal: tuple[Path, ...] = ()
    recording: Path | None = None
    without: tuple[str, ...] = ()
    """Tools that are taken out of what is replayed."""
    strategy: Strategy = "panda"
    looks: float = 1.0
    """Share of the captions that may be used: see `gating`."""

    @property
    def size(self) -> int:
        """How much work it is, against others of its row: captions, else bytes."""
        if self.captioned is not None:
            return len(self.captioned.rows)
        path = self.video or self.recording
        return 0 if path is None else path.stat().st_size


class Source(Protocol):
    """Where a row's observations lie."""

    def tasks(self, data: Path) -> list[Task]:
        """One task a video, in any order.

        Raises:
            UserError: They are not there.
        """
        ...


@dataclass(frozen=True)
class Captions:
    """A file of captions under PANDA_DATA."""

    file: str
    fps: float | None = None
    """Captions a second, where they number frames."""

    def tasks(self, data: Path) -> list[Task]:
        """One for each video that the file tells of."""
        path = data / self.file
        if not path.is_file():
            raise UserError(
                f"{path} is not there.", hint="Put the captions there, or set PANDA_DATA to another folder."
            )
        told = read_captions(path, self.fps)
        return [Task(one.video, one, self.fps, path.name) for one in told]


@dataclass(frozen=True)
class Videos:
    """A folder of videos under PANDA_DATA, and one of normal life before the same camera."""

    folder: str
    normal: str | None = None

    def tasks(self, data: Path) -> list[Task]:
        """One for each video of the folder."""
        for folder in filter(None, (self.folder, self.normal)):
            if not (data / folder).is_dir():
                raise UserError(f"{data / folder} is not there.", hint="Put the videos there, or set PANDA_DATA.")
        normal = tuple(list_videos(data / self.normal)) if self.normal else ()
        return [Task(video.stem, video=video, normal=normal) for video in list_videos(data / self.folder)]


@dataclass(frozen=True)
class Recordings:
    """A folder of recordings of one's own."""

    folder: Path

    def tasks(self, data: Path) -> list[Task]:
        """One for each recording; `data` does not matter."""
        return [Task(path.stem, recording=path) for path in self._files()]

    def read(self) -> dict[str, Recording]:
        """Each recording, by its name."""
        return {path.stem: read_recording(path) for path in self._files()}

    def _files(self) -> Sequence[Path]:
        found = sorted(self.folder.glob("*.rec")) if self.folder.is_dir() else []
        if not found:
            raise UserError(
                f"{self.folder} holds no recordings.", hint="Make them with `panda record VIDEO --out X.rec`."
            )
        return found
