"""The motion filters that the first look runs. A new filter is one file in perception/, and one entry here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panda_agent.perception.look import Filter
from panda_agent.perception.scene import Scene
from panda_agent.types import Zone

if TYPE_CHECKING:
    from panda_agent.memory.normality import NormalityMemory

FILTERS: tuple[type[Filter], ...] = (Scene,)


def build_filters(rate: float, zones: Sequence[Zone], normality: NormalityMemory | None) -> list[Filter]:
    """Make every filter afresh: they remember what they saw.

    Args:
        rate: Frames per second that they will be fed with.
        zones: Named parts of the picture.
        normality: What is normal for this camera, if known.
    """
    return [kind(rate) for kind in FILTERS]  # type: ignore[call-arg]
