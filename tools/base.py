"""What a tool is: a spec, and `run(scope)` that yields observations. New tools need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.types import BUILT_IN_ZONES, Evidence, Model, Region, TimeSpan, Zone, evidence_id, zones_of

if TYPE_CHECKING:
    from panda_agent.memory.normality import NormalityMemory
    from panda_agent.video import VideoReader


class ToolSpec(Model):
    """What the planner and the rules need to know of a tool."""

    name: str
    version: int = 1
    about: str
    """One sentence for the planner and for `panda doctor`."""
    family: str
    """The sense it uses; independent sources are different families."""
    stage: Literal["overview", "second look"] = "overview"
    """Runs once over the whole video, or on one unclear clip."""
    makes: dict[str, tuple[str, ...]]
    """The kinds of evidence it can file, each with the fields of its data."""

    @property
    def id(self) -> str:
        """`name@version`, as evidence names its tool."""
        return f"{self.name}@{self.version}"


def _ignore_progress(done: float, total: float | None) -> None:
    """Nobody watches."""


def _never_pause() -> None:
    """Nobody asks to pause."""


@dataclass(frozen=True)
class Scope:
    """What a tool may look at, and how it reports back."""

    reader: VideoReader
    settings: Settings
    home: Path
    """Where a tool may keep files of its own."""
    span: TimeSpan | None = None
    """The stretch to look at; None is the whole video."""
    region: Region | None = None
    """The part of the picture to look at; None is all of it."""
    about: tuple[Evidence, ...] = ()
    """For a second look: the rows that are in doubt."""
    zones: tuple[Zone, ...] = ()
    normality: NormalityMemory | None = None
    """What is normal for this camera, where normal videos were given."""
    progress: Callable[[float, float | None], None] = field(default=_ignore_progress)
    """Called with (seconds done, seconds in all or None)."""
    check: Callable[[], None] = field(default=_never_pause)
    """Raises CasePaused when the case is to stop; call it at least once a second of work."""


class Tool(Protocol):
    """A sense of the agent."""

    spec: ToolSpec

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Look, and yield what was noticed.

        Raises:
            ToolError: The tool can't work here; the case goes on without its evidence.
        """
        ...


def file_observation(spec: ToolSpec, scope: Scope, seen: Observation) -> Evidence:
    """Turn an observation into a row of evidence, with its content address and the zones it lies in."""
    inputs = {
        "kind": seen.kind,
        "span": [round(seen.span.start, 3), round(seen.span.end, 3)],
        "region": None if seen.region is None else seen.region.model_dump(),
        "track": seen.data.get("track"),
        "scope": None if scope.span is None else [round(scope.span.start, 3), round(scope.span.end, 3)],
        "within": None if scope.region is None else scope.region.model_dump(),
    }
    zones = zones_of(seen.region, (*scope.zones, *BUILT_IN_ZONES))
    return Evidence(
        id=evidence_id(spec.id, inputs),
        kind=seen.kind,
        span=seen.span,
        region=seen.region,
        statement=seen.statement,
        data={**seen.data, "zones": list(zones)} if zones else dict(seen.data),
        score=seen.score,
        tool=spec.id,
        family=seen.family or spec.family,
    )
