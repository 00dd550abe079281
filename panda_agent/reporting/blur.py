"""Blurring people: whatever moves, and whatever evidence points at.

It errs towards blurring too much. Who stands still for seconds and is in no evidence is not found; the report says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from panda_agent.perception.boxes import MAX_SHARE, motion_boxes
from panda_agent.reporting.draw import Image, fit, pixels
from panda_agent.reporting.facts import region_at
from panda_agent.types import Evidence, Region
from panda_agent.video import Frame

PAST = 2.0
"""Seconds looked back for change: a slow walker differs little from one frame to the next."""
AHEAD = 1.0
"""Seconds looked ahead, so that the very first frame has something to differ from."""
STEP = 0.1
"""Seconds between the pictures that are compared."""
CHANGE = 10
"""Grey levels that count as change."""
MARGIN = 0.2
"""Share of a box by which it is widened on each side: heads and hands stick out."""
PAD = 0.05
"""Share of the picture that is added to that: often only an arm moves, and the body must go with it."""
EVERYTHING = Region(x0=0, y0=0, x1=1, y1=1)


def blurred(frames: Iterable[Frame], rows: Sequence[Evidence] = (), *, moving: bool = True) -> Iterator[Frame]:
    """Yield the frames with people made unrecognisable.

    Args:
        frames: Frames in order of time.
        rows: Evidence whose regions are blurred while it lasts.
        moving: Blur everything that moves, too.
    """
    found = with_movers(frames) if moving else ((frame, list[Region]()) for frame in frames)
    for frame, movers in found:
        now = (region_at(row, frame.time) for row in rows if row.span.start <= frame.time <= row.span.end)
        pointed = [region for region in now if region is not None]
        yield Frame(frame.time, hide(frame.image, [*movers, *pointed]), frame.damaged)


def hide(image: Image, regions: Sequence[Region]) -> Image:
    """Replace regions by a mosaic so coarse that no face survives it (16 cells across the shorter side)."""
    if not regions:
        return image
    height, width = image.shape[:2]
    cell = max(6, min(height, width) // 16)
    coarse = cv2.resize(image, (max(1, width // cell), max(1, height // cell)), interpolation=cv2.INTER_AREA)
    mosaic = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    canvas = image.copy()
    for region in regions:
        x0, y0, x1, y1 = pixels(_wider(region), width, height)
        canvas[y0 : y1 + 1, x0 : x1 + 1] = mosaic[y0 : y1 + 1, x0 : x1 + 1]
    return canvas


def with_movers(frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[Region]]]:
    """Pair each frame with boxes around what changed in the seconds around it. Holds `AHEAD` seconds of frames."""
    waiting: deque[tuple[Frame, Image]] = deque()
    past: deque[tuple[float, Image]] = deque()
    for frame in frames:
        waiting.append((frame, _gray(frame.image)))
        while waiting[-1][0].time - waiting[0][0].time >= AHEAD:
            yield _release(waiting, past)
    while waiting:
        yield _release(waiting, past)


def _gray(image: Image) -> Image:
    """A small picture without colour or grain: only change is looked for in it."""
    gray = cv2.cvtColor(fit(image, 384), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.GaussianBlur(gray, (5, 5), 0), dtype=np.uint8)


def _release(waiting: deque[tuple[Frame, Image]], past: deque[tuple[float, Image]]) -> tuple[Frame, list[Region]]:
    frame, gray = waiting.popleft()
    while past and past[0][0] < frame.time - PAST:
        past.popleft()
    movers = _movers(gray, [*(other for _, other in past), *(other for _, other in list(waiting)[::3])])
    if not past or frame.time - past[-1][0] >= STEP:
        past.append((frame.time, gray))
    return frame, movers


def _movers(gray: Image, others: Sequence[Image]) -> list[Region]:
    """Boxes around what differs; all of the picture where there is nothing to compare with, or nearly all differs."""
    others = [other for other in others if other.shape == gray.shape]
    if not others:
        return [EVERYTHING]
    change = np.maximum.reduce([cv2.absdiff(gray, other) for other in others])
    mask = np.where(change > CHANGE, np.uint8(255), np.uint8(0))
    if np.count_nonzero(mask) > MAX_SHARE * mask.size:
        return [EVERYTHING]
    height, width = gray.shape
    return [Region.of_pixels(box, width, height) for box in motion_boxes(mask)]


def _wider(region: Region) -> Region:
    dx, dy = PAD + MARGIN * (region.x1 - region.x0), PAD + MARGIN * (region.y1 - region.y0)
    return Region(
        x0=max(0, region.x0 - dx), y0=max(0, region.y0 - dy), x1=min(1, region.x1 + dx), y1=min(1, region.y1 + dy)
    )
