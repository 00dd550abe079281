"""Objects followed from picture to picture, each with the votes for what it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.detector import Detections
from panda_agent.perception.tracks import LOST_SECONDS, Followed, Track, TrackerKind, load_tracker


@dataclass(slots=True)
class ObjectTrack(Track):
    """A track whose boxes come from a detector; the flow in its rows is 0, as nobody measured it."""

    votes: dict[int, float] = field(default_factory=dict)
    """Summed confidence of each class."""


class ObjectTracker:
    """ByteTrack (Zhang et al., ECCV 2022) or BoT-SORT (Aharon et al., 2022) over detections.

    Each case makes its own; ids count from 1. A detection that no track takes is no object yet: it has no id.

    Args:
        rate: Frames per second that `update` will be called with; trackers count time in frames.
        kind: Which of the two; BoT-SORT also makes up for a moving camera, and takes longer.
        config_dir: Where Ultralytics may keep its settings file.
    """

    def __init__(self, rate: float, kind: TrackerKind, config_dir: Path) -> None:
        self._tracker, self._boxes = load_tracker(kind, config_dir, track_buffer=max(1, round(LOST_SECONDS * rate)))
        self._followed = Followed(ObjectTrack)

    @property
    def live(self) -> dict[int, ObjectTrack]:
        """Tracks seen lately, by id."""
        return self._followed.live

    def update(self, time: float, rgb: NDArray[np.uint8], seen: Detections) -> list[ObjectTrack]:
        """Match detections to tracks and return the tracks that have ended. Call it on pictures without any too.

        Args:
            time: Seconds, rising.
            rgb: The picture (h, w, 3), for BoT-SORT's camera motion.
            seen: What the detector sees in it.
        """
        table = np.concatenate([seen.boxes, seen.scores[:, None], seen.classes[:, None]], axis=1).astype(np.float32)
        for row in self._tracker.update(self._boxes(table, rgb.shape[:2]), rgb):
            self._extend(time, row, seen)
        return self._followed.over(time)

    def finish(self) -> list[ObjectTrack]:
        """End all live tracks and return them."""
        return self._followed.finish()

    def _extend(self, time: float, row: NDArray[np.floating], seen: Detections) -> None:
        i = int(row[7])
        track = self._followed[int(row[4])]
        track.rows.append((time, *seen.boxes[i].tolist(), 0.0, 0.0))
        name = int(seen.classes[i])
        track.votes[name] = track.votes.get(name, 0.0) + float(seen.scores[i])
