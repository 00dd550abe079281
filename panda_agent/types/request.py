"""What somebody asks for when a case is opened."""

from __future__ import annotations

from panda_agent.types.time import Model
from panda_agent.types.zones import Zone


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
