"""Where in the picture: pixel AUC over all pixels of all frames.

A pixel's score is the frame's score times the largest weight of a box that holds it at that moment, and 0 outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from panda_agent.evaluation.metrics.ranking import Tally
from panda_agent.evaluation.result import Judged, Place
from panda_agent.evaluation.truth import Masks

Map = NDArray[np.float64]
DIGITS = 4


def pixel_auc(videos: Sequence[Judged]) -> float | None:
    """One ROC curve over all pixels; None where a set has no masks, or was not seen.

    Scores are counted to four digits: a frame has few distinct ones.
    """
    known = [(one, one.truth.masks) for one in videos if one.truth.masks is not None and one.result.places is not None]
    steps = 10**DIGITS + 1
    positive, negative = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    for one, masks in known:
        for frame, picture in enumerate(maps(one, masks)):
            levels = np.rint(np.clip(picture, 0, 1) * 10**DIGITS).astype(np.int64)
            mask = masks.picture(frame)
            hits = np.bincount(levels[mask], minlength=steps)
            positive += hits
            negative += np.bincount(levels.ravel(), minlength=steps) - hits
    return Tally(np.arange(steps, dtype=float), positive, negative).roc_auc()


def maps(one: Judged, masks: Masks) -> Iterable[Map]:
    """The score of each pixel, frame by frame."""
    frames = zip(one.truth.times, one.scored.scores, strict=True)
    for time, score in frames:
        here = [place for place in one.result.places or () if place.start <= time < place.end]
        yield score * painted(here, masks.height, masks.width)


def painted(places: Sequence[Place], height: int, width: int) -> Map:
    """The largest weight that holds each pixel."""
    picture = np.zeros((height, width))
    for place in sorted(places, key=lambda place: place.weight):
        x0, y0, x1, y1 = place.box
        picture[int(y0 * height) : int(np.ceil(y1 * height)), int(x0 * width) : int(np.ceil(x1 * width))] = place.weight
    return picture
