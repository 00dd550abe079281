"""Lines of text followed over time: what stays at its place is one sign, seen from then to then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from panda_agent.perception.burnt_clock import ClockTest, seconds_in
from panda_agent.perception.ocr import Line
from panda_agent.perception.orders import compact, orders_in
from panda_agent.perception.parts import part_of
from panda_agent.perception.picture_quality import Picture
from panda_agent.types import Region

SAME_PLACE = 0.4
"""Intersection over union of two readings of one sign, at least."""
SAME_TEXT = 0.7
"""Likeness of their letters, at least; digits must be the same."""
MOST_VERSIONS = 8
"""Different readings of one sign that are kept."""


@dataclass
class Sign:
    """A text at one place."""

    start: float
    end: float
    region: Region
    """Where it was read last."""
    line: Line
    """The reading with the highest confidence …"""
    shot: Picture
    """… and the part of the picture that it was read from."""
    first: str
    last: str
    readings: int = 0
    order: bool = False
    """It took part in an order to the reader at some time."""
    clock: ClockTest = field(default_factory=ClockTest)
    _versions: dict[str, tuple[int, float, Line, Picture]] = field(default_factory=dict)

    def take(self, time: float, line: Line, shot: Picture, *, order: bool) -> None:
        """Add a reading; the text is the one that was read most often, then most surely."""
        self.end, self.region, self.last = time, line.region, line.text
        self.readings += 1
        self.order |= order
        self.clock.update(time, line.text)
        count, best, _, _ = kept = self._versions.get(line.text, (0, -1.0, line, shot))
        if kept[0] or len(self._versions) < MOST_VERSIONS:
            newer = (line, shot) if line.confidence > best else kept[2:]
            self._versions[line.text] = (count + 1, max(best, line.confidence), *newer)
        _, _, self.line, self.shot = max(self._versions.values(), key=lambda one: one[:2])

    def continues(self, line: Line) -> bool:
        """Whether a line is this sign again."""
        if self.region.iou(line.region) < SAME_PLACE:
            return False
        both_clocks = seconds_in(self.last) is not None and seconds_in(line.text) is not None
        return both_clocks or alike(self.last, line.text) or alike(self.line.text, line.text)


def alike(one: str, other: str) -> bool:
    """Whether two readings may be of the same text."""
    a, b = compact(one), compact(other)
    digits = ["".join(filter(str.isdigit, text)) for text in (a, b)]
    return digits[0] == digits[1] and SequenceMatcher(None, a, b, autojunk=False).ratio() >= SAME_TEXT


class Signs:
    """All signs that can be seen, as they come and go.

    Args:
        patience: Seconds without a reading after which a sign is gone.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._open: list[Sign] = []

    def update(self, time: float, lines: Sequence[Line], image: Picture) -> list[Sign]:
        """Take what was read in a picture; returns the signs that are gone.

        Args:
            time: Seconds.
            lines: From top to bottom.
            image: (h, w, 3).
        """
        gone = [sign for sign in self._open if time - sign.end > self._patience]
        free = self._open = [sign for sign in self._open if time - sign.end <= self._patience]
        for line, order in zip(lines, orders_in([line.text for line in lines]), strict=True):
            sign = next((one for one in free if one.continues(line)), None)
            shot = part_of(image, line.region)
            if sign is None:
                sign = Sign(time, time, line.region, line, shot, line.text, line.text)
                self._open = [*self._open, sign]
            free = [one for one in free if one is not sign]
            sign.take(time, line, shot, order=order)
        return gone

    def finish(self) -> Iterable[Sign]:
        """Those that were still there, in order of their start."""
        return sorted(self._open, key=lambda sign: sign.start)
