"""Every error a user can meet, in one tree, each with the exit code of the command line.

    PandaError                     5  a defect of ours, or of the machine
    ├── UserError                  2  a flag, a setting or a file name is wrong
    │   └── CaseNotFound           2  no case with that id
    ├── VideoError                 3  the video can't be investigated
    │   ├── EmptyVideo             3  the file holds no bytes, or no frame could be decoded
    │   ├── NoVideoStream          3  sound or data only
    │   ├── Unreadable             3  not a video, or cut off before its index was written
    │   └── TooLarge               3  more pixels than the limit allows
    ├── BackendError               4  the model could not answer
    │   ├── Unreachable            4  no connection, no answer in time, or the server fails again and again
    │   ├── QuotaExhausted         4  the account has no money left: the case is paused and can be resumed
    │   ├── Refused                4  the model, or a filter before or after it, won't answer
    │   ├── Overflow               4  the request is longer than the model's context
    │   ├── TooManyImages          4  more pictures than the endpoint takes in one request
    │   ├── NoVision               4  the model takes no pictures
    │   ├── BadReply               4  it answered, but not in the shape that was asked for
    │   └── BudgetSpent            4  not asked, as the budget is used up; a case ends inconclusive by it
    ├── ToolError                  5  a tool failed; the planner learns it as absence of evidence
    │   └── NotRecorded            5  a recording does not hold this look: a miss, evidence of nothing
    ├── StoreError                 5  the case database or an index can't be used
    │   └── SchemaTooNew           5  written by a newer panda_agent
    └── CasePaused               130  stopped on request; the case can be resumed

Running out of a budget is not an error: the verdict says "inconclusive" and why.
"""

from typing import Self


class PandaError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: One sentence that says what is wrong.
        hint: One sentence that says what to do next.
    """

    exit_code = 5

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} {self.hint}"


class UserError(PandaError):
    """A flag, a setting, a rule pack or a file name is wrong. Raise before any work is done."""

    exit_code = 2


class CaseNotFound(UserError):
    """No case has the id that was asked for."""


class VideoError(PandaError):
    """The video can't be investigated. Damage that leaves frames to look at is not an error but a blind span."""

    exit_code = 3


class EmptyVideo(VideoError):
    """The file holds no bytes, or not one frame could be decoded."""


class NoVideoStream(VideoError):
    """The container opens but holds no picture, only sound or data."""


class Unreadable(VideoError):
    """The bytes are no video that FFmpeg knows, or the recording was cut off before its index was written."""


class TooLarge(VideoError):
    """The picture has more pixels than `video.max_pixels`; found before a frame is decoded."""


class BackendError(PandaError):
    """A language model could not answer."""

    exit_code = 4
    body: str = ""
    """The reply, verbatim, where there was one; the ledger keeps it."""
    limit: int | None = None
    """What the endpoint said it takes at most, where that was the trouble."""

    def with_(self, *, body: str = "", limit: int | None = None) -> Self:
        """The same error with what came with it."""
        self.body, self.limit = body, limit
        return self


class Unreachable(BackendError):
    """No connection, no answer in time, or a server that keeps failing. The same request may succeed later."""


class QuotaExhausted(BackendError):
    """The account has no money left; waiting does not mend it. The case is paused, and resumes where it was."""


class Refused(BackendError):
    """The model, or a content filter before or after it, declined to answer. It says nothing about the video."""


class Overflow(BackendError):
    """The request is longer than the model's context, even after pictures were left out."""


class TooManyImages(BackendError):
    """The endpoint takes fewer pictures a request than were sent."""


class NoVision(BackendError):
    """The model takes no pictures, or answers without seeing them."""


class BadReply(BackendError):
    """The reply has not the shape that was asked for, also after one repair; it is kept in the ledger, verbatim."""


class ToolError(PandaError):
    """A tool failed. It never ends a case: the planner is told that this evidence is absent."""


class NotRecorded(ToolError):
    """A recording does not hold the look that was asked for. It is counted, and evidence of nothing."""


class StoreError(PandaError):
    """The case database or an index can't be used."""


class SchemaTooNew(StoreError):
    """The file was written by a newer version; it is left untouched."""


class CasePaused(PandaError):
    """The case was stopped on request. What was found is kept, and `panda resume` goes on."""

    exit_code = 130
