"""The senses of the agent. A new tool is one file here, one entry in `default_tools`, and passes the contract test."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from panda_agent.equipment import Equipment
from panda_agent.errors import UserError
from panda_agent.tools.base import Scope, Tool, ToolInput, ToolSpec, file_observation
from panda_agent.types import RulePack

GROUP = "panda_agent.tools"
"""Entry points under which other packages offer tools."""


def default_tools(equipment: Equipment | None = None) -> list[Tool]:
    """The tools that ship and can work with what is at hand, in the order in which the overview runs them."""
    from panda_agent.tools.ask_human import AskHuman
    from panda_agent.tools.caption_clip import TellFacts, caption_tools
    from panda_agent.tools.look_again import SECOND_LOOKS
    from panda_agent.tools.observe_motion import ObserveMotion
    from panda_agent.tools.track_objects import TrackObjects

    at_hand = equipment or Equipment()
    tools: list[Tool] = [ObserveMotion()]
    if at_hand.detector is not None:
        tools.append(TrackObjects(at_hand.detector, strict=at_hand.strict))
    tools += [TellFacts()] if at_hand.prompts is None else caption_tools(at_hand.prompts)
    tools += SECOND_LOOKS
    if at_hand.person:
        tools.append(AskHuman())
    return [*tools, *on_request()]


def on_request() -> list[Tool]:
    """The tools that run when somebody asks for them by name."""
    from panda_agent.tools.compare_clips import CompareClips
    from panda_agent.tools.enhance import Enhance
    from panda_agent.tools.listen import Listen
    from panda_agent.tools.read_text import ReadText
    from panda_agent.tools.retrieve_frames import RetrieveFrames
    from panda_agent.tools.search_knowledge import SearchKnowledge

    return [CompareClips(), Enhance(), Listen(), ReadText(), RetrieveFrames(), SearchKnowledge()]


def readers_of_captions(pack: RulePack, made: Collection[str]) -> list[Tool]:
    """The tools that read what others describe, where somebody does and a rule asks for what they say of it.

    Args:
        pack: The rules.
        made: Kinds of evidence that the tools at hand file.
    """
    from panda_agent.tools.average_alike import AverageAlike
    from panda_agent.tools.liken_told import LikenTold

    readers: list[tuple[Tool, set[str]]] = [
        (AverageAlike(), {"caption", "score"}),
        (LikenTold(pack.event_types), {"caption"}),
    ]
    asked = {one.kind for rule in pack.rules for one in rule.when}
    return [tool for tool, needed in readers if needed <= set(made) and not asked.isdisjoint(tool.spec.makes)]


def shipped_specs() -> list[ToolSpec]:
    """Every tool that ships, at hand or not: rules may speak of what they file."""
    from panda_agent.prompts.prompt_packs import load_prompts
    from panda_agent.tools.average_alike import AverageAlike
    from panda_agent.tools.caption_clip import TellFacts
    from panda_agent.tools.hear_person import HearPerson
    from panda_agent.tools.import_scores import ImportScores
    from panda_agent.tools.liken_told import LikenTold
    from panda_agent.tools.opinions import JUDGE
    from panda_agent.tools.recall_camera import RecallCamera
    from panda_agent.tools.track_objects import TrackObjects

    everything = Equipment(prompts=load_prompts("default"), person=True)
    scores = ImportScores(Path("scores.npy"))
    apart = [TellFacts.spec, TrackObjects.spec, RecallCamera.spec, HearPerson.spec, scores.spec, JUDGE]
    apart += [AverageAlike.spec, LikenTold.spec]
    return [*apart, *(tool.spec for tool in default_tools(everything))]


def installed_tools() -> list[Tool]:
    """Tools that installed packages offer as entry points of the group `panda_agent.tools`.

    Raises:
        UserError: One can't be loaded, or is no tool.
    """
    return [_loaded(point) for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)]


def _loaded(point: EntryPoint) -> Tool:
    origin = f"The tool {point.name!r} of the package {point.dist.name if point.dist else '?'}"
    try:
        made = point.load()
        tool: Tool = made() if isinstance(made, type) else made
    except Exception as error:  # boundary: code of another package
        raise UserError(f"{origin} can't be loaded: {error}.", hint="Mend or uninstall that package.") from error
    if not isinstance(getattr(tool, "spec", None), ToolSpec):
        raise UserError(f"{origin} is no tool: it has no `spec`.", hint="See docs/tools.md.")
    return tool


def kinds_of(specs: Iterable[ToolSpec]) -> dict[str, tuple[str, ...]]:
    """Every kind of evidence that tools can file, with its data fields."""
    kinds: dict[str, tuple[str, ...]] = {}
    for spec in specs:
        for kind, fields in spec.makes.items():
            kinds[kind] = tuple(dict.fromkeys((*kinds.get(kind, ()), *fields)))
    return kinds


class Toolbox:
    """The tools of one case, by name.

    Args:
        tools: Tools; a later one replaces an earlier one of the same name.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._aliases = {
            _plain(alias): name
            for name, tool in reversed(self._tools.items())  # of two that claim an alias, the first has it
            for alias in (*tool.spec.aliases, name)
        } | {_plain(name): name for name in self._tools}

    def __getitem__(self, name: str) -> Tool:
        """A tool by its name or one of its aliases; case, dashes and spaces don't matter.

        Raises:
            UserError: There is none; the hint lists those at hand.
        """
        if _plain(name) not in self._aliases:
            raise UserError(f"There is no tool {name!r}.", hint=f"Tools at hand: {', '.join(self._tools)}.")
        return self._tools[self._aliases[_plain(name)]]

    def name_of(self, name: str) -> str | None:
        """The tool that goes by a name or an alias; None where there is none."""
        return self._aliases.get(_plain(name))

    def __iter__(self) -> Iterator[Tool]:
        """Every tool, in the order in which they were given."""
        return iter(self._tools.values())

    def get(self, name: str) -> Tool | None:
        """The tool of exactly that name, if there is one."""
        return self._tools.get(name)

    def overview(self) -> list[Tool]:
        """Tools that look at the whole video, once."""
        return [tool for tool in self._tools.values() if tool.spec.stage == "overview"]

    def second_looks(self) -> list[str]:
        """Names of the tools that look at one unclear clip."""
        return [name for name, tool in self._tools.items() if tool.spec.stage == "second look"]

    def makes(self) -> dict[str, tuple[str, ...]]:
        """Every kind of evidence the tools can file, with its data fields."""
        return kinds_of(tool.spec for tool in self._tools.values())


def _plain(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


__all__ = [
    "Scope",
    "Tool",
    "ToolInput",
    "ToolSpec",
    "Toolbox",
    "default_tools",
    "file_observation",
    "installed_tools",
    "kinds_of",
    "shipped_specs",
]
