"""The motion filters that the first look runs. A new filter is one file in perception/, and one entry here."""

from __future__ import annotations

from collections.abc import Sequence

from panda_agent.memory.normality import NormalityMemory
from panda_agent.memory.unusual import UnusualMotion
from panda_agent.memory.unusual_online import UnusualAsItComes
from panda_agent.perception.agitation import Agitation
from panda_agent.perception.attributes import Attributes
from panda_agent.perception.camera_motion import CameraMotion
from panda_agent.perception.camera_state import CameraState
from panda_agent.perception.crowd import Crowd
from panda_agent.perception.fastest import Fastest
from panda_agent.perception.flames import Flames
from panda_agent.perception.flashes import Flashes
from panda_agent.perception.growth import Growth
from panda_agent.perception.lighting import Lighting
from panda_agent.perception.look import Filter
from panda_agent.perception.lying import Lying
from panda_agent.perception.posture import Posture
from panda_agent.perception.quick import Quick
from panda_agent.perception.scene import Scene
from panda_agent.perception.senses import Senses
from panda_agent.perception.static_objects import StaticObjects
from panda_agent.perception.zones import Zones
from panda_agent.types import Zone

FILTERS: tuple[type[Filter], ...] = (
    Scene,
    Attributes,
    Quick,
    Fastest,
    Agitation,
    Posture,
    Lying,
    Crowd,
    Growth,
    Flashes,
    Flames,
    Lighting,
    StaticObjects,
    CameraState,
    CameraMotion,
    Zones,
    UnusualMotion,
)

ALONE = (Quick, Fastest, Agitation, Posture, Zones, UnusualMotion)
"""Those that are given more than the frame rate."""


def build_filters(
    rate: float, zones: Sequence[Zone], normality: NormalityMemory | None, *, online: bool = False
) -> list[Filter]:
    """Make every filter afresh: they remember what they saw.

    Args:
        rate: Frames per second that they will be fed with.
        zones: Named parts of the picture.
        normality: What is normal for this camera, if known.
        online: Moments are compared with normal life as they come.
    """
    senses = Senses()
    sharing: list[Filter] = [Quick(rate, senses), Agitation(rate, senses), Posture(rate, senses)]
    plain = [kind(rate) for kind in FILTERS if kind not in ALONE]  # type: ignore[call-arg]
    unusual = UnusualAsItComes(rate, normality) if online else UnusualMotion(rate, normality)
    return [*sharing, *plain, Fastest(rate, online=online), Zones(rate, zones), unusual]
