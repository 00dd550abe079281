"""Which frames to look at closely: every so often one, and what flashes up between two of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.video import Frame

SMALL = 192
"""Longer side of the reduced pictures that are compared, pixels."""
CELL = 9
"""Pixels of a reduced picture: side of the place that must differ."""
DIFFERS = 8.0
"""Grey levels by which a place must differ, on average, from both neighbours."""
CANDIDATES = 4
"""Frames kept between two regular ones: those that differ most from the frame before them."""

Small = NDArray[np.uint8]


class Glimpse(NamedTuple):
    """A frame that is worth a closer look."""

    frame: Frame
    between: bool
    """It is not one of the regular ones: it shows something that neither of its neighbours shows."""


@dataclass(order=True)
class _Candidate:
    abrupt: float
    time: float
    frame: Frame = field(compare=False)
    small: Small = field(compare=False)


def glimpses(frames: Iterable[Frame], every: float) -> Iterator[Glimpse]:
    """Choose a frame each `every` seconds, and between two of them the one that differs most from both, if any does.

    Holds at most `CANDIDATES` + 2 frames, however many there are.

    Args:
        frames: All frames, in order of time.
        every: Seconds between regular ones.
    """
    last: tuple[Frame, Small] | None = None
    before: Small | None = None
    waiting: list[_Candidate] = []
    held: tuple[Frame, Small] | None = None
    for frame in frames:
        small = _reduced(frame)
        if last is None or frame.time >= last[0].time + every - 1e-6:
            yield from _between(last, waiting, small)
            yield Glimpse(frame, False)
            last, waiting = (frame, small), []
        else:
            rank = _Candidate(_apart(small, before), -frame.time, frame, small)
            (heapq.heappush if len(waiting) < CANDIDATES else heapq.heappushpop)(waiting, rank)
        before, held = small, (frame, small)
    if held is not None and last is not None and held[0] is not last[0]:
        yield from _between(last, [one for one in waiting if one.frame is not held[0]], held[1])
        yield Glimpse(held[0], False)


def _between(last: tuple[Frame, Small] | None, waiting: list[_Candidate], small: Small) -> Iterator[Glimpse]:
    if last is None or not waiting:
        return
    best = max(waiting, key=lambda one: (_unlike(one.small, last[1], small), -one.frame.time))
    if _unlike(best.small, last[1], small) >= DIFFERS:
        yield Glimpse(best.frame, True)


def _reduced(frame: Frame) -> Small:
    height, width = frame.image.shape[:2]
    scale = min(1.0, SMALL / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.cvtColor(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY))


def _difference(one: Small, other: Small) -> NDArray[np.float32]:
    return np.asarray(cv2.blur(cv2.absdiff(one, other).astype(np.float32), (CELL, CELL)), np.float32)


def _apart(one: Small, other: Small | None) -> float:
    return 0.0 if other is None else float(_difference(one, other).max())


def _unlike(one: Small, before: Small, after: Small) -> float:
    """How much a place differs from how it was before and from how it is afterwards, at most."""
    return float(np.minimum(_difference(one, before), _difference(one, after)).max())
