"""One thing that came or went, and what is known about it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from panda_agent.perception.attendance import NEAR, Box, Whereabouts
from panda_agent.perception.blobs import blobs_of
from panda_agent.perception.look import Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.settled import Frame, Settled
from panda_agent.perception.stature import Stature
from panda_agent.types import Region, TimeSpan

REPORT_SECONDS = 60.0
"""A thing is reported once at this age, whatever comes after."""
REPORT_ALONE = 0.5
"""Seconds that nobody stayed with it, at least; else it is the still part of somebody who stands or sits."""
SMALLEST = 0.0005
"""Area of the smallest thing, share of the picture: a bag in a yard 15 m wide has 0.001."""
CLEAR = 0.35
"""Over the square root of the rim's pixels: nearer to one half than this the rim doesn't tell whether a thing came or
went. Chance alone does as much for a digit of a burnt-in clock, which has a dozen pixels."""
FORGET_SECONDS = 900.0
"""After so long it belongs to the place."""
GONE_LOOKS = 4
"""So many looks at the bare ground, and none at the thing between them, mean that it is gone."""
LEAST_REST = 0.15
"""Share of a thing that may be all that is left of it once a bystander has gone."""
STAY_SECONDS = 3.0
"""Someone who hides the same spot for so long stays; a passer-by at walking pace is past it in less than one second."""
UNKNOWN_BODY = 0.3
"""Body height taken where nobody upright was seen anywhere, picture heights."""
SEATED, PERSON = 0.6, 0.145
"""As tall (body heights), and as large (squared body heights), is somebody who sits; a suitcase has 0.45 and 0.1."""
CAPTION_RIM, DIGIT = 0.06, 0.02
"""So small (squared body heights), and so near to the upper or lower rim (share of the picture's height), is a digit of
a burnt-in clock."""
BODY_OF_THINGS = 3.0
"""Body height taken where nobody was seen near a thing, in heights of the thing."""
BODY_SHARE = 0.03
"""Least area of somebody who stays, of the square of a body height; a standing body has about 0.2."""
RIM_PIXELS = 4
"""How far outside a region its surroundings are taken from."""

Crop = tuple[slice, slice]


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
        self._crop = slice(top, top + height), slice(left, left + width)
        self._adopt(mask, settled)
        box = self._box()
        self._size = look.size
        self._person = whereabouts.nearest(box, self.placed)
        body = self._person.height / 2 if self._person else BODY_OF_THINGS * height
        self._near = _Surroundings(settled.since.shape, self._crop, mask, look.time, body)
        self._bare_at, self._bare_looks = look.time, 0
        self._stirred, self._looks, self._last = 0.0, 0, look.time
        self._reported = False

    def _adopt(self, mask: NDArray[np.bool_], settled: Settled) -> None:
        self._mask = mask
        self._shows = settled.picture[self._crop][mask] / settled.gain
        self._hid = settled.before[self._crop][mask] / settled.gain
        self.placed = float(np.median(settled.since[self._crop][mask]))
        self.stood = self.placed - float(np.median(settled.before_since[self._crop][mask]))
        self._came, self._doubt = _novelty(settled, self._crop, mask)
        self._area = float(mask.sum()) / settled.since.size

    def _box(self) -> Box:
        rows, columns = np.flatnonzero(self._mask.any(axis=1)), np.flatnonzero(self._mask.any(axis=0))
        top, left = self._crop[0].start, self._crop[1].start
        return (
            2.0 * (left + int(columns[0])),
            2.0 * (top + int(rows[0])),
            2.0 * (left + int(columns[-1]) + 1),
            2.0 * (top + int(rows[-1]) + 1),
        )

    @property
    def gone(self) -> bool:
        """Whether the old ground has shown in its place for some looks, and it never since."""
        return self._bare_looks >= GONE_LOOKS

    def update(self, time: float, frame: Frame, steps: NDArray[np.uint8], settled: Settled) -> None:
        """Look whether it is still there, whether anybody stays with it, and whether it stirs.

        Args:
            time: Seconds.
            frame: Half-size picture.
            steps: (h, w) absolute difference to the look before.
            settled: The settled picture after this moment.
        """
        self._last = time
        self._near.update(time, settled)
        now = frame[self._crop][self._mask].astype(np.float32)
        from_thing = np.abs(now - self._shows * settled.gain).max(axis=1)
        from_ground = np.abs(now - self._hid * settled.gain).max(axis=1)
        shows = (from_thing < from_ground) & (from_thing < settled.change)
        bare = (from_ground <= from_thing) & (from_ground < settled.change)
        if shows.mean() >= 0.5:
            self._bare_looks = 0
        elif bare.mean() >= 0.5:
            self._bare_at = time if self._bare_looks == 0 else self._bare_at
            self._bare_looks += 1
        if self.gone:
            self._keep(shows, settled)
        elif shows.mean() >= 0.8:
            self._stirred += float((steps[self._crop][self._mask] > settled.change).mean())
            self._looks += 1

    def _keep(self, shows: NDArray[np.bool_], settled: Settled) -> None:
        """Go on with what is left: somebody who had stood still beside a bag was taken for a part of it."""
        rest = np.zeros(self._mask.shape, np.uint8)
        rest[self._mask] = shows
        blobs = blobs_of(cv2.morphologyEx(rest, cv2.MORPH_OPEN, np.ones((2, 2))))
        if blobs.areas.max(initial=0) >= max(SMALLEST * settled.since.size, LEAST_REST * self._mask.sum()):
            self._adopt(blobs.mask(int(blobs.areas.argmax())), settled)
            self._bare_looks = 0

    def due(self, time: float) -> bool:
        """Whether it is to be reported now."""
        return self.gone or (not self._reported and time - self.placed >= REPORT_SECONDS)

    def over(self, time: float) -> bool:
        """Whether it needs no following any more."""
        return self.gone or time - self.placed >= FORGET_SECONDS

    def report(self, stature: Stature) -> list[Observation]:
        """What is known about it by now; nothing where it was never alone, or the rim doesn't tell."""
        self._reported = True
        if self._near.alone < REPORT_ALONE or abs(self._came - 0.5) < self._doubt:
            return []
        end = max(self.placed, self._bare_at if self.gone else self._last)
        data = self._data(end) | self._measured(stature)
        size = f"{self._area:.2%} of the picture"
        if self._came >= 0.5:
            statement = (
                f"A thing ({size}) was put down and stood there for {data['seconds']} s; "
                f"nobody stayed with it for {data['alone_seconds']} s."
            )
        else:
            statement = f"A thing ({size}) that had stood for {data['stood_seconds']} s is no longer there."
        return [
            Observation(
                kind="left_object" if self._came >= 0.5 else "removed_object",
                span=TimeSpan(start=round(self.placed, 3), end=round(end, 3)),
                statement=statement,
                data=data,
                region=Region.of_pixels(self._box(), *self._size),
                score=round(abs(2 * self._came - 1), 3),
            )
        ]

    def _measured(self, stature: Stature) -> dict[str, JsonValue]:
        """Its height in heights of somebody who would stand there, its area in squares of them, and what that means."""
        (_, top, _, bottom), (width, height) = self._box(), self._size
        body = stature.at(bottom / height) or UNKNOWN_BODY
        bulk, tall = self._area * width / height / body**2, (bottom - top) / height / body
        at_rim = min(top, height - bottom) <= CAPTION_RIM * height
        return {
            "height": round(tall, 3),
            "bulk": round(bulk, 4),
            "person_sized": int(tall >= SEATED and bulk >= PERSON),
            "caption": int(at_rim and bulk <= DIGIT),
        }

    def _data(self, end: float) -> dict[str, JsonValue]:
        data: dict[str, JsonValue] = {
            "area": round(self._area, 5),
            "placed": round(self.placed, 2),
            "seconds": round(end - self.placed, 2),
            "alone_from": round(self._near.alone_from, 2),
            "alone_seconds": round(min(self._near.alone, end - self.placed), 2),
            "alone_share": round(self._near.lonely, 3),
            "novelty": round(self._came, 3),
            "stir": round(self._stirred / max(1, self._looks), 4),
            "stood_seconds": round(self.stood, 2),
            "taken": int(self.gone),
        }
        if self._person is not None:
            size = self._area * self._size[0] * self._size[1] / self._person.area
            data |= {"track": self._person.track, "size_ratio": round(size, 3)}
            data["came"] = round(self._person.came, 2)
        return data


class _Surroundings:
    """Whether anybody stays within a body height of a thing: spots hidden for long by something that stirs."""

    def __init__(self, shape: tuple[int, int], crop: Crop, mask: NDArray[np.bool_], time: float, body: float) -> None:
        reach = int(np.ceil(NEAR * body))
        top, left = max(0, crop[0].start - reach), max(0, crop[1].start - reach)
        self._zone = slice(top, min(shape[0], crop[0].stop + reach)), slice(left, min(shape[1], crop[1].stop + reach))
        others = np.ones((self._zone[0].stop - top, self._zone[1].stop - left), np.uint8)
        others[crop[0].start - top : crop[0].stop - top, crop[1].start - left : crop[1].stop - left] = ~mask
        self._others = cv2.erode(others, np.ones((5, 5), np.uint8)) > 0
        self._least = max(3.0, BODY_SHARE * body * body)
        self.company = True
        self._left = time
        self.alone, self.alone_from = 0.0, time
        self._lonely, self._looks = 0, 0

    @property
    def lonely(self) -> float:
        """Share of the time without company."""
        return self._lonely / max(1, self._looks)

    def update(self, time: float, settled: Settled) -> None:
        """Look at the settled picture after this moment."""
        staying = (time - settled.covered_at[self._zone] >= STAY_SECONDS) & self._others
        self.company = bool(staying.sum() >= self._least)
        self._looks += 1
        self._lonely += not self.company
        if self.company:
            self._left = time
        elif time - self._left > self.alone:
            self.alone, self.alone_from = time - self._left, self._left


def _novelty(settled: Settled, crop: Crop, mask: NDArray[np.bool_]) -> tuple[float, float]:
    """How badly the new content fits what surrounds it, against the old content: 1 a thing came, 0 one went.

    Each pixel of the region's rim is compared with the mean of what lies close by outside.

    Returns:
        The novelty, and how far from one half it may lie by chance.
    """
    rows, columns = mask.shape
    top, left = max(0, crop[0].start - RIM_PIXELS), max(0, crop[1].start - RIM_PIXELS)
    wide = slice(top, crop[0].stop + RIM_PIXELS), slice(left, crop[1].stop + RIM_PIXELS)
    now, then = settled.picture[wide], settled.before[wide]
    inside = np.zeros(now.shape[:2], np.float32)
    inside[crop[0].start - top :, crop[1].start - left :][:rows, :columns] = mask
    outside = 1 - cv2.dilate(inside, np.ones((3, 3), np.uint8))
    window = (2 * RIM_PIXELS + 1, 2 * RIM_PIXELS + 1)
    weight = cv2.boxFilter(outside, -1, window)
    around = cv2.boxFilter(now * outside[..., None], -1, window) / np.maximum(weight, 1e-6)[..., None]
    rim = (inside > 0) & (weight > 0.2)
    new = float(np.abs(now - around).max(axis=2)[rim].sum())
    old = float(np.abs(then - around).max(axis=2)[rim].sum())
    return new / max(1e-6, new + old), CLEAR / float(np.sqrt(max(1, rim.sum())))
