"""Which frames stand out for a query: cosines of CLIP on a scale of their own video.

A cosine of text and picture means little by itself: 0.25 can be a hit or chance, by the weights, the camera and the
length of the text. So a text is measured against what texts that say nothing get from the same frame, in units of their
spread over the video; and a frame against what the video's other frames get.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panda_agent.embedders import Vectors
from panda_agent.tools.frame_index import FrameVectors
from panda_agent.types import TimeSpan

NEUTRAL = (
    "a photo",
    "a picture",
    "an image of a place",
    "a scene",
    "an empty scene",
    "a frame of a video",
    "a surveillance camera",
    "something",
)
"""Texts that say nothing of a picture."""
TEXT_MARGIN = 2.0
"""Spreads of the neutral texts' cosines by which a text must lie above them. Set by hand: two standard deviations."""
LIKE_MARGIN = 3.0
"""Spreads by which a frame must lie above the median of the video's cosines with another to count as like it. Set by
hand. What is there more than half of the time can never stand out."""
MAD = 1.4826
"""Median absolute deviation to standard deviation, where values are normal."""
LEAST_SPREAD = 1e-3
"""Cosines closer than this are equal to CLIP: a still picture's spread is noise."""


@dataclass(frozen=True, slots=True)
class FrameHit:
    """Neighbouring frames that are like the query."""

    span: TimeSpan
    best: float
    """Seconds of the frame that is most like it."""
    similarity: float
    """Cosine of that frame."""
    margin: float
    """What it stands out by, in spreads."""
    frames: int


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """What a video has to a query."""

    hits: tuple[FrameHit, ...]
    """The best first; empty = nothing like that."""
    similarity: float
    """The highest cosine, hit or not."""
    margin: float
    """The highest margin, hit or not."""
    best: float
    """Seconds of the frame with the highest margin."""


def by_text(frames: FrameVectors, text: Vectors, neutral: Vectors, top: int) -> FrameAnswer:
    """The stretches that look like a text.

    Args:
        frames: Those that are searched, at least one.
        text: (1, dim) its unit vector.
        neutral: (m, dim) those of `NEUTRAL`.
        top: How many.
    """
    cosines, nothing = frames.similar(text)[0], frames.similar(neutral)
    margins = (cosines - nothing.mean(axis=0)) / max(LEAST_SPREAD, float(nothing.std()))
    return _answer(frames.times, cosines, margins, TEXT_MARGIN, top)


def by_frame(frames: FrameVectors, moment: TimeSpan, within: TimeSpan, top: int) -> FrameAnswer | None:
    """The stretches that look like one moment, other than that moment and the frames next to it.

    Args:
        frames: All frames of the video, at least one.
        moment: The frame nearest to its middle is what others are compared with.
        within: Where to look.
        top: How many.

    Returns:
        None where there is no other frame.
    """
    times = frames.times
    place = int(np.abs(times - (moment.start + moment.end) / 2).argmin())
    cosines = frames.similar(frames.vectors[place : place + 1])[0]
    others = (within.start <= times) & (times <= within.end) & ((times < moment.start) | (times > moment.end))
    others[max(0, place - 1) : place + 2] = False
    if not others.any():
        return None
    middle = np.median(cosines[others])
    margins = (cosines - middle) / max(LEAST_SPREAD, MAD * float(np.median(np.abs(cosines[others] - middle))))
    return _answer(times, cosines, np.where(others, margins, -np.inf), LIKE_MARGIN, top)


def _answer(
    times: NDArray[np.float64], cosines: NDArray[np.float64], margins: NDArray[np.float64], least: float, top: int
) -> FrameAnswer:
    hits = [_hit(times, cosines, margins, run) for run in _runs(np.flatnonzero(margins >= least).tolist())]
    best = int(margins.argmax())
    return FrameAnswer(
        tuple(sorted(hits, key=lambda hit: (-hit.margin, hit.span.start))[:top]),
        round(float(cosines[best]), 4),
        round(float(margins[best]), 2),
        float(times[best]),
    )


def _hit(
    times: NDArray[np.float64], cosines: NDArray[np.float64], margins: NDArray[np.float64], run: Sequence[int]
) -> FrameHit:
    best = max(run, key=lambda place: margins[place])
    return FrameHit(
        TimeSpan(start=float(times[run[0]]), end=float(times[run[-1]])),
        float(times[best]),
        round(float(cosines[best]), 4),
        round(float(margins[best]), 2),
        len(run),
    )


def _runs(places: Sequence[int]) -> Iterator[list[int]]:
    """Places in order, neighbours together; one that is missed in between does not part them."""
    run: list[int] = []
    for place in places:
        if run and place - run[-1] > 2:
            yield run
            run = []
        run.append(place)
    if run:
        yield run
