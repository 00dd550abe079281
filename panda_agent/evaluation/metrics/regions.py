"""RBDC and TBDC: region- and track-based detection (Ramachandra and Jones, WACV 2020), from their definition.

A detected region is right where it overlaps a true one of its frame by an IoU of at least 0.1; a true region is found
once at most. A track is found where at least a tenth of its regions are. False regions are those that are right for
none. Both curves run over false regions per frame; the area counts up to one per frame.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panda_agent.evaluation.datasets.boxes import Box, overlap
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.truth import TrackBox

HIT = 0.1
"""IoU from which a region is found."""
TRACK = 0.1
"""Share of a track's regions from which it is found."""
MOST_FALSE = 1.0
"""False regions per frame up to which the area counts."""


@dataclass(frozen=True)
class Region:
    """A detected region."""

    video: int
    frame: int
    box: Box
    score: float


def rbdc_tbdc(truths: Sequence[Sequence[TrackBox]], found: Sequence[Region], frames: int) -> tuple[float, float] | None:
    """Areas under both curves, 0 to 1; None where there is no true region.

    Args:
        truths: The true regions of each video.
        found: Detected regions of all videos.
        frames: Frames of all videos.
    """
    regions: dict[tuple[int, int], list[TrackBox]] = defaultdict(list)
    size: dict[tuple[int, int], int] = defaultdict(int)
    for video, boxes in enumerate(truths):
        for box in boxes:
            regions[video, box.frame].append(box)
            size[video, box.track] += 1
    if not size:
        return None
    curve = _curve(regions, size, found)
    return _area(curve, sum(size.values()), frames, 1), _area(curve, len(size), frames, 2)


def _curve(
    regions: dict[tuple[int, int], list[TrackBox]], size: dict[tuple[int, int], int], found: Sequence[Region]
) -> list[tuple[int, int, int]]:
    """(false regions, regions found, tracks found) after each distinct score, strongest first."""
    hit: set[tuple[int, int, int]] = set()
    of_track: dict[tuple[int, int], int] = defaultdict(int)
    false = tracks = 0
    points = [(0, 0, 0)]
    ranked = sorted(found, key=lambda one: (-one.score, one.video, one.frame, one.box))
    for n, one in enumerate(ranked):
        here = enumerate(regions[one.video, one.frame])
        near = [(i, box) for i, box in here if overlap(one.box, box.box) >= HIT]
        false += not near
        for i, box in near:
            key = (one.video, box.frame, i)
            if key not in hit:
                hit.add(key)
                track = one.video, box.track
                before = of_track[track] >= TRACK * size[track]
                of_track[track] += 1
                tracks += not before and of_track[track] >= TRACK * size[track]
        if n + 1 == len(ranked) or ranked[n + 1].score < one.score:
            points.append((false, len(hit), tracks))
    return points


def _area(curve: Sequence[tuple[int, int, int]], whole: int, frames: int, column: int) -> float:
    """Area of a step curve, held to the right, up to `MOST_FALSE` false regions per frame."""
    rates = np.array([point[0] / frames for point in curve])
    shares = np.array([point[column] / whole for point in curve])
    inside = rates <= MOST_FALSE
    edges = np.append(rates[inside], MOST_FALSE)
    return float((np.diff(edges) * shares[inside]).sum() / MOST_FALSE)


def region_metrics(videos: Sequence[Judged]) -> dict[str, float | None]:
    """RBDC and TBDC of the places that results name; None where a set has no boxes, or was not seen."""
    known = [one for one in videos if one.truth.masks is not None and one.result.places is not None]
    found = [region for i, one in enumerate(known) for region in _regions(i, one)]
    both = rbdc_tbdc([one.truth.boxes for one in known], found, sum(one.truth.frames for one in known))
    return {"rbdc": both[0] if both else None, "tbdc": both[1] if both else None}


def _regions(video: int, one: Judged) -> list[Region]:
    """The boxes at the middle of each frame, in pixels, by the frame's score times their weight."""
    masks = one.truth.masks
    assert masks is not None
    scale = np.array([masks.width, masks.height, masks.width, masks.height])
    regions = []
    for frame, (time, score) in enumerate(zip(one.truth.times, one.scored.scores, strict=True)):
        for place in one.result.places or ():
            if place.start <= time < place.end:
                x0, y0, x1, y1 = (float(v) for v in np.array(place.box) * scale)
                regions.append(Region(video, frame, (x0, y0, x1, y1), float(score) * place.weight))
    return regions
