"""What a run may see of a recording: with tools taken out, or, as the poorest strategy, descriptions alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from panda_agent.errors import UserError
from panda_agent.memory.recording import Header, Probe, RecordedTool
from panda_agent.tools.average_alike import AverageAlike
from panda_agent.tools.liken_told import LikenTold
from panda_agent.tools.recall_camera import RecallCamera

Strategy = Literal["panda", "caption_only"]
"""panda: all that a case has. caption_only: what a captioner says and his yes or no, weighed by the rules."""
FAMILY = "caption"
"""Whose tools caption_only keeps."""
TOLD = ("caption", "score")
"""Kinds of evidence that caption_only keeps: descriptions, and the flags that their writer gave with them."""
FROM_ROWS = (AverageAlike.spec.name, LikenTold.spec.name, RecallCamera.spec.name)
"""Tools that work from rows of others: no recording holds them, and they can be left out all the same."""
ALONE: Mapping[str, Any] = {"agent": {"reflection": False, "short_memory": 0, "long_memory": 0}}
"""Settings of caption_only: no clip is looked at again, and nothing is remembered."""


def narrowed(
    header: Header, probes: Iterable[Probe], without: tuple[str, ...], strategy: Strategy
) -> tuple[Header, list[Probe]]:
    """A recording with less in it.

    Args:
        header: Its header.
        probes: Its probes.
        without: Names of tools that are taken out, as far as it holds them.
        strategy: caption_only takes out all but descriptions.

    Raises:
        UserError: No tool is left.
    """
    probes = [probe for probe in probes if _tool_of(probe) not in without]
    tools = [tool for tool in header.tools if tool.name not in without]
    if strategy == "caption_only":
        tools, without = [_telling(tool) for tool in tools if _tells(tool)], (*without, *FROM_ROWS)
        probes = [_told(probe) for probe in probes]
    if not tools:
        raise UserError(
            f"No tool is left of the recording of {header.video}.", hint="Take out less, or record it with more tools."
        )
    kept = {tool.name for tool in tools}
    lean = header.model_copy(update={"tools": tuple(tools), "without": (*header.without, *without)})
    return lean, [probe for probe in probes if _tool_of(probe) in kept]


def _tool_of(probe: Probe) -> str:
    return probe.tool.split("@")[0]


def _tells(tool: RecordedTool) -> bool:
    return tool.family == FAMILY and any(kind in TOLD for kind in tool.makes)


def _telling(tool: RecordedTool) -> RecordedTool:
    return tool.model_copy(update={"makes": {kind: tool.makes[kind] for kind in TOLD if kind in tool.makes}})


def _told(probe: Probe) -> Probe:
    return probe.model_copy(update={"rows": [row for row in probe.rows if row["kind"] in TOLD]})
