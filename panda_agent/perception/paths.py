"""Paths: the way of one object, joined from the fragments that a tracker of motion boxes leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.tracks import Track

Array = NDArray[np.float64]

MIN_HITS = 5
"""Fragments seen in fewer frames are dropped: specks, shards of a body, headlights."""
JOIN_SECONDS = 1.5
"""A fragment may start this long after another ended and still be the same object."""
JOIN_BODIES = 0.8
"""Farthest that it may start from where the other would be by then, body lengths."""
JOIN_SIZES = 2.0
"""Largest ratio of sizes at a joint."""
SWITCH_SECONDS, SWITCH_PACE, SWITCH_CHANGE = 0.4, 0.4, 4.0
"""A track jumped to another object where, on both sides of so many seconds, something moved at least at this pace (body
lengths/s) and the change between them is more than a person can make (body lengths/s²; a sprinter starts with 2.5)."""
WINDOW_SECONDS = 0.8
"""Speed is measured over this time: a walking cycle, so that legs don't count."""
RIM = 0.01
"""A box this near to the rim of the picture is cut off by it, share of the side."""


@dataclass
class Path:
    """An object's way. Lengths are in picture heights unless they are said to be in body lengths."""

    tracks: list[int]
    """Ids of the joined tracks."""
    rows: Array
    """(n, 7) as `Track.array`, in pixels."""
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""

    @property
    def time(self) -> Array:
        """(n,) seconds."""
        return self.rows[:, 0]

    @property
    def seconds(self) -> float:
        """From first to last sight."""
        return float(self.time[-1] - self.time[0])

    @cached_property
    def boxes(self) -> Array:
        """(n, 4) x0, y0, x1, y1, smoothed by a running median so that one bad box moves nothing."""
        return _running_median(self.rows[:, 1:5], 3) / self.size[1]

    @cached_property
    def body(self) -> float:
        """Body length: the median of the longer box side, from boxes that the rim doesn't cut where there are some."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        whole = ~self.cut
        return max(float(np.median(sides[whole if whole.sum() >= 3 else slice(None)].max(axis=1))), 1e-3)

    @cached_property
    def aspect(self) -> Array:
        """(n,) height over width."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        return sides[:, 1] / np.maximum(sides[:, 0], 1e-6)

    @cached_property
    def center(self) -> Array:
        """(n, 2) middle of the box."""
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2

    @cached_property
    def cut(self) -> NDArray[np.bool_]:
        """(n,) whether the rim of the picture cuts the box."""
        return np.stack([self._at_rim(row) for row in self.boxes])

    @cached_property
    def velocity(self) -> Array:
        """(n, 2) picture heights per second, x right and y down, measured over `WINDOW_SECONDS`."""
        return self.velocity_over(WINDOW_SECONDS)

    def velocity_over(self, seconds: float) -> Array:
        """(n, 2) picture heights per second, x right and y down, measured over so many seconds around each row.

        Two lower bounds are at hand, and the larger one is taken. What the box moves: it grows and shrinks when bodies
        merge, split or swing their arms, and then one side stays, so only what opposite sides share counts. And the
        mean flow inside the box, which the still background in it can only lessen.
        """
        half = min(seconds, self.seconds) / 2
        before = np.clip(self.time - half, self.time[0], self.time[-1] - 2 * half)
        sides = [np.interp(before + 2 * half, self.time, s) - np.interp(before, self.time, s) for s in self.boxes.T]
        moved = np.stack([_common(sides[0], sides[2]), _common(sides[1], sides[3])], axis=1) / max(2 * half, 1e-3)
        flow = _window_mean(self.time, self.rows[:, 5:7], before, before + 2 * half) / self.size[1]
        larger = np.linalg.norm(moved, axis=1) >= np.linalg.norm(flow, axis=1)
        return np.where(larger[:, None], moved, flow)

    @cached_property
    def speed(self) -> Array:
        """(n,) body lengths per second."""
        return np.asarray(np.linalg.norm(self.velocity, axis=1) / self.body, np.float64)

    @cached_property
    def steps(self) -> Array:
        """(n,) seconds that each row stands for."""
        return np.gradient(self.time) if len(self.time) > 1 else np.zeros(1)

    @cached_property
    def moved(self) -> Array:
        """(n, 2) picture heights that each row stands for; their sum is the way from start to end."""
        return self.velocity * self.steps[:, None]

    @property
    def way(self) -> float:
        """Length of the way, body lengths."""
        return float(np.linalg.norm(self.moved, axis=1).sum()) / self.body

    @property
    def straightness(self) -> float:
        """Distance from start to end over the way, 0..1; low for what only trembles."""
        return float(np.linalg.norm(self.moved.sum(axis=0))) / self.body / max(self.way, 0.5)

    def at_rim(self, end: int) -> bool:
        """Whether the path starts (0) or ends (-1) where the rim cuts the box, or within half a body of it."""
        return self._at_rim(self.boxes[end], 0.5 * self.body)

    def _at_rim(self, box: Array, margin: float = RIM) -> bool:
        width, height = self.size[0] / self.size[1], 1.0
        return bool(min(box[0], box[1], width - box[2], height - box[3]) < margin)


