"""Cutting a video into the short windows that judgements are about."""

from __future__ import annotations

import math

from panda_agent.types import TimeSpan


def clips(duration: float, *, length: float = 5.0, minimum: int = 3) -> list[TimeSpan]:
    """Cover a video with windows that touch.

    Windows are `length` seconds long; a rest of at least half a window becomes one of its own, a shorter one is
    joined to the last. A video under `minimum` windows is cut into `minimum` equal ones.

    Args:
        duration: Length of the video, seconds; 0 or less gives one empty window at 0.
        length: Length of a window, seconds.
        minimum: How many there are at least.

    Returns:
        Windows in order; the first starts at 0, the last ends at `duration`.
    """
    if duration <= 0:
        return [TimeSpan(start=0, end=0)]
    if duration < minimum * length:
        edges = [duration * i / minimum for i in range(minimum)]
    else:
        edges = [length * i for i in range(int(duration / length + 0.5))]
    return [TimeSpan(start=a, end=b) for a, b in zip(edges, [*edges[1:], duration], strict=True)]


def grid(duration: float, *, length: float = 5.0) -> list[TimeSpan]:
    """Cover a video whose length nobody knows in advance: windows of `length` seconds from 0, the last may be shorter.

    Args:
        duration: Length of the video, seconds; 0 or less gives one empty window at 0.
        length: Length of a window, seconds.
    """
    count = max(1, math.ceil(round(duration / length, 6)))
    edges = [round(length * i, 3) for i in range(count)]
    return [TimeSpan(start=a, end=b) for a, b in zip(edges, [*edges[1:], max(duration, edges[-1])], strict=True)]
