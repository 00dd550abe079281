"""A video as it comes in: nothing is known of it but what was handed out, and it tells how far that was."""

from __future__ import annotations

from collections.abc import Iterator

from panda_agent.errors import PandaError
from panda_agent.types import TimeSpan
from panda_agent.video.footage import Footage
from panda_agent.video.frame import Frame, ReadReport, VideoInfo


class CausalFootage:
    """Footage for one look of one tool: its length and its report are hidden until it was read to its end.

    Args:
        footage: The video.
        until: Seconds: later frames are not there yet, and what is seen is known from then on. None is a video that
            comes in while it is looked at: what is seen is known from the last frame that was handed out.
    """

    def __init__(self, footage: Footage, until: float | None = None) -> None:
        self.behind = footage
        """The video itself."""
        self.until = until
        self._handed = 0.0
        self._frames = 0
        self._over = False

    @property
    def info(self) -> VideoInfo:
        """What is known of it before it is read, without its length."""
        return self.behind.info.model_copy(update={"declared_duration": None})

    @property
    def known_at(self) -> float:
        """The second of the video at which its tool can say what it says now.

        Once the video is over that is its end, which lies behind its last frame: a tool that waited for the end has
        nothing to say while the video runs.
        """
        if self.until is not None:
            return self.until
        return self.behind.report.duration if self._over and self.behind.read_to_end else self._handed

    @property
    def read_to_end(self) -> bool:
        """Whether there is a `report`."""
        return self._over and (self.until is not None or self.behind.read_to_end)

    @property
    def report(self) -> ReadReport:
        """How well it could be read; of a part, only its length and what was handed out of it.

        Raises:
            PandaError: It was not read to its end by this tool.
        """
        if not self.read_to_end:
            raise PandaError("Online, how long the video is is known at its end.", hint="Read all of frames() first.")
        if self.until is None:
            return self.behind.report
        return ReadReport(
            frames=self._frames,
            damaged_packets=0,
            damaged_share=0.0,
            damaged=(),
            blind=(),
            duration=self.until,
            notes=(),
        )

    def frames(
        self, *, span: TimeSpan | None = None, max_fps: float | None = None, max_side: int | None = None
    ) -> Iterator[Frame]:
        """Frames in order of time, up to `until`."""
        count = 0
        for frame in self._there(span, max_fps, max_side):
            self._handed = max(self._handed, frame.time)
            count += 1
            yield frame
        if span is None:
            self._frames, self._over = count, True
        else:  # that a stretch holds no more frames is known when it is over
            self._handed = max(self._handed, span.end)

    def _there(self, span: TimeSpan | None, max_fps: float | None, max_side: int | None) -> Iterator[Frame]:
        if self.until is None:
            return self.behind.frames(span=span, max_fps=max_fps, max_side=max_side)
        part = span or TimeSpan(start=0.0, end=self.until)
        if part.start > self.until:
            return iter(())
        part = TimeSpan(start=part.start, end=min(part.end, self.until))
        return self.behind.frames(span=part, max_fps=max_fps, max_side=max_side)

    def close(self) -> None:
        """The video is its owner's to close."""


def behind(footage: Footage) -> Footage:
    """The video itself, for who reads something else of it than frames; keep to `until_of` then."""
    return footage.behind if isinstance(footage, CausalFootage) else footage


def until_of(footage: Footage) -> float | None:
    """Seconds up to which it may be looked at; None where it is all there, or comes in."""
    return footage.until if isinstance(footage, CausalFootage) else None
