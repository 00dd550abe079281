"""Boxes of single frames are linked to tracks, where a set has boxes and no track numbers."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.evaluation.truth import TrackBox

Box = tuple[float, float, float, float]
SAME_THING = 0.1
"""Overlap (IoU) from which a box continues one of the frame before."""


def boxes_of_components(frames: Sequence[Sequence[Sequence[float]]]) -> tuple[TrackBox, ...]:
    """Link [x, y, width, height] of each frame to tracks: the best overlap with a box of the frame before goes first.

    The track numbers are ours, by overlap alone: what a data set calls a track may be longer.
    """
    found: list[TrackBox] = []
    before: list[tuple[int, Box]] = []
    tracks = 0
    for frame, rows in enumerate(frames):
        boxes: list[Box] = [(x, y, x + width, y + height) for x, y, width, height in rows]
        owner = _continued(before, boxes)
        before = []
        for i, box in enumerate(boxes):
            if i not in owner:
                owner[i], tracks = tracks, tracks + 1
            before.append((owner[i], box))
            found.append(TrackBox(owner[i], frame, box))
    return tuple(found)


def _continued(before: Sequence[tuple[int, Box]], boxes: Sequence[Box]) -> dict[int, int]:
    pairs = sorted(
        ((overlap(old, new), track, i) for track, old in before for i, new in enumerate(boxes)),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    owner: dict[int, int] = {}
    for iou, track, i in pairs:
        if iou >= SAME_THING and i not in owner and track not in owner.values():
            owner[i] = track
    return owner


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
