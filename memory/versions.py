"""The versions of a case's verdict: the first is the investigation's, each later one has a turn that caused it."""

from __future__ import annotations

from pydantic import Field

from panda_agent.types import Model

FIRST = "the investigation"


class Version(Model):
    """What caused a version of the verdict, and what came with it."""

    number: int = Field(ge=1)
    cause: str = FIRST
    """The words of the turn; untrusted text."""
    at: str = ""
    """When, ISO 8601."""
    filed: tuple[str, ...] = ()
    """Evidence that was filed with it, as it is cited."""
    without: tuple[str, ...] = ()
    """All evidence that it leaves out, because it was taken back."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that it added."""
    marks: tuple[str, ...] = ()
    """Marks that it put into the memory of the camera."""
    undoes: int | None = None
    """The version whose change it takes back."""


def last_change(versions: list[Version]) -> Version | None:
    """The latest change that was not taken back; None where there is none."""
    undone = {one.undoes for one in versions}
    changes = [one for one in versions if one.number > 1 and one.undoes is None and one.number not in undone]
    return changes[-1] if changes else None