@dataclass
class Joiner:
    """Collects ended tracks and joins fragments of one object."""

    waiting: list[Path] = field(default_factory=list)
    due: float = 0.0

    def update(self, time: float, size: tuple[int, int], ended: Sequence[Track], live: Iterable[Track]) -> list[Path]:
        """Take the tracks that ended now; return the paths that nothing can be joined to any more."""
        if not ended and (not self.waiting or time < self.due):
            return []
        self.due = time + JOIN_SECONDS / 4
        for track in sorted(ended, key=lambda track: track.rows[0][0]):
            if len(track.rows) >= MIN_HITS:
                for path in split(Path([track.id], track.array, size)):
                    self._add(path)
        starts = [Path([t.id], t.array[:MIN_HITS], size) for t in live if len(t.rows) >= MIN_HITS and self.waiting]
        done = [
            path
            for path in self.waiting
            if time - path.time[-1] > 2 * JOIN_SECONDS and not any(continues(path, start) for start in starts)
        ]
        self.waiting = [path for path in self.waiting if all(path is not other for other in done)]
        return done

    def finish(self) -> list[Path]:
        """Return what is still waiting."""
        done, self.waiting = self.waiting, []
        return done

    def _add(self, path: Path) -> None:
        for i, earlier in enumerate(self.waiting):
            if continues(earlier, path):
                joined = np.concatenate([earlier.rows, path.rows])
                self.waiting[i] = Path([*earlier.tracks, *path.tracks], joined, path.size)
                return
        self.waiting.append(path)


def split(path: Path) -> list[Path]:
    """Cut a track where it jumped from one object to another, as when a cyclist comes where a walker leaves.

    Both sides of a cut move, and differ by more than a body can change its velocity in the time between. Who stops dead
    isn't cut: only where the direction is reversed may one side be slow.
    """
    half = SWITCH_SECONDS / 2
    velocity = path.velocity_over(SWITCH_SECONDS)
    pace = np.linalg.norm(velocity, axis=1)
    before = np.searchsorted(path.time, path.time - half)
    after = np.minimum(np.searchsorted(path.time, path.time + half), len(path.time) - 1)
    change = np.linalg.norm(velocity[after] - velocity[before], axis=1) / (SWITCH_SECONDS * path.body)
    reversed_ = (velocity[before] * velocity[after]).sum(axis=1) < 0
    least = np.where(reversed_, SWITCH_PACE / 3, SWITCH_PACE) * path.body
    change[np.minimum(pace[before], pace[after]) < least] = 0.0
    change[: MIN_HITS - 1] = change[-MIN_HITS:] = 0.0
    cut = int(change.argmax())
    if len(path.time) < 2 * MIN_HITS or change[cut] < SWITCH_CHANGE:
        return [path]
    parts = (path.rows[: cut + 1], path.rows[cut + 1 :])
    return [piece for rows in parts for piece in split(Path(path.tracks, rows, path.size))]


def continues(earlier: Path, later: Path) -> bool:
    """Whether a fragment starts where another ended, going on as it went."""
    gap = float(later.time[0] - earlier.time[-1])
    if not 0 < gap <= JOIN_SECONDS:
        return False
    body = max(earlier.body, later.body)
    if body > JOIN_SIZES * min(earlier.body, later.body):
        return False
    if float(earlier.velocity[-1] @ later.velocity[0]) < 0:
        return False
    expected = earlier.center[-1] + earlier.velocity[-1] * gap
    nearest = min(np.linalg.norm(later.center[0] - place) for place in (expected, earlier.center[-1]))
    return bool(nearest <= JOIN_BODIES * body)


def _common(a: Array, b: Array) -> Array:
    """The smaller of two displacements of one sign, else 0."""
    return np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0)


def _window_mean(time: Array, values: Array, start: Array, end: Array) -> Array:
    """Mean of the rows (n, k) whose time lies in each [start, end]."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    first, last = np.searchsorted(time, start - 1e-6), np.searchsorted(time, end + 1e-6)
    return np.asarray((total[last] - total[first]) / np.maximum(last - first, 1)[:, None], np.float64)


def _running_median(values: Array, reach: int) -> Array:
    """Median over 2 `reach` + 1 rows, edge rows repeated."""
    if len(values) < 3:
        return values
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.asarray(np.median(windows, axis=-1), np.float64)
