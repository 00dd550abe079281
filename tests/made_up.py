"""Made-up footage and a sense that sees nothing in it, for tests of what happens around perception."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from panda_agent.perception.observation import Observation
from panda_agent.tools import Scope, ToolSpec


def frames(seconds: float = 6.0, rate: int = 5) -> Iterator[tuple[float, np.ndarray]]:
    """Noise, the same every time: (seconds, RGB)."""
    rng = np.random.default_rng(0)
    for i in range(int(seconds * rate)):
        yield i / rate, rng.integers(0, 255, (48, 64, 3), np.uint8)


class Still:
    """In the place of the motion filters: it reads the video and sees nothing."""

    spec = ToolSpec(
        name="observe_motion", about="Sees.", family="motion", makes={"agitation": ("agitation", "profile")}
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        for _ in scope.reader.frames():
            scope.check()
        return iter(())


class Glance:
    """A second look that costs nothing and sees nothing, in the place of `zoom`."""

    spec = ToolSpec(
        name="zoom",
        about="Sees.",
        family="motion",
        stage="second look",
        makes={"second_look": ("of", "found", "tool", "kinds", "watched")},
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        scope.check()
        return iter(())
