"""Tools that keep what they see, and tools that tell what others saw before: the two ends of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from panda_agent.errors import NotRecorded, ToolError, UserError
from panda_agent.memory.recording import Probe, RecordedTool, Recording, packed, probe_key, unpacked
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope, Tool, ToolInput, ToolSpec
from panda_agent.types.request import OnMiss


class Recorded:
    """A tool whose every run is kept.

    Args:
        tool: Does the looking.
        keep: Called with each finished run; one that is cut off is not kept.
    """

    def __init__(self, tool: Tool, keep: Callable[[Probe], None]) -> None:
        self.spec, self._tool, self._keep = tool.spec, tool, keep

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Look, and keep what was seen, or why nothing could be."""
        key = key_of(self.spec, scope)
        rows = []
        try:
            for seen in self._tool.run(scope):
                rows.append(packed(replace(seen, known_at=scope.known_at)))
                yield seen
        except ToolError as error:
            self._keep(Probe(tool=self.spec.id, key=key, failed=str(error), rows=rows))
            raise
        self._keep(Probe(tool=self.spec.id, key=key, rows=rows))


class AnyInput(ToolInput, extra="allow"):
    """What a tool was asked whose own type is not at hand: as it is."""


class Replayed:
    """A tool of which only a recording is at hand.

    Args:
        recorded: What it was.
        recording: What it saw.
        on_miss: What to do about a look that is not in it.
        live: The tool itself, for `live`.
    """

    def __init__(self, recorded: RecordedTool, recording: Recording, on_miss: OnMiss, live: Tool | None = None) -> None:
        self.spec = ToolSpec(**recorded.model_dump(), input=AnyInput) if live is None else live.spec
        self._recording, self._on_miss, self._live = recording, on_miss, live

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Tell what was seen then.

        Raises:
            NotRecorded: Nobody looked then.
            ToolError: It could not work then.
            UserError: Nobody looked then, and `on_miss` is `fail`.
        """
        probe = self._recording.find(key_of(self.spec, scope))
        if probe is not None:
            yield from map(unpacked, probe.rows)
            if probe.failed is not None:
                raise ToolError(probe.failed)
        elif self._on_miss == "live" and self._live is not None:
            yield from self._live.run(scope)
        else:
            raise self._missed(scope)

    def _missed(self, scope: Scope) -> NotRecorded | UserError:
        where = "the whole video" if scope.span is None else str(scope.span)
        text = f"The recording holds no look of {self.spec.id} at {where} with these settings."
        if self._on_miss == "fail":
            return UserError(text, hint="Record the video again, or use --on-miss undecided.")
        return NotRecorded(text)


def recorded_tool(spec: ToolSpec) -> RecordedTool:
    """What a recording says of a tool."""
    return RecordedTool(**spec.model_dump(include=set(RecordedTool.model_fields)))


def key_of(spec: ToolSpec, scope: Scope) -> str:
    """Content address of a look. The video is not part of it: a recording is about one."""
    inputs: dict[str, Any] = {
        "span": None if scope.span is None else [round(scope.span.start, 3), round(scope.span.end, 3)],
        "region": None if scope.region is None else scope.region.model_dump(),
        "input": scope.input.model_dump(mode="json"),
        "about": sorted(row.cite for row in scope.about),
        "zones": [zone.model_dump(mode="json") for zone in scope.zones],
        "settings": {name: _setting(scope.settings, name) for name in spec.settings},
    }
    if scope.online:
        inputs["online"] = True
    return probe_key(spec.id, inputs)


def _setting(settings: Settings, name: str) -> Any:
    value: Any = settings.judging()
    for part in name.split("."):
        value = value[part]
    return value
