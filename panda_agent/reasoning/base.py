"""What the loop asks of a reasoner; the rules reasoner and the language model both answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from panda_agent.prompts.prompt_packs import PromptPack
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope, ToolSpec
from panda_agent.types import (
    Cost,
    Evidence,
    Judgement,
    Plan,
    Reflection,
    RulePack,
    SceneContext,
    TimeSpan,
    Verdict,
)

if TYPE_CHECKING:
    from panda_agent.backends.calls import ModelCalls


@dataclass(frozen=True, slots=True)
class Means:
    """What a reasoner that is no pure function works with: eyes, a voice, memory, and the case to file into."""

    scope: Scope
    """The footage, and what the case holds already."""
    calls: Callable[[], ModelCalls]
    """The model, for words alone too; raises BackendError where it can't be asked."""
    prompts: PromptPack
    tools: Sequence[ToolSpec]
    """Tools that may be asked for, at hand or not."""
    at_hand: Callable[[str], str | None]
    """The name of a tool at hand by its name or an alias; None where there is none."""
    file: Callable[[Evidence], Evidence]
    """Files a row, and returns it as it is kept."""
    judged: Callable[[], list[Judgement]]
    """All judgements so far, of every round."""
    reflected: Callable[[int, int], tuple[Reflection | None, str]]
    """What was decided when a clip (index, round) was unclear, and what it brought, in words."""
    log: Callable[[str, dict[str, JsonValue]], None]
    """Adds a step to the case log, once."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is known of a case before its first clip."""

    question: str | None
    pack: RulePack
    settings: Settings
    duration: float
    """Seconds, by the last decoded timestamp."""
    started_at: str | None
    """ISO time of second 0."""
    overview: Sequence[Evidence]
    """What the overview tools filed."""
    second_looks: Sequence[str]
    """Names of the tools that can look at one clip again."""
    makes: frozenset[str]
    """Kinds of evidence that the tools at hand can file."""
    reference: str
    """What motion is compared with: `normal videos` or `the rest of this video`."""
    scene: SceneContext | None = None
    """The scene, where somebody saw more of it than was measured."""
    clips: Sequence[TimeSpan] = ()
    """The clips that will be judged."""
    means: Means | None = field(default=None, compare=False)
    """For a reasoner that asks a model; None where there is none."""


@dataclass(frozen=True, slots=True)
class ClipView:
    """One clip as the reasoner sees it."""

    index: int
    span: TimeSpan
    round: int
    """0 at the first look."""
    evidence: Sequence[Evidence]
    """Everything whose span touches the clip."""
    recent: Sequence[str]
    """Short memory: the last five judgements, oldest first, a line each."""
    before: Judgement | None
    """How this clip was judged one round earlier."""
    used: Sequence[str]
    """Second looks that this clip had."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything a verdict is written from."""

    brief: Brief
    plan: Plan
    evidence: Sequence[Evidence]
    judgements: Sequence[Judgement]
    blind: Sequence[TimeSpan]
    """Stretches without a picture."""
    untested: str | None
    """Why too little could be tested for "normal", if so."""
    warnings: Sequence[str]
    stopped: str | None
    """Why the case ended before everything was looked at (a budget), if it did."""
    spent: str | None
    """Why an unclear clip could not be looked at again (a budget), if so."""
    cost: Cost
    provenance: dict[str, object]


class Reasoner(Protocol):
    """Plans, judges clips, asks for second looks, and concludes. Must be deterministic for the same inputs."""

    name: str
    version: int

    def plan(self, brief: Brief) -> Plan:
        """Choose rules and set up hypotheses."""
        ...

    def judge(self, clip: ClipView, plan: Plan, brief: Brief) -> Judgement:
        """Judge one clip."""
        ...

    def reflect(self, clip: ClipView, judgement: Judgement, plan: Plan, brief: Brief) -> Reflection | None:
        """For an unclear clip, choose one tool that it has not had; None when there is nothing left to try."""
        ...

    def conclude(self, findings: Findings) -> Verdict:
        """Write the verdict."""
        ...
