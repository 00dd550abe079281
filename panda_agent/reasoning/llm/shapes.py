"""The shapes of a model's replies. Models like to add fields; nothing rests on those, so they are dropped."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from panda_agent.types import Model

Word = Annotated[str, Field(max_length=80)]
Sentence = Annotated[str, Field(max_length=600)]
Words = Annotated[str, Field(max_length=2000)]


class SceneReply(Model, extra="ignore"):
    """What place this is."""

    overview: Words
    normal: Words
    conditions: Sentence
    lighting: Literal["day", "dim", "dark", "unknown"]
    quality: Literal["good", "fair", "poor"]
    tags: list[Word]
    potential_anomalies: list[Sentence]


class Checks(Model, extra="ignore"):
    """How one suspect is told from its look-alike."""

    event: Word
    steps: list[Sentence]


class PlanReply(Model, extra="ignore"):
    """How the case is to be worked."""

    suspects: list[Word]
    checks: list[Checks]
    preprocessing: list[Word]
    reason: Words


class Opinion(Model, extra="ignore"):
    """What the model makes of one clip."""

    seen: Words
    event: Word
    matched: list[Word]
    reason: Words
    letters: list[Word]
    status: Literal["normal", "abnormal", "insufficient"]
    score: float = Field(ge=0, le=1)
    answer: Literal["yes", "no", "unclear"]


class NewRule(Model, extra="ignore"):
    """A rule that reflection proposes."""

    event: Word
    description: Sentence
    phrases: list[Word]


class ReflectionReply(Model, extra="ignore"):
    """Which step would help most."""

    why: Words
    tool: Word
    input: dict[str, Any]
    region: Literal["whole", "left", "right", "top", "bottom", "centre", "doubt"]
    new_rule: NewRule | None
    new_check: Sentence | None


class Told(Model, extra="ignore"):
    """One sentence and what it rests on."""

    text: Sentence
    cites: list[Word]


class AccountReply(Model, extra="ignore"):
    """The account of a case."""

    what: list[Told]
    why: list[Told]
    before: list[Told]
    after: list[Told]
    instead: list[Told]


class KnownRule(Model, extra="ignore"):
    """One rule of experience."""

    description: Sentence
    supports: Literal["anomaly", "benign"]
    scenes: list[Word]
    phrases: list[Word]
    fires: Sentence
    must_not: Sentence


class KnowledgeReply(Model, extra="ignore"):
    """What is known of one kind of incident."""

    rules: list[KnownRule]
