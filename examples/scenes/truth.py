"""What really happens in a rendered video, to the frame: read off what people did, not off the script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from examples.scenes.actor import Actor
from examples.scenes.camera import Box
from examples.scenes.crowd import Moment
from examples.scenes.drawing import bounds
from examples.scenes.picture import actor_box, bag_shapes
from examples.scenes.place import Place

_LEFT = 3.0  # metres from which a bag's owner counts as gone
_FOR_GOOD = ("fall", "abandoned_bag", "sit_down")
_STOP = 1.5  # seconds without walking that count as a stop


@dataclass(frozen=True)
class Happening:
    """One thing that happens; times in seconds from the first frame."""

    type: str
    start: float
    end: float | None
    """None: to the end of the video."""
    left: float | None = None
    """When a bag's owner is gone."""
    boxes: tuple[tuple[float, ...], ...] = ()
    """(time, x0, y0, x1, y1) for each frame that shows it, in shares of the picture."""


@dataclass(frozen=True)
class Truth:
    """The truth about one video. Times are seconds from its first frame."""

    scene: str
    seed: int
    decoy: bool
    label: str
    """anomalous or normal."""
    events: tuple[Happening, ...]
    """What is wrong."""
    normal: tuple[Happening, ...]
    """What is not: first the innocent act of a twin, then walkers who stop for a while."""
    people: dict[str, int]
    """How many others walk, stand and sit."""
    place: str
    night: bool
    shake: bool
    fps: int
    width: int
    height: int
    duration: float

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(asdict(self))


def happening(kind: str, place: Place, moments: Sequence[Moment]) -> Happening:
    """When and where the heroes made the event, or the innocent act, of this kind.

    What passes through starts with the first frame that shows at least half of it, and ends with the last; a fall
    starts when balance is lost, a bag when it touches the ground, and neither ends; `left` is when the bag's owner is
    more than 3 m away or out of the picture.
    """
    tracks = [(m.time, _box(kind, place, m)) for m in moments]
    seen = [(time, box) for time, box in tracks if box is not None and place.camera.share_inside(box) > 0]
    inside = [time for time, box in seen if place.camera.share_inside(box) >= 0.5]
    marks = {mark: time for m in moments for a in _heroes(m) for mark, time in a.marks.items()}
    ends = None if kind in _FOR_GOOD or inside[-1] == moments[-1].time else inside[-1]
    start, end = marks.get("starts", inside[0]), marks.get("ends", ends)
    left = next(m.time for m in moments if m.time > start and _gone(place, m)) if kind == "abandoned_bag" else None
    last = moments[-1].time if end is None else end
    boxes = tuple((time, *_shares(box, place)) for time, box in seen if start <= time <= last)
    return Happening(kind, start, end, left, boxes)


def _heroes(moment: Moment) -> list[Actor]:
    return [a for a in moment.people if a.role == "hero"]


def _box(kind: str, place: Place, moment: Moment) -> Box | None:
    """Around all heroes, or around the bag where the bag is the point."""
    if kind == "abandoned_bag":
        boxes = [bounds(bag_shapes(place, b)) for b in moment.bags]
    else:
        boxes = [actor_box(place, a) for a in _heroes(moment)]
    if not boxes:
        return None
    corners = np.array(boxes)
    x0, y0 = corners[:, :2].min(axis=0)
    x1, y1 = corners[:, 2:].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _gone(place: Place, moment: Moment) -> bool:
    for owner in _heroes(moment):
        spots = [b.spot for b in moment.bags if b.spot is not None]
        far = min(float(np.hypot(owner.x - x, owner.y - y)) for x, y in spots)
        return far > _LEFT or place.camera.share_inside(actor_box(place, owner)) == 0
    return True


def _shares(box: Box, place: Place) -> list[float]:
    """A pixel box in shares of the picture, clipped to it."""
    size = np.array([place.camera.width, place.camera.height] * 2)
    return [round(float(v), 4) for v in np.clip(np.array(box) / size, 0, 1)]


def about(moments: Sequence[Moment]) -> dict[str, int]:
    """How many others there are, by what they do."""
    seen = {(person.role, person.number) for moment in moments for person in moment.people if person.role != "hero"}
    return dict(sorted(Counter(f"{role}s" for role, _ in seen).items()))


def stops(moments: Sequence[Moment]) -> tuple[Happening, ...]:
    """When walkers stand still for a while."""
    paces: dict[int, list[tuple[float, float]]] = {}
    for moment in moments:
        for person in moment.people:
            if person.role == "walker":
                paces.setdefault(person.number, []).append((moment.time, person.speed))
    return tuple(stop for pace in paces.values() for stop in _stops(pace))


def _stops(pace: Sequence[tuple[float, float]]) -> Iterator[Happening]:
    since = None
    for time, speed in [*pace, (pace[-1][0], 9.0)]:
        if speed < 0.3:
            since = time if since is None else since
        elif since is not None:
            if time - since >= _STOP:
                yield Happening("stop", since, time)
            since = None
