"""Rules as data: predicates over evidence, a question, a weight, and two examples each."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Literal, get_args

from pydantic import Field, JsonValue, model_validator

from panda_agent.types.time import Model

Severity = Literal["low", "medium", "high"]
"""How bad an event is, by the rule pack; independent of how sure we are."""

Op = Literal[">=", "<=", ">", "<", "==", "!=", "in", "mentions"]
"""Comparison of a predicate. `mentions` tests a text for phrases that it says and does not deny (see `words`)."""
OPS: tuple[str, ...] = get_args(Op)
ROW_FIELDS = ("score", "duration", "area", "x", "y", "hour")
"""Fields that every row of evidence has beside its data: seconds; shares of the picture; hour 0..24 by the clock."""


class Predicate(Model):
    """One test of one measured value. Packs write it as text: `speed >= 2.5`."""

    field: str
    """A key of `Evidence.data`, or a built-in one (score, duration, area, x, y, hour). Not measured = undecided."""
    op: Op
    value: JsonValue
    """A list of phrases for `mentions`."""

    @model_validator(mode="after")
    def _phrases(self) -> Predicate:
        if self.op == "mentions" and not (isinstance(self.value, list) and all(isinstance(v, str) for v in self.value)):
            raise ValueError(f'`{self.field} mentions` needs a list of phrases, like ["fight", "hit person"]')
        return self

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: object) -> object:
        if not isinstance(raw, str):
            return raw
        parts = raw.split(maxsplit=2)
        if len(parts) != 3 or parts[1] not in OPS:
            raise ValueError(f"{raw!r} is no predicate; write e.g. `speed >= 2.5` (operators: {' '.join(OPS)})")
        field, op, value = parts
        return {"field": field, "op": op, "value": _literal(value)}

    @cached_property
    def wanted(self) -> JsonValue:
        """The value; phrases as one text (JSON), which is looked up quicker than a hundred."""
        return json.dumps(self.value) if self.op == "mentions" else self.value

    def __str__(self) -> str:
        return f"{self.field} {self.op} {self.value}"


class Condition(Model):
    """An observation that must be there (or must not): a kind, tests on it, and how it relates to the first one."""

    kind: str
    where: tuple[Predicate, ...] = ()
    within: float = 0.0
    """Seconds that may lie between this observation and the first condition's."""
    apart: float = 0.0
    """Seconds that must lie between their starts: looks that share pictures are no two looks."""
    same: Literal["track", "region"] | None = None
    """Must share the first condition's track, or overlap its region."""
    absent: bool = False
    """The rule fires only if no such observation exists."""


class Ramp(Model):
    """How strongly a rule fires: 0 at `low`, 1 at `high`, straight between (`low` may exceed `high`)."""

    field: str
    low: float
    high: float
    over: float = Field(default=0.0, ge=0)
    """Of a `profile`, seconds over which it is averaged before it is graded: weak testimony tells of a stretch only."""


ExampleRow = dict[str, JsonValue]
"""Evidence in short form: `kind`, `at: [start, end]`, `region: [x0, y0, x1, y1]`, `family`; all else is data."""


class Rule(Model):
    """One piece of know-how. The engine reads it; nothing in it is code."""

    id: str
    version: int = 1
    event_type: str
    scenes: tuple[str, ...] = ()
    """Scene tags it is meant for; empty means everywhere."""
    when: tuple[Condition, ...] = Field(min_length=1)
    question: str
    """What a detective asks himself, step by step, before he lets this rule count."""
    supports: Literal["anomaly", "benign"] = "anomaly"
    """Which side of the event type's pair of hypotheses it speaks for."""
    weight: float = Field(gt=0, le=6)
    """Log-odds it moves at full strength."""
    strength: Ramp | None = None
    explanation: str
    """Sentence template for the verdict; `{field}` is replaced by the number of the first condition's evidence."""
    needs_clock: bool = False
    fires: tuple[ExampleRow, ...] = Field(min_length=1)
    """Evidence that must fire it; the contract test runs it through the engine."""
    must_not: tuple[ExampleRow, ...] = Field(min_length=1)
    """Evidence that must not: the look-alike."""


class EventType(Model):
    """Something that can go wrong, with the innocent explanation it is easily taken for."""

    id: str
    title: str
    statement: str
    """The anomaly hypothesis."""
    benign: str
    """Its best benign twin."""
    severity: Severity
    prior: float = Field(gt=0, lt=1)
    """Belief before any evidence."""
    decay: float = Field(default=1.0, gt=0)
    """Seconds in which belief in log-odds falls to 1/e of its rise once its evidence has ended."""
    keywords: tuple[str, ...] = ()
    """Words of a question that ask for it."""
    names: dict[str, str] = Field(default_factory=dict)
    """Its name in public data sets, e.g. {"ucf-crime": "Fighting"}."""
    told: tuple[str, ...] = ()
    """How somebody who sees it describes it in one sentence, in several ways: what descriptions are likened to."""
    told_benign: tuple[str, ...] = ()
    """The same of what it is easily taken for, and of ordinary life."""


class RulePack(Model):
    """A set of event types and the rules that speak for and against them."""

    id: str
    version: int
    title: str
    scenes: tuple[str, ...]
    event_types: tuple[EventType, ...]
    rules: tuple[Rule, ...]
    sha256: str = ""
    """Hash of the files it was read from."""

    @model_validator(mode="after")
    def _consistent(self) -> RulePack:
        known = {event.id for event in self.event_types}
        for rule in self.rules:
            if rule.event_type not in known:
                raise ValueError(f"rule {rule.id!r} speaks of unknown event type {rule.event_type!r}")
        ids = [rule.id for rule in self.rules]
        if len(ids) != len(set(ids)):
            raise ValueError(f"rule ids are not unique: {sorted({i for i in ids if ids.count(i) > 1})}")
        return self


def _literal(text: str) -> JsonValue:
    """Read the right side of a predicate: JSON where it is JSON, else a plain word."""
    try:
        value: JsonValue = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value
