"""Likens what was told of a video to descriptions of incidents and of ordinary life: a second opinion on every caption.

It reads no picture: it works from descriptions that others filed, so it adds up with the rules that look for words, but
is no source of its own beside them. How it was chosen: docs/captions.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from panda_agent.embedders import Embedder, embedded, minilm
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.descriptions import NOTHING, Descriptions, Likeness
from panda_agent.tools.told import kept_encoder, sentences_of
from panda_agent.types import EventType, Evidence, TimeSpan, clock

BATCH = 64
"""Sentences between two looks at whether the case is to stop."""


class LikenTold:
    """Files one row for a video, or online for a clip: how like an incident each description is, over time.

    Args:
        events: Event types of the pack, with descriptions.
        embedder: The text encoder; None is MiniLM.
    """

    spec = ToolSpec(
        name="liken_told",
        about="Likens descriptions to how incidents, and how ordinary life, are described.",
        family="caption/likeness",
        makes={
            "told_like": ("profile", "peak", "mean", "when", "event", "sentence", "wrong", "usual", "encoder", "live")
        },
        after=True,
        aliases=("text memory", "likeness of descriptions"),
    )

    def __init__(self, events: Sequence[EventType], embedder: Embedder | None = None) -> None:
        self._events = events
        self._embedder = embedder or minilm()
        self._descriptions: Descriptions | None = None
        self._known: dict[str, Likeness] = {}
        """By sentence, what it is like; a captioner repeats himself."""

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield one row where anything was described.

        Raises:
            ToolError: The text encoder's weights are not installed.
        """
        scope.check()
        filed = scope.filed(kind="caption", during=scope.span if scope.online else None)
        rows = [row for row in filed if _is_due(row, scope) and not row.data.get("visible_text")]
        told = [_Told(row, [*sentences_of(row)]) for row in rows]
        if not told:
            return
        self._learn(scope, [sentence for one in told for sentence in one.sentences])
        course = [_Point(one.row, *self._most_like(one.sentences)) for one in told]
        yield _row(sorted(course, key=lambda point: point.moment), self._embedder.name, scope)

    def _most_like(self, sentences: Sequence[str]) -> tuple[str, Likeness]:
        """The sentence that is most like an incident."""
        pairs = [(text, self._known[text]) for text in sentences]
        return max(pairs, key=lambda pair: pair[1].share, default=("", NOTHING))

    def _learn(self, scope: Scope, sentences: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(sentences) if text not in self._known]
        if not new:
            return
        with kept_encoder(self._embedder, scope.home) as encoder:
            if self._descriptions is None:
                self._descriptions = Descriptions(self._events, encoder)
            for i in range(0, len(new), BATCH):
                scope.check()
                batch = new[i : i + BATCH]
                like = self._descriptions.like(batch, embedded(encoder, batch))
                self._known |= dict(zip(batch, like, strict=True))


@dataclass(frozen=True, slots=True)
class _Told:
    row: Evidence
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Point:
    """What one description is like."""

    row: Evidence
    sentence: str
    like: Likeness

    @property
    def moment(self) -> float:
        """Seconds: the middle of what it tells of, or online when it was known."""
        known = self.row.known_at
        return (self.row.span.start + self.row.span.end) / 2 if known is None else known


def _is_due(row: Evidence, scope: Scope) -> bool:
    """Online: what became known in this clip."""
    if scope.span is None or row.known_at is None:
        return True
    return scope.span.start < row.known_at <= scope.span.end or (scope.span.start == 0.0 == row.known_at)


def _row(course: Sequence[_Point], encoder: str, scope: Scope) -> Observation:
    top = max(course, key=lambda point: point.like.share)
    mean = sum(point.like.share for point in course) / len(course)
    when, like = top.row.span.start, top.like
    text = (
        f"{len(course)} descriptions are likened to known ones: most like an incident, by {like.share:.0%}, is that "
        f'at {clock(when)}, nearest to "{like.wrong}" and to the ordinary "{like.usual}"; {mean:.0%} on average.'
    )
    data: dict[str, JsonValue] = {
        "profile": _profile(course, scope.online),
        "peak": like.share,
        "mean": round(mean, 4),
        "when": when,
        "event": like.event,
        "sentence": top.sentence,
        "wrong": like.wrong,
        "usual": like.usual,
        "encoder": encoder,
    }
    if scope.online:
        return Observation("told_like", scope.span or _whole(course), text, {**data, "live": True})
    return Observation("told_like", _whole(course), text, data)


def _profile(course: Sequence[_Point], online: bool) -> list[JsonValue]:
    """Each description at its middle; the first and the last hold to the ends of what they tell of."""
    points: list[JsonValue] = [[round(point.moment, 3), point.like.share] for point in course]
    if online:
        return points
    span = _whole(course)
    return [[span.start, course[0].like.share], *points, [span.end, course[-1].like.share]]


def _whole(course: Sequence[_Point]) -> TimeSpan:
    return course[0].row.span.hull(course[-1].row.span)
