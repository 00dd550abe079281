"""What an investigation concludes, and the steps of reasoning that led there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue, with_config

from panda_agent.types.evidence import Evidence
from panda_agent.types.rules import Severity
from panda_agent.types.time import Model, TimeSpan

SCHEMA_VERSION = 1
Label = Literal["anomalous", "normal", "inconclusive"]


class SceneContext(Model):
    """What kind of place this is and how well it can be seen."""

    overview: str
    lighting: Literal["day", "dim", "dark", "unknown"] = "unknown"
    quality: Literal["good", "fair", "poor"] = "good"
    tags: tuple[str, ...] = ()
    """Scene tags that rules are picked by, e.g. street, indoor, people, traffic."""
    normal: str = ""
    """What is normal here, in words and numbers."""
    clock: str | None = None
    """Wall-clock time of second 0, ISO 8601, if known."""
    potential_anomalies: tuple[str, ...] = ()


class Hypothesis(Model):
    """A statement that evidence can support or refute."""

    id: str
    event_type: str
    statement: str
    kind: Literal["anomaly", "benign"]
    status: Literal["open", "supported", "refuted", "undecided"] = "open"
    belief: float = 0.0
    """P(hypothesis | evidence so far); for an anomaly, at its best moment."""


class Firing(Model):
    """One line of the rule trace: a rule met (or just missed) evidence."""

    rule: str
    event_type: str
    outcome: Literal["fired", "not fired", "undecided"]
    why: str
    span: TimeSpan | None = None
    strength: float = 0.0
    """0..1."""
    weight: float = 0.0
    """Log-odds added for the anomaly; negative where the rule speaks for the benign twin."""
    evidence: tuple[str, ...] = ()
    known_at: float | None = None
    """Online: the second from which all that it rests on was known; it counts from then on."""


class Judgement(Model):
    """What the reasoner thinks of one clip."""

    clip: int
    span: TimeSpan
    status: Literal["normal", "abnormal", "insufficient"]
    score: float = Field(ge=0, le=1)
    reason: str
    about: str | None = None
    """The anomaly hypothesis that the score is about; None where nothing was tested."""
    cites: tuple[str, ...] = ()
    round: int = 0
    changed: str | None = None
    """What a second look changed, where there was one."""
    doubts: tuple[str, ...] = ()
    """What keeps it from being settled, where a model was asked."""


class Claim(Model):
    """One sentence of the verdict with the evidence that backs it."""

    text: str
    span: TimeSpan
    about: str
    """A hypothesis id, or `scene`."""
    cites: tuple[str, ...]


class Passage(Model):
    """A part of the account that a model wrote; every sentence of it is backed by what it cites."""

    role: Literal["what", "why", "before", "after", "instead"]
    """What happened; why it counts, or not; what led to it; what followed; what else it could have been."""
    sentences: tuple[Claim, ...]


class Rejected(Model):
    """An explanation that was considered and set aside."""

    statement: str
    why: str
    belief: float
    cites: tuple[str, ...] = ()


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class ScorePoint:
    """Belief in an anomaly at one moment."""  # no model: an hour has tens of thousands, and a model takes 500 bytes

    t: float
    """Seconds."""
    score: float


class AnomalySpan(Model):
    """A stretch of the video that is anomalous."""

    start: float
    end: float
    event_type: str = "unknown"
    peak: float = 0.0


class Cost(Model):
    """What the case used; seconds and money are in run.json, which may differ between runs."""

    looks: int = 0
    """Times a stretch of video was looked at again."""
    calls: int = 0
    """Distinct model calls."""
    tokens: int = 0
    judged: float | None = None
    """Share of the clips that a model gave its opinion of; None where none was asked."""


class Verdict(Model):
    """The conclusion. Depends only on video bytes, question, settings, packs, weights and recorded replies."""

    schema_version: int = SCHEMA_VERSION
    label: Label
    headline: str
    """At most 80 characters."""
    event_type: str | None
    severity: Severity | None
    confidence: float = Field(ge=0, le=1)
    """P(label is right)."""
    spans: tuple[AnomalySpan, ...]
    """Rising by start, each of one event type; those of different events may overlap."""
    score_timeline: tuple[ScorePoint, ...]
    """Rising, at least one point a second; straight lines between them give the score at every moment."""
    explanation: tuple[Claim, ...]
    rejected_alternatives: tuple[Rejected, ...]
    account: tuple[Passage, ...] = ()
    """The case told by a model, where one was asked; the label does not rest on it."""
    abstained_because: str | None = None
    question: str | None = None
    answer: str | None = None
    """One sentence that answers the question, where one was asked."""
    basis: str = ""
    """What counts as an anomaly in this case: the pack's event types, the normality memory, or the question."""
    warnings: tuple[str, ...] = ()
    """What was not seen, and what limits trust."""
    scene: SceneContext
    hypotheses: tuple[Hypothesis, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    trace: tuple[Firing, ...] = ()
    evidence_rows: tuple[Evidence, ...] = ()
    """Every row that a claim, a rejected alternative, a judgement or a fired rule cites."""
    cost: Cost
    provenance: dict[str, JsonValue]

    def evidence(self, *, kind: str | None = None, span: tuple[float, float] | None = None) -> list[Evidence]:
        """Cited evidence, filtered by kind and by a span of seconds that it must touch.

        Args:
            kind: An evidence kind such as `track`.
            span: (start, end) in seconds.
        """
        rows = [row for row in self.evidence_rows if kind is None or row.kind == kind]
        if span is None:
            return rows
        wanted = TimeSpan(start=span[0], end=span[1])
        return [row for row in rows if row.span.touches(wanted)]

    @classmethod
    def from_json(cls, path: str | Path) -> Verdict:
        """Read a `verdict.json`.

        Raises:
            pydantic.ValidationError: The file is no verdict of this schema version.
        """
        return cls.model_validate_json(Path(path).read_bytes())
