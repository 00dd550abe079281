"""The senses of the agent. A new tool is one file here, one entry in `default_tools`, and passes the contract test."""

from __future__ import annotations

from collections.abc import Iterable

from panda_agent.errors import UserError
from panda_agent.tools.base import Scope, Tool, ToolSpec, file_observation


def default_tools() -> list[Tool]:
    """The tools that ship, in the order in which the overview runs them."""
    from panda_agent.tools.look_again import SECOND_LOOKS
    from panda_agent.tools.observe_motion import ObserveMotion

    return [ObserveMotion(), *SECOND_LOOKS]


class Toolbox:
    """The tools of one case, by name.

    Args:
        tools: Tools; a later one replaces an earlier one of the same name.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}

    def __getitem__(self, name: str) -> Tool:
        if name not in self._tools:
            raise UserError(f"There is no tool {name!r}.", hint=f"Tools at hand: {', '.join(self._tools)}.")
        return self._tools[name]

    def overview(self) -> list[Tool]:
        """Tools that look at the whole video, once."""
        return [tool for tool in self._tools.values() if tool.spec.stage == "overview"]

    def second_looks(self) -> list[str]:
        """Names of the tools that look at one unclear clip."""
        return [name for name, tool in self._tools.items() if tool.spec.stage == "second look"]

    def makes(self) -> dict[str, tuple[str, ...]]:
        """Every kind of evidence the tools can file, with its data fields."""
        kinds: dict[str, tuple[str, ...]] = {}
        for tool in self._tools.values():
            for kind, fields in tool.spec.makes.items():
                kinds[kind] = tuple(dict.fromkeys((*kinds.get(kind, ()), *fields)))
        return kinds


__all__ = ["Scope", "Tool", "ToolSpec", "Toolbox", "default_tools", "file_observation"]
