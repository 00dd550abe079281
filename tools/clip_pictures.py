"""A clip as a model sees it: a few lettered pictures in order of time, and when each of them was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from panda_agent.backends.pictures import contact_sheet, encode
from panda_agent.backends.protocol import Picture
from panda_agent.perception.picture_quality import Picture as Pixels
from panda_agent.tools.base import Scope
from panda_agent.tools.moments import moments_of
from panda_agent.types import TimeSpan
from panda_agent.video import Frame

RATE = 10.0
"""Frames a second among which moments are found."""
MEDIA = "media"
"""Under the case folder: pictures that evidence shows."""


@dataclass(frozen=True)
class Shown:
    """The pictures of one clip."""

    clip: TimeSpan
    pictures: tuple[Picture, ...]
    media: str | None = None
    """A contact sheet of them, relative to the case folder, so that a person can see what the model saw."""

    def only(self, letters: str) -> Shown:
        """What was really sent; without letters, everything."""
        sent = tuple(picture for picture in self.pictures if not letters or picture.letter in letters)
        return replace(self, pictures=sent)

    @property
    def span(self) -> TimeSpan:
        """From the first to the last picture: nothing is said about what lies outside."""
        return TimeSpan(start=self.pictures[0].time, end=self.pictures[-1].time)

    def around(self, letters: Sequence[str]) -> TimeSpan:
        """From half-way to the picture before the first of some letters to half-way to the one after the last."""
        places = [i for i, picture in enumerate(self.pictures) if picture.letter in letters]
        times = [picture.time for picture in self.pictures]
        before, after = max(0, places[0] - 1), min(len(times) - 1, places[-1] + 1)
        return TimeSpan(start=(times[before] + times[places[0]]) / 2, end=(times[places[-1]] + times[after]) / 2)

    @property
    def letters(self) -> list[JsonValue]:
        """Pairs of letter and seconds."""
        return [[picture.letter, round(picture.time, 3)] for picture in self.pictures]

    def known(self, letters: Sequence[str]) -> list[str]:
        """Of letters that a model named those that it was shown, in order; it may have made up others."""
        return [
            picture.letter for picture in self.pictures if picture.letter in {one.strip().upper() for one in letters}
        ]


def _as_it_is(image: Pixels) -> Pixels:
    return image


def shown(scope: Scope, clip: TimeSpan, mend: Callable[[Pixels], Pixels] = _as_it_is) -> Shown | None:
    """Choose, read and encode the pictures of a clip; None where it has not one.

    Args:
        scope: Where to look.
        clip: When.
        mend: Makes a picture (h, w, 3) easier to read before it is sent.
    """
    wish = scope.settings.model
    wanted = moments_of(clip, scope.filed(span=clip), wish.frames)
    frames = _nearest(scope, clip, wanted, wish.image_side)
    if not frames:
        return None
    pictures = tuple(
        encode(mend(frame.image), chr(ord("A") + i), frame.time, side=wish.image_side, most=wish.image_bytes)
        for i, frame in enumerate(frames)
    )
    return Shown(clip, pictures, _kept(scope, pictures))


def _nearest(scope: Scope, clip: TimeSpan, wanted: Sequence[float], side: int) -> list[Frame]:
    """Of the clip's frames the one nearest to each moment, each once, in order of time."""
    best: dict[float, Frame] = {}
    for frame in scope.reader.frames(span=clip, max_fps=RATE, max_side=side):
        scope.check()
        for moment in wanted:
            if moment not in best or abs(frame.time - moment) < abs(best[moment].time - moment):
                best[moment] = frame
    return sorted({frame.time: frame for frame in best.values()}.values(), key=lambda frame: frame.time)


def _kept(scope: Scope, pictures: Sequence[Picture]) -> str | None:
    if scope.media is None:
        return None
    sheet = contact_sheet(pictures).jpeg
    name = f"{MEDIA}/{hashlib.sha256(sheet).hexdigest()[:16]}.jpg"
    path = scope.media / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sheet)
    return name
