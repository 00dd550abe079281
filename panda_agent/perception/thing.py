"""One thing that came or went, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.attendance import Box, Company, Whereabouts
from panda_agent.perception.look import Look, Observation
from panda_agent.perception.settled import Settled
from panda_agent.types import TimeSpan

REPORT_SECONDS = 60.0
"""A thing is reported once at this age, whatever comes after."""
FORGET_SECONDS = 900.0
"""After so long it belongs to the place."""
STIR_LEVELS = 8.0
"""Grey levels between two looks that count as stirring: people who sit still do it, bags don't."""
OUTLINE_PIXELS = 5
"""Width of the band around the outline in which edges are sought."""


class Thing:
    """A region of the half-size picture that settled to something new.

    Args:
        mask: (h, w), true where it settled anew, in a crop of the half-size picture.
        corner: Row and column of the crop.
        settled: The settled picture in which it was found.
        whereabouts: Where people were.
        look: The moment in which it was found.
    """

    def __init__(
        self, mask: NDArray[np.bool_], corner: tuple[int, int], settled: Settled, whereabouts: Whereabouts, look: Look
    ) -> None:
        (top, left), (height, width) = corner, mask.shape
        self._mask = mask
        self._crop = slice(top, top + height), slice(left, left + width)
        self._shows, self._hid = settled.picture[self._crop].copy(), settled.before[self._crop].copy()
        self._outline = _outline(settled, self._crop, _filled(mask))
        # The first tenth: the rest may have been hidden behind whoever put it there.
        self._placed = float(np.percentile(settled.since[self._crop][mask], 10))
        self.stood = self._placed - float(np.median(settled.before_since[self._crop][mask]))
        self._last, self._gone_at = look.time, np.full(mask.shape, np.inf, np.float32)
        box: Box = (2.0 * left, 2.0 * top, 2.0 * (left + width), 2.0 * (top + height))
        self._region, self._area = look.region(box), float(mask.sum()) / settled.picture.size
        self._pixels = 4.0 * float(mask.sum())
        self._company = Company(box, self._placed, whereabouts.since(self._placed - 1.5))
        self._stirred: list[float] = [0.0, 0.0]
        self._reported = False

    @property
    def _gone(self) -> bool:
        return bool(np.isfinite(self._gone_at[self._mask]).mean() > 0.5)

    def update(self, time: float, boxes: Mapping[int, Box], settled: Settled, steps: NDArray[np.uint8]) -> None:
        """Look whether it is still there, who is with it, and whether it stirs.

        Args:
            time: Seconds.
            boxes: Tracks seen now.
            settled: The settled picture after this moment.
            steps: (h, w) absolute difference to the look before.
        """
        self._last = time
        self._company.update(time, boxes)
        now, fresh = settled.picture[self._crop], settled.fresh[self._crop]
        # Someone who stops in front of it hides it but doesn't take it: gone is what shows the old ground again.
        bare = fresh & (np.abs(now - self._hid) < np.abs(now - self._shows))
        self._gone_at[bare] = settled.since[self._crop][bare]
        self._gone_at[fresh & ~bare & (np.abs(now - self._shows) < settled.change)] = np.inf
        if not self._company.accompanied:
            self._stirred[0] += float((steps[self._crop][self._mask] > STIR_LEVELS).mean())
            self._stirred[1] += 1.0

    def due(self, time: float) -> bool:
        """Whether it is to be reported now."""
        return self._gone or (not self._reported and time - self._placed >= REPORT_SECONDS)

    def over(self, time: float) -> bool:
        """Whether it needs no following any more."""
        return self._gone or time - self._placed >= FORGET_SECONDS

    def report(self) -> Observation:
        """What is known about it by now."""
        self._reported = True
        gone = self._gone
        end = max(self._placed, float(np.median(self._gone_at[self._mask])) if gone else self._last)
        came = self._outline >= 0.5
        data = self._data(end, gone)
        size = f"{self._area:.2%} of the picture"
        if came:
            company = f"; whoever was with it was away for up to {data['away_seconds']} s" if "track" in data else ""
            statement = f"A thing ({size}) was put down and stayed for {data['seconds']} s{company}."
        else:
            statement = f"A thing ({size}) that had stood for {self.stood:.1f} s is no longer there."
        return Observation(
            kind="left_object" if came else "removed_object",
            span=TimeSpan(start=round(self._placed, 3), end=round(end, 3)),
            statement=statement,
            data=data,
            region=self._region,
            score=round(abs(2 * self._outline - 1), 3),
        )

    def _data(self, end: float, gone: bool) -> dict[str, JsonValue]:
        company = self._company
        data: dict[str, JsonValue] = {
            "area": round(self._area, 5),
            "placed": round(self._placed, 2),
            "seconds": round(end - self._placed, 2),
            "away_seconds": round(company.away, 2),
            "alone_seconds": round(company.alone, 2),
            "outline": round(self._outline, 3),
            "stir": round(self._stirred[0] / max(1.0, self._stirred[1]), 4),
            "stood_seconds": round(self.stood, 2),
            "taken": int(gone),
        }
        if company.owner is not None and company.owner_area:
            data |= {"track": company.owner, "size_ratio": round(self._pixels / company.owner_area, 3)}
            data["owner_left"] = round(company.with_it or self._placed, 2)
        return data


def _outline(settled: Settled, crop: tuple[slice, slice], mask: NDArray[np.bool_]) -> float:
    """Share of the edges along the outline that the picture with the new content holds: 1 came, 0 went."""
    rows, columns = crop
    height, width = settled.picture.shape
    top, left = max(0, rows.start - OUTLINE_PIXELS), max(0, columns.start - OUTLINE_PIXELS)
    wide = slice(top, min(height, rows.stop + OUTLINE_PIXELS)), slice(left, min(width, columns.stop + OUTLINE_PIXELS))
    inside = np.zeros((wide[0].stop - top, wide[1].stop - left), np.uint8)
    inside[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = mask
    kernel = np.ones((3, 3), np.uint8)
    grown = cv2.dilate(inside, kernel)
    band = (grown > 0) & (cv2.erode(inside, kernel) == 0)
    now = settled.picture[wide]
    then = np.where(inside > 0, settled.before[wide], now).astype(np.float32)
    edges_now, edges_then = float(_edges(now)[band].sum()), float(_edges(then)[band].sum())
    return edges_now / max(1e-6, edges_now + edges_then)


def _filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The convex hull: parts of a thing look like the ground that they hide, and a hole has no outline of the thing."""
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    return np.asarray(cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), cv2.convexHull(points), (1,)) > 0)


def _edges(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.magnitude(cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)))
