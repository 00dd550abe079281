"""What several filters measure alike; those that are given the same senses share the work."""

from __future__ import annotations

from dataclasses import dataclass, field

from panda_agent.perception.points import Points
from panda_agent.perception.strides import BodySize, Strides


@dataclass(frozen=True, slots=True)
class Senses:
    """Each may be updated by every filter that uses it: a second update at the same moment does nothing."""

    points: Points = field(default_factory=Points)
    strides: Strides = field(default_factory=Strides)
    size: BodySize = field(default_factory=BodySize)
