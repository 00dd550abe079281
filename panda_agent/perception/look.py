"""What every perception filter is given a frame, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from panda_agent.perception.background import Foreground
from panda_agent.perception.cells import CellLook
from panda_agent.perception.observation import Observation
from panda_agent.perception.tracks import Track
from panda_agent.types import Region


@dataclass(frozen=True, slots=True)
class Pixels:
    """What a frame shows before anybody is followed; all pictures share the reduced size (h, w)."""

    time: float
    """Seconds."""
    rgb: NDArray[np.uint8]
    """(h, w, 3)."""
    gray: NDArray[np.uint8]
    """(h, w)."""
    flow: NDArray[np.float32]
    """(h, w, 2), pixels per second, x right and y down."""
    foreground: Foreground
    boxes: NDArray[np.float32]
    """(n, 4) motion boxes in pixels."""
    cells: CellLook = field(default_factory=CellLook.empty, kw_only=True)
    """What moves, cell by cell."""
    carried: NDArray[np.float32] = field(default_factory=lambda: np.zeros((1, 1, 2), np.float32), kw_only=True)
    """(h / 4, w / 4, 2), flow averaged along the paths of what moves, pixels per second."""


@dataclass(frozen=True, slots=True)
class Look(Pixels):
    """One perceived moment: its pixels, and who is followed."""

    live: dict[int, Track]
    """Tracks seen lately, by id; their last row may be older than this moment."""
    ended: list[Track]
    """Tracks that ended at this moment."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.gray.shape[1], self.gray.shape[0]

    def region(self, box: NDArray[np.floating] | tuple[float, float, float, float]) -> Region:
        """Normalise a pixel box (x0, y0, x1, y1)."""
        return Region.of_pixels(tuple(float(v) for v in box), *self.size)


class Filter(Protocol):
    """A small stateful detector. It holds bounded state, however long the video."""

    makes: ClassVar[dict[str, tuple[str, ...]]]
    """The kinds it can report, each with the fields of its data; rules are checked against this at load."""

    def update(self, look: Look) -> list[Observation]:
        """Take one frame; return what became certain by now: an episode when it ends, or once it is clear."""
        ...

    def finish(self) -> list[Observation]:
        """The video is over: return what was still open."""
        ...
