"""Truths, results and observations made by hand."""

from __future__ import annotations

import numpy as np

from panda_agent.evaluation.metrics.frames import Scored
from panda_agent.evaluation.result import Found, Judged, Observed, Place, Result
from panda_agent.evaluation.truth import Masks, TrackBox, VideoTruth


def truth(name="v", frames=10, fps=1.0, intervals=(), **more) -> VideoTruth:
    return VideoTruth(name, frames, fps, tuple(intervals), **more)


def scored(name, labels, scores) -> Scored:
    from panda_agent.evaluation.truth import intervals_of

    return Scored(VideoTruth(name, len(labels), 1.0, intervals_of(labels)), np.asarray(scores, float))


def judged(
    of: VideoTruth,
    *,
    label="normal",
    confidence=0.9,
    timeline=((0.0, 0.0), (1e6, 0.0)),
    spans=(),
    places=None,
    observed=None,
    **more,
) -> Judged:
    found = tuple(Found(start=a, end=b, event_type="x", peak=peak) for a, b, peak in spans)
    return Judged(
        of,
        Result(
            video=of.name,
            label=label,
            event_type=None,
            confidence=confidence,
            threshold=0.5,
            timeline=tuple(timeline),
            spans=found,
            places=places if places is None else tuple(places),
            observed=None if observed is None else Observed(rate=1.0, values=tuple(observed)),
            **more,
        ),
    )


def place(start, end, box, weight=1.0) -> Place:
    return Place(start=start, end=end, box=box, weight=weight)


def mask(height, width, frames, boxes) -> Masks:
    """Masks with boxes (frame, y0, y1, x0, x1) set."""
    pictures = np.zeros((frames, height, width), bool)
    for frame, y0, y1, x0, x1 in boxes:
        pictures[frame, y0:y1, x0:x1] = True
    return Masks.of(pictures)


def track_box(track, frame, box) -> TrackBox:
    return TrackBox(track, frame, box)
