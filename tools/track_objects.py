"""Objects by name: Ultralytics YOLO and a tracker over the whole video."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

from panda_agent.errors import ToolError, UserError
from panda_agent.perception.detector import Detector
from panda_agent.perception.object_tracks import ObjectTracker
from panda_agent.perception.objects import Objects
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.frames import beginning, drained, rate_of
from panda_agent.tools.so_far import News

HEAD = 30
"""Frames that tell the rate."""


class TrackObjects:
    """Finds objects with YOLO, follows them, and tells of each what it is and how it moves among the others.

    Args:
        weights: A .pt or .onnx file that Ultralytics loads.
        strict: Weights that can't be used are an error of the user's; else the case goes on without them.
    """

    spec = ToolSpec(
        name="track_objects",
        about="Finds and follows objects by name (person, bicycle, truck ...) with YOLO.",
        family="detector",
        makes=Objects.makes,
        settings=("objects",),
        cost="slow",
        needs=("detector weights",),
        parallel_safe=True,
        aliases=("object detection", "object tracking", "detect objects", "yolo", "detection", "tracking"),
    )

    def __init__(self, weights: Path, *, strict: bool = True) -> None:
        self._weights, self._strict = weights, strict

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield each object some seconds after it has left, and the rest at the end."""
        wish = scope.settings.objects
        home = scope.home / "ultralytics"
        detector = self._detector(scope, home)
        frames = scope.reader.frames(span=scope.span, max_fps=wish.max_fps, max_side=detector.side)
        head = beginning(frames, min(HEAD, scope.settings.perception.lookahead_frames))
        tracker = ObjectTracker(rate_of(head, wish.max_fps), wish.tracker, home)
        objects, news = Objects(detector.names), News()
        size = head[0].image.shape[1], head[0].image.shape[0]
        for frame in drained(head, frames):
            scope.check()
            ended = tracker.update(frame.time, frame.image, detector.detect(frame.image))
            objects.remember(ended)
            yield from objects.follow(frame.time, size, ended, tracker.live.values())
            if scope.online and news.is_due(frame.time):
                yield from news.of(_so_far(frame.time, size, objects, tracker))
            scope.progress(frame.time, None)
        ended = tracker.finish()
        objects.remember(ended)
        yield from objects.follow(frame.time, size, ended, ())
        yield from objects.finish()

    def _detector(self, scope: Scope, home: Path) -> Detector:
        wish = scope.settings.objects
        try:
            return Detector(self._weights, home, side=wish.max_side, least=wish.least_confidence, wanted=wish.classes)
        except UserError as error:
            if self._strict:
                raise
            raise ToolError(error.message, hint=error.hint) from error


def _so_far(time: float, size: tuple[int, int], objects: Objects, tracker: ObjectTracker) -> Iterator[Observation]:
    """What would be told of the objects were the video over now."""
    copy, tracks = deepcopy((objects, list(tracker.live.values())))
    copy.remember(tracks)
    yield from copy.follow(time, size, tracks, ())
    yield from copy.finish()
