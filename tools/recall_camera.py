"""What a person marked as normal before this camera: which observations of this case are like it?"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from panda_agent.memory.camera_marks import Mark
from panda_agent.memory.camera_rows import CameraSnapshot
from panda_agent.memory.likeness import likeness
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.types import Evidence

LEAST = 0.5
"""Likeness below which nothing is filed; the rule `each.known` weighs nothing there."""


class RecallCamera:
    """Files a row for each observation that is like a mark of the camera; reads a frozen copy and can change nothing.

    Args:
        memory: The camera's memory as it was when the case was opened.
        started_at: ISO time of second 0, if it is known.
    """

    spec = ToolSpec(
        name="recall_camera",
        about="Tells which observations are like what a person marked as normal before this camera.",
        family="memory",
        makes={"known_normal": ("event", "mark", "of", "of_kind", "likeness", "note", "marked")},
        after=True,
        parallel_safe=True,
        aliases=("camera memory", "known false alarms"),
    )

    def __init__(self, memory: CameraSnapshot, started_at: str | None = None) -> None:
        self._memory = memory
        self._started_at = started_at

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield at most one row for each observation and event type: the mark it is most like.

        Online it is asked clip by clip, and tells of what became known in the clip.
        """
        scope.check()
        kinds = {row.kind for mark in self._memory.marks for row in mark.rows}
        for row in scope.filed(kinds=kinds) if kinds else ():
            scope.check()
            if scope.span is not None and row.known_at is not None and 0 < scope.span.start >= row.known_at:
                continue
            for event in dict.fromkeys(mark.event for mark in self._memory.marks):
                found = self._nearest(row, event, self._started_at or scope.reader.info.created)
                if found is not None:
                    yield _known(row, *found)

    def _nearest(self, row: Evidence, event: str, started_at: str | None) -> tuple[Mark, float] | None:
        like = [
            (max(likeness(row, one, started_at) for one in mark.rows), mark)
            for mark in self._memory.marks
            if mark.event == event
        ]
        best, mark = max(like, key=lambda pair: pair[0])  # of equals the first: marks come in the order of their ids
        return (mark, best) if best >= LEAST else None


def _known(row: Evidence, mark: Mark, like: float) -> Observation:
    said = f': "{mark.note}"' if mark.note else ""
    text = f"Like what a person marked as normal for this camera ({like:.2f} of 1, mark {mark.id}){said}."
    data: dict[str, JsonValue] = {
        "event": mark.event,
        "mark": mark.id,
        "of": row.cite,
        "of_kind": row.kind,
        "likeness": like,
        "note": mark.note,
        "marked": text,
    }
    return Observation("known_normal", row.span, text, data, row.region, known_at=row.known_at)
