"""Online: what a tool would say were the video over now. An episode is told while it lasts, not when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace

from pydantic import JsonValue

from panda_agent.memory.unusual import UnusualMotion
from panda_agent.perception.fastest import Fastest
from panda_agent.perception.look import Filter, Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.open_episode import EVERY, is_news, so_far
from panda_agent.perception.scene import Scene
from panda_agent.types import Evidence

WHOLE = (Scene, Fastest, UnusualMotion)
"""Filters of which nothing is asked before the end: one sums the video up, two tell their curves as they come."""
SUMMARIES = ("crowd",)
"""Kinds that sum up and begin anew each time."""

Episode = tuple[str, float, JsonValue]
"""Kind, start, track."""


class News:
    """Passes on what is open once it is new or has grown; of one tool."""

    def __init__(self) -> None:
        self._due = EVERY
        self._told: dict[Episode, float] = {}
        """How far each had come when it was told last."""

    def is_due(self, time: float) -> bool:
        """Whether it is time (seconds) to ask again."""
        if time < self._due:
            return False
        self._due = time + EVERY
        return True

    def of(self, rows: Iterable[Observation]) -> Iterator[Observation]:
        """Of all that is open, what is to be told."""
        still: dict[Episode, float] = {}
        for seen in rows:
            episode, now = episode_of(seen), seen.span.end
            told = self._told.get(episode)
            if is_news(seen.span.start, told, now):
                told = now
                yield so_far(seen)
            still[episode] = told if told is not None else now
        self._told = still


class SoFar:
    """Asks copies of motion filters what is open. The filters themselves go on as if nobody had asked.

    Args:
        filters: As they are fed.
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = [one for one in filters if not isinstance(one, WHOLE)]
        self._news = News()

    def update(self, look: Look) -> Iterator[Observation]:
        """Yield what is open at a look and is new, or has grown, since it was told last."""
        if self._news.is_due(look.time):
            yield from self._news.of(seen for seen in self._open(look) if seen.kind not in SUMMARIES)

    def _open(self, look: Look) -> Iterator[Observation]:
        filters, tracks = deepcopy((self._filters, list(look.live.values())))
        rest = replace(look, boxes=look.boxes[:0], live={}, ended=tracks)
        for one in filters:
            yield from one.update(rest) if tracks else ()
            yield from one.finish()


def episode_of(seen: Observation | Evidence) -> Episode:
    """What makes two rows speak of the same episode."""
    return seen.kind, seen.span.start, seen.data.get("track")


def furthest(rows: Sequence[Evidence]) -> list[Evidence]:
    """Rows without those that said "so far" of what another row tells further."""
    last: dict[Episode, Evidence] = {}
    for row in rows:
        known = last.get(episode_of(row))
        if known is None or _order(row) > _order(known):
            last[episode_of(row)] = row
    return [row for row in rows if not row.data.get("so_far") or last[episode_of(row)] is row]


def _order(row: Evidence) -> tuple[bool, float]:
    return not row.data.get("so_far"), row.span.end
