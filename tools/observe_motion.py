"""The first look at everything: one pass of bare perception over the whole video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.look import Filter, Look
from panda_agent.perception.observation import Observation
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.scene import Scene
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.tools.filters import FILTERS, build_filters
from panda_agent.tools.frames import beginning, drained, pixels_ahead, rate_of
from panda_agent.tools.so_far import SoFar
from panda_agent.types import Zone
from panda_agent.video import Frame


class ObserveMotion:
    """Background, flow, tracks and every motion filter over the video, at the rate and size of the settings."""

    spec = ToolSpec(
        name="observe_motion",
        about="Watches the whole video for motion: objects and their paths, agitation, falls, flashes, "
        "things left behind.",
        family="motion",
        settings=("perception",),
        parallel_safe=True,
        makes={kind: fields for filter_class in FILTERS for kind, fields in filter_class.makes.items()},
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield observations as they become certain."""
        look = scope.settings.perception
        yield from perceive(scope.reader.frames(max_fps=look.max_fps, max_side=look.max_side), scope)


def perceive(
    frames: Iterator[Frame], scope: Scope, filters: Sequence[Callable[[float], Filter]] | None = None
) -> Iterator[Observation]:
    """Run bare perception over frames of one size.

    Args:
        frames: In order of time.
        scope: Settings, zones, normality memory, and how to report progress.
        filters: What to run, made by the frame rate; by default everything that ships.

    Raises:
        EmptyVideo: There is not a single frame.
    """
    head = beginning(frames, scope.settings.perception.lookahead_frames)
    rate = rate_of(head, scope.settings.perception.max_fps)
    height, width = head[0].image.shape[:2]
    if scope.online and filters is None:
        yield from _first_glance(head, rate, scope)
    perceiver = Perceiver(
        [frame.image for frame in head], rate, scope.home / "ultralytics", ignore_mask(scope.zones, width, height)
    )
    online = scope.online and filters is None
    running = (
        build_filters(rate, scope.zones, scope.normality, online=online)
        if filters is None
        else [make(rate) for make in filters]
    )
    so_far = SoFar(running) if online else None
    last: Look | None = None
    with closing(pixels_ahead(perceiver, drained(head, frames), online=scope.online)) as pixels:
        for seen in pixels:
            scope.check()
            last = perceiver.look(seen)
            for one in running:
                yield from one.update(last)
            if so_far is not None:
                yield from so_far.update(last)
            scope.progress(seen.time, None)
    assert last is not None
    rest = perceiver.last_tracks(last)
    for one in running:
        yield from one.update(rest) if rest.ended else ()
        yield from one.finish()


def _first_glance(head: Sequence[Frame], rate: float, scope: Scope) -> list[Observation]:
    """The scene as the first frames show it: online, all that a case can be planned by."""
    perceiver, scene = Perceiver([frame.image for frame in head], rate, scope.home / "ultralytics"), Scene(rate)
    for frame in head:
        scene.update(perceiver.look(perceiver.pixels(frame.time, frame.image)))
    return scene.finish()


def ignore_mask(zones: Iterable[Zone], width: int, height: int) -> NDArray[np.uint8] | None:
    """Mask (h, w) that is 255 inside the zones to ignore; None without such zones."""
    ignored = [zone for zone in zones if zone.type == "ignore"]
    if not ignored:
        return None
    mask = np.zeros((height, width), np.uint8)
    for zone in ignored:
        corners = np.array([[x * width, y * height] for x, y in zone.points], np.int32)
        cv2.fillPoly(mask, [corners], 255)
    return mask
