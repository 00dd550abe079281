"""What a tool is: a spec, and `run(scope)` that yields observations. New tools need nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from panda_agent.errors import ToolError
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.types import BUILT_IN_ZONES, Evidence, Model, Region, TimeSpan, Zone, evidence_id, zones_of
from panda_agent.video.causal import CausalFootage

if TYPE_CHECKING:
    from panda_agent.backends.calls import ModelCalls
    from panda_agent.memory.normality import NormalityMemory
    from panda_agent.video import Footage


Need = Literal["detector weights", "CLIP weights", "model endpoint", "sound", "network", "person"]
"""What a tool can't work without, beside the video."""


class ToolInput(Model):
    """What a call may say beside where and when to look; a tool that takes more subclasses it.

    Fields are numbers, enumerations, ids and quoted texts: never paths, addresses or code.
    """


class ToolSpec(Model):
    """What the planner and the rules need to know of a tool."""

    name: str
    version: int = 1
    about: str
    """One sentence for the planner and for `panda doctor`."""
    family: str
    """The sense it uses; independent sources are different families."""
    stage: Literal["overview", "second look", "on request"] = "overview"
    """Runs once over the whole video, on one unclear clip, or when somebody asks for it by name."""
    input: type[ToolInput] = ToolInput
    """What a call may say; its JSON schema is what a planner sees."""
    makes: dict[str, tuple[str, ...]]
    """The kinds of evidence it can file, each with the fields of its data."""
    cost: Literal["free", "slow", "paid"] = "free"
    """free: up to a few times as fast as the video. slow: a network on every picture. paid: asks a model endpoint."""
    needs: tuple[Need, ...] = ()
    """Where one of these is missing, the tool is not at hand."""
    settings: tuple[str, ...] = ()
    """Settings that decide what it sees, like `perception` or `objects.max_fps`: a recording is valid for them only."""
    parallel_safe: bool = False
    """Two calls may run at the same time in one process, beside other tools too."""
    after: bool = False
    """It works from rows that other tools filed, so in an overview it runs after them."""
    aliases: tuple[str, ...] = ()
    """Other names that a planner may use, e.g. `object detection`."""

    @property
    def id(self) -> str:
        """`name@version`, as evidence names its tool."""
        return f"{self.name}@{self.version}"


def _ignore_progress(done: float, total: float | None) -> None:
    """Nobody watches."""


def _never_pause() -> None:
    """Nobody asks to pause."""


def _no_model() -> ModelCalls:
    raise ToolError("There is no model endpoint.", hint="Set model.base_url.")


def _nothing_filed(**_: Any) -> list[Evidence]:
    """There is no case."""
    return []


@dataclass(frozen=True)
class Scope:
    """What a tool may look at, and how it reports back."""

    reader: Footage
    settings: Settings
    home: Path
    """Where a tool may keep files of its own."""
    input: ToolInput = field(default_factory=ToolInput)
    """What this call asks for: of the type that the tool's spec names."""
    span: TimeSpan | None = None
    """The stretch to look at; None is the whole video."""
    region: Region | None = None
    """The part of the picture to look at; None is all of it."""
    about: tuple[Evidence, ...] = ()
    """For a second look: the rows that are in doubt."""
    filed: Callable[..., list[Evidence]] = field(default=_nothing_filed)
    """Rows that the case holds already: `filed(kind=…, span=…)` and the other filters of `CaseStore.evidence`."""
    calls: Callable[[], ModelCalls] = field(default=_no_model)
    """The model as this case uses it; raises ToolError where there is none."""
    media: Path | None = None
    """The case folder, where a tool keeps pictures that its evidence shows; None where there is no case."""
    zones: tuple[Zone, ...] = ()
    normality: NormalityMemory | None = None
    """What is normal for this camera, where normal videos were given."""
    progress: Callable[[float, float | None], None] = field(default=_ignore_progress)
    """Called with (seconds done, seconds in all or None)."""
    check: Callable[[], None] = field(default=_never_pause)
    """Raises CasePaused when the case is to stop; call it at least once a second of work."""

    @property
    def online(self) -> bool:
        """Whether the video comes in while it is looked at: then no frame may be read ahead of what is said."""
        return self.settings.loop.mode == "online"

    @property
    def known_at(self) -> float | None:
        """Online, the second of the video at which what the tool says now is known; None where all of it is there."""
        if not isinstance(self.reader, CausalFootage):
            return None
        if self.reader.until is not None:
            return self.reader.until
        # Scores have milliseconds, and none may come too early.
        return math.ceil(round(self.reader.known_at * 1000, 6)) / 1000


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
    """Turn an observation into a row of evidence, with its content address, the zones it lies in, and when it is known.

    Call it before the tool goes on: what is known depends on how far the tool has read.
    """
    inputs = {
        "kind": seen.kind,
        "span": [round(seen.span.start, 3), round(seen.span.end, 3)],
        "region": None if seen.region is None else seen.region.model_dump(),
        "track": seen.data.get("track"),
        "scope": None if scope.span is None else [round(scope.span.start, 3), round(scope.span.end, 3)],
        "within": None if scope.region is None else scope.region.model_dump(),
    }
    asked = scope.input.model_dump(mode="json")
    if asked:
        inputs["input"] = asked
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
        call_id=seen.call_id,
        media_ref=seen.media,
        known_at=_known_at(scope, seen),
    )


def _known_at(scope: Scope, seen: Observation) -> float | None:
    """Online: as a recording tells it, or as far as was read, or where neither is known the end of what was seen."""
    if not scope.online:
        return None
    known = scope.known_at if seen.known_at is None else seen.known_at
    return seen.span.end if known is None else known
