"""What really happens in a rendered video, to the frame: read off what people did, not off the script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from examples.scenes.actor import Actor
from examples.scenes.camera import Box
from examples.scenes.crowd import Moment
from examples.scenes.drawing import bounds
from examples.scenes.picture import actor_box, bag_shapes
from examples.scenes.place import Place

_LEFT = 3.0  # metres from which a bag's owner counts as gone
_STOP = 1.5  # seconds without walking that count as a stop


@dataclass(frozen=True)
class Truth:
    """The truth about one video. Times are seconds from its first frame."""

    scene: str
    seed: int
    decoy: bool
    label: str
    """anomalous or normal."""
    events: list[dict[str, Any]]
    """What is wrong: type, start, end (None: to the end), boxes [[time, x0, y0, x1, y1], …] in picture shares."""
    normal: list[dict[str, Any]]
    """What is not: the innocent twin in the same form, walkers who stop, and how many of each kind are about."""
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


def happening(kind: str, place: Place, moments: Sequence[Moment]) -> dict[str, Any]:
    """When and where the heroes made the event, or the innocent act, of this kind.

    What passes through starts with the first frame that shows at least half of it, and ends with the last; a fall
    starts when balance is lost, a bag when it touches the ground, and `left` is when its owner is more than 3 m away or
    out of the picture.
    """
    tracks = [(m.time, _box(kind, place, m)) for m in moments]
    seen = [(time, box) for time, box in tracks if box is not None and place.camera.share_inside(box) > 0]
    inside = [time for time, box in seen if place.camera.share_inside(box) >= 0.5]
    marks = {mark: time for m in moments for a in _heroes(m) for mark, time in a.marks.items()}
    ends = inside[-1] if inside[-1] < moments[-1].time else None
    row: dict[str, Any] = {"type": kind, "start": marks.get("starts", inside[0]), "end": marks.get("ends", ends)}
    if kind == "abandoned_bag":
        row["left"] = next(m.time for m in moments if m.time > row["start"] and _gone(place, m))
    last = row["end"] if row["end"] is not None else moments[-1].time
    row["boxes"] = [[time, *_shares(box, place)] for time, box in seen if row["start"] <= time <= last]
    return row


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


def others(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """The usual life: how many walk, stand and sit, and when a walker stops for a while."""
    paces: dict[int, list[tuple[float, float]]] = {}
    kinds: dict[str, set[int]] = {}
    for moment in moments:
        for person in moment.people:
            kinds.setdefault(person.role, set()).add(person.number)
            if person.role == "walker":
                paces.setdefault(person.number, []).append((moment.time, person.speed))
    counts = [{"type": f"{role}s", "count": len(who)} for role, who in sorted(kinds.items()) if role != "hero"]
    return [*counts, *(stop for pace in paces.values() for stop in _stops(pace))]


def _stops(pace: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    stops, since = [], None
    for time, speed in [*pace, (pace[-1][0], 9.0)]:
        if speed < 0.3:
            since = time if since is None else since
        elif since is not None:
            if time - since >= _STOP:
                stops.append({"type": "stops", "start": since, "end": time})
            since = None
    return stops
