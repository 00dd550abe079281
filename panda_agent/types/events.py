"""The one stream of events that the command line, the iterator and a mounted graph all see."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from panda_agent.types.evidence import Evidence
from panda_agent.types.time import Model, TimeSpan
from panda_agent.types.verdict import Hypothesis, Judgement, SceneContext, Verdict


class CaseOpened(Model):
    """The case is committed: from now on it can be resumed."""

    type: Literal["case_opened"] = "case_opened"
    case_id: str
    video: str
    tier: str


class Progress(Model):
    """How far a long step is; for progress bars, never evidence."""

    type: Literal["progress"] = "progress"
    step: str
    done: float
    total: float | None = None


class EvidenceFound(Model):
    """A tool filed an observation. During the first pass it is provisional until the pass is committed."""

    type: Literal["evidence_found"] = "evidence_found"
    evidence: Evidence


class Planned(Model):
    """The scene was looked over and hypotheses were set up."""

    type: Literal["planned"] = "planned"
    scene: SceneContext
    hypotheses: tuple[Hypothesis, ...]
    rules: tuple[str, ...]


class Judged(Model):
    """A clip was judged, for the first time or anew."""

    type: Literal["judged"] = "judged"
    judgement: Judgement


class Reflected(Model):
    """A clip was unclear; this is what will be tried."""

    type: Literal["reflected"] = "reflected"
    clip: int
    round: int
    why: str
    tool: str | None


class BeliefMoved(Model):
    """A hypothesis gained or lost belief."""

    type: Literal["belief_moved"] = "belief_moved"
    hypothesis: str
    before: float
    after: float
    cites: tuple[str, ...] = ()


class HumanAsked(Model):
    """The case waits for a person: `resume(case_id, answer=…)` goes on."""

    type: Literal["human_asked"] = "human_asked"
    case_id: str
    span: TimeSpan
    event: str
    statement: str
    """True where the answer is yes."""
    benign: str
    """True where it is no."""
    deadline: str | None = None
    """When the question is undecided if nobody answers, ISO 8601; `resume(case_id)` then goes on without an answer."""


class VerdictReached(Model):
    """The last event of a case."""

    type: Literal["verdict_reached"] = "verdict_reached"
    case_id: str
    verdict: Verdict


Event = Annotated[
    CaseOpened | Progress | EvidenceFound | Planned | Judged | Reflected | BeliefMoved | HumanAsked | VerdictReached,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Parses an event from its JSON form."""
