"""What somebody asks for when a case is opened."""

from __future__ import annotations

from typing import Literal

from panda_agent.types.time import Model
from panda_agent.types.zones import Zone

OnMiss = Literal["fail", "undecided", "live"]


class CaseRequest(Model):
    """One video, one question; kept with the case, so that it can be resumed by its id alone."""

    video: str | None
    """Absolute path; None where the frames come from an iterator or a stream and lie in the case folder."""
    question: str | None = None
    normal: tuple[str, ...] = ()
    """Absolute paths of videos that show normal life before this camera."""
    zones: tuple[Zone, ...] = ()
    started_at: str | None = None
    """ISO time of second 0; None = the container's creation time, if it has one."""
    recording: str | None = None
    """Absolute path of a recording that observations are replayed from."""
    on_miss: OnMiss = "undecided"
    """What to do where the recording does not hold a look: stop, go on without it, or look at the video."""
