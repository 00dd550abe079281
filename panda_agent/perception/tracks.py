"""Tracks: Ultralytics' ByteTrack on boxes, ids counted from 1 in each case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.ultralytics_home import settled_ultralytics

TrackerKind = Literal["bytetrack", "botsort"]

MATCH_THRESHOLD = 0.95
"""Boxes of blobs jump in size, so nearly any overlap may match (median track on vtest 0.4 s at 0.8, 1.8 s at 0.95)."""
LOST_SECONDS = 1.5
"""How long a track may go unseen."""
SCORE = 0.9
"""Constant score of a motion box; a lower one loses half the tracks to score fusion."""


@dataclass(slots=True)
class Track:
    """The path of one object: a row (time, x0, y0, x1, y1, flow x, flow y) a frame in which it was seen."""

    id: int
    rows: list[tuple[float, ...]] = field(default_factory=list)

    @property
    def array(self) -> NDArray[np.float64]:
        """(n, 7): seconds; box in pixels of the reduced picture; mean flow inside the box, pixels per second."""
        return np.asarray(self.rows, np.float64).reshape(-1, 7)

    @property
    def last(self) -> float:
        """Seconds when it was last seen."""
        return self.rows[-1][0]


T = TypeVar("T", bound=Track)


class Followed(Generic[T]):
    """The tracks of one case, by ids of its own: Ultralytics counts ids through the whole process, ours start at 1.

    Args:
        make: Begins a track, given its id.
    """

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make = make
        self._ids: dict[int, int] = {}
        self.live: dict[int, T] = {}

    def __getitem__(self, foreign: int) -> T:
        """The track that goes by Ultralytics' id; a new one where it is not live."""
        own = self._ids.setdefault(foreign, len(self._ids) + 1)
        return self.live.setdefault(own, self._make(own))

    def over(self, time: float) -> list[T]:
        """Let go of the tracks that were not seen for `LOST_SECONDS`, and return them."""
        ended = [track for track in self.live.values() if time - track.last > LOST_SECONDS]
        for track in ended:
            del self.live[track.id]
        return ended

    def finish(self) -> list[T]:
        """End all live tracks and return them."""
        ended, self.live = list(self.live.values()), {}
        return ended


class MotionTracker:
    """ByteTrack (Zhang et al., ECCV 2022) over motion boxes.

    Args:
        rate: Frames per second that `update` will be called with; ByteTrack counts time in frames.
        config_dir: Where Ultralytics may keep its settings file.
    """

    def __init__(self, rate: float, config_dir: Path) -> None:
        self._tracker, self._boxes = load_tracker(
            "bytetrack", config_dir, match_thresh=MATCH_THRESHOLD, track_buffer=max(1, round(LOST_SECONDS * rate))
        )
        self._followed = Followed(Track)

    @property
    def live(self) -> dict[int, Track]:
        """Tracks seen lately, by id."""
        return self._followed.live

    def update(self, time: float, boxes: NDArray[np.float32], flow: NDArray[np.float32]) -> list[Track]:
        """Match boxes (n, 4) to tracks and return the tracks that have ended. Call it on empty frames too."""
        height, width = flow.shape[:2]
        rows = np.concatenate(
            [boxes, np.full((len(boxes), 1), SCORE, np.float32), np.zeros((len(boxes), 1), np.float32)], axis=1
        )
        for row in self._tracker.update(self._boxes(rows, (height, width))):
            box = boxes[int(row[7])]
            self._followed[int(row[4])].rows.append((time, *(float(v) for v in box), *_mean_flow(flow, box)))
        return self._followed.over(time)

    def finish(self) -> list[Track]:
        """End all live tracks and return them."""
        return self._followed.finish()


def _mean_flow(flow: NDArray[np.float32], box: NDArray[np.float32]) -> tuple[float, float]:
    x0, y0, x1, y1 = (int(v) for v in box)
    u, v, *_ = cv2.mean(flow[y0:y1, x0:x1])
    return u, v


def load_tracker(kind: TrackerKind, config_dir: Path, **changes: float | str) -> tuple[Any, Any]:
    """One of Ultralytics' trackers with its own settings but for `changes`, and the `Boxes` that it takes.

    Imported only here: Ultralytics loads torch, which takes seconds.
    """
    with settled_ultralytics(config_dir):
        from ultralytics.engine.results import Boxes
        from ultralytics.trackers.track import TRACKER_MAP
        from ultralytics.utils import YAML, IterableSimpleNamespace
        from ultralytics.utils.checks import check_yaml

    config = YAML.load(check_yaml(f"{kind}.yaml")) | changes
    return TRACKER_MAP[kind](IterableSimpleNamespace(**config)), Boxes
