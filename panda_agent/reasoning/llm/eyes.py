"""What the reasoner shows to the model: a clip, pictures of the clips before it, pictures of the whole video."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING

from panda_agent.errors import ToolError
from panda_agent.perception import mending
from panda_agent.perception.picture_quality import Picture as Pixels
from panda_agent.reasoning.base import Means
from panda_agent.tools.look_again import brighten
from panda_agent.types import TimeSpan

if TYPE_CHECKING:
    from panda_agent.backends.protocol import Picture
    from panda_agent.tools.clip_pictures import Shown

OPERATIONS = ("denoise", "deblur", "brighten")
"""How pictures can be made easier to read."""
EARLIER = "VWXYZ"
"""Letters of the pictures of clips before: none of those that a clip's own pictures have."""
GLANCE = 0.6
"""Seconds in which a picture of an earlier clip is looked for."""


def clip_shown(means: Means, span: TimeSpan, chain: Sequence[str]) -> Shown | None:
    """The pictures of a clip, mended as planned; None where there are none to be seen."""
    from panda_agent.tools.clip_pictures import shown

    try:
        return shown(means.scope, span, mend=lambda image: mended(image, chain, means) if chain else image)
    except ToolError:  # a recording holds no pictures: words are left
        return None


def mended(image: Pixels, chain: Iterable[str], means: Means) -> Pixels:
    """A picture after a chain of operations."""
    for operation in chain:
        if operation == "denoise":
            image = mending.denoise(image, means.scope.check)
        elif operation == "deblur":
            image = mending.deblur(image)
        elif operation == "brighten":
            image = brighten(image)
    return image


def earlier_shown(means: Means, spans: Sequence[TimeSpan]) -> list[Picture]:
    """One picture from the middle of each of some clips, in order of time."""
    letters = EARLIER[-len(spans) :] if spans else ""
    found = [_one(means, (span.start + span.end) / 2, letter) for span, letter in zip(spans, letters, strict=True)]
    return [picture for picture in found if picture is not None]


def overview_shown(means: Means, duration: float) -> list[Picture]:
    """Pictures from all over the video, evenly spread, at most one a second."""
    from panda_agent.backends.pictures import encode

    settings = means.scope.settings
    most = max(1, min(settings.agent.scene_frames, int(duration) + 1))
    rate, due = most / max(duration, 1e-6), 0.0
    found: list[Picture] = []
    try:
        for frame in means.scope.reader.frames(max_fps=min(rate * 2, 10.0), max_side=settings.agent.scene_side):
            means.scope.check()
            if frame.time >= due and len(found) < most:
                due = (len(found) + 1) / rate
                side, bytes_ = settings.agent.scene_side, settings.model.image_bytes
                found.append(encode(frame.image, letter(len(found)), frame.time, side=side, most=bytes_))
    except ToolError:
        return []
    return found


def letter(i: int) -> str:
    """A, B, ... Z, AA, AB ..."""
    return ascii_uppercase[i] if i < 26 else ascii_uppercase[i // 26 - 1] + ascii_uppercase[i % 26]


def _one(means: Means, moment: float, name: str) -> Picture | None:
    from panda_agent.backends.pictures import encode

    wish = means.scope.settings
    around = TimeSpan(start=moment, end=moment + GLANCE)
    try:
        frame = next(iter(means.scope.reader.frames(span=around, max_side=wish.agent.scene_side)), None)
    except ToolError:
        return None
    if frame is None:
        return None
    return encode(frame.image, name, frame.time, side=wish.agent.scene_side, most=wish.model.image_bytes)
