"""What tools and nodes need of a video: a reader over a file, or what a recording knows of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from panda_agent.errors import ToolError
from panda_agent.types import TimeSpan
from panda_agent.video.frame import Frame, ReadReport, VideoInfo


class Footage(Protocol):
    """A video as `VideoReader` gives it."""

    @property
    def info(self) -> VideoInfo:
        """What is known of it before it is read."""
        ...

    @property
    def read_to_end(self) -> bool:
        """Whether there is a `report`."""
        ...

    @property
    def report(self) -> ReadReport:
        """How well it could be read."""
        ...

    def frames(
        self, *, span: TimeSpan | None = None, max_fps: float | None = None, max_side: int | None = None
    ) -> Iterator[Frame]:
        """Frames in order of time."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class RecordedVideo:
    """A video that is not here: what a recording says of it.

    Args:
        info: Its header's word.
        report: How well it was read when it was recorded.
    """

    read_to_end = True

    def __init__(self, info: VideoInfo, report: ReadReport) -> None:
        self.info, self.report = info, report

    def frames(
        self, *, span: TimeSpan | None = None, max_fps: float | None = None, max_side: int | None = None
    ) -> Iterator[Frame]:
        """There are none.

        Raises:
            ToolError: Always: whatever was not recorded can't be looked at.
        """
        raise ToolError("A recording holds no pictures.", hint="Give the video too.")

    def close(self) -> None:
        """Nothing is open."""
