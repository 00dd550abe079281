"""A finished case on made-up frames: one tool that sees what a test needs, and a pack with two event types."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from panda_agent import Investigator
from panda_agent.conversation import Conversation
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.tools import ToolSpec
from panda_agent.types import Region, TimeSpan

PACK = """
id: test
version: 1
title: for tests
scenes: [street]
event_types:
  - {id: fight, title: Fight, statement: People fight or attack somebody., benign: They play.,
     severity: high, prior: 0.05, keywords: [fight, fighting, hit]}
  - {id: theft, title: Theft, statement: Somebody takes what is not theirs., benign: They fetch their own.,
     severity: medium, prior: 0.05, keywords: [theft, steal]}
rules:
  - id: fight.energy
    event_type: fight
    when: [{kind: thrash, where: ["energy >= 1"]}]
    weight: 4.5
    question: Is it a fight?
    explanation: "Agitated motion, energy {energy}."
    fires: [{kind: thrash, at: [0, 1], energy: 3}]
    must_not: [{kind: thrash, at: [0, 1], energy: 0.5}]
  - id: fight.calm
    event_type: fight
    supports: benign
    when: [{kind: thrash, where: ["energy <= 0.2"]}]
    weight: 1.0
    question: Is it calm?
    explanation: "Calm, energy {energy}."
    fires: [{kind: thrash, at: [0, 1], energy: 0.1}]
    must_not: [{kind: thrash, at: [0, 1], energy: 0.5}]
  - id: theft.grab
    event_type: theft
    when: [{kind: grab, where: ["reach >= 1"]}]
    weight: 4.0
    question: Is it theft?
    explanation: "Something is taken, reach {reach}."
    fires: [{kind: grab, at: [0, 1], reach: 2}]
    must_not: [{kind: grab, at: [0, 1], reach: 0.5}]
"""
TOLD = """
  - id: each.heard
    event_type: each
    when: [{kind: human, where: ["event == each", "side == supports"]}]
    weight: 4.0
    question: Is it so?
    explanation: "{told}"
    fires: [{kind: human, at: [0, 5], event: each, side: supports, told: "it is"}]
    must_not: [{kind: human, at: [0, 5], event: each, side: refutes, told: "it is not"}]
  - id: each.explained
    event_type: each
    supports: benign
    when: [{kind: human, where: ["event == each", "side == refutes"]}]
    weight: 4.5
    question: Is it not so?
    explanation: "{told}"
    fires: [{kind: human, at: [0, 5], event: each, side: refutes, told: "it is not"}]
    must_not: [{kind: human, at: [0, 5], event: each, side: note, told: "it rained"}]
"""
RIGHT = Region(x0=0.7, y0=0.4, x1=0.9, y1=0.6)


class Motion:
    """Sees what it is made with; counts how often it looked."""

    spec = ToolSpec(
        name="observe_motion", about="Sees.", family="motion", makes={"thrash": ("energy",), "grab": ("reach",)}
    )

    def __init__(self, *seen: Observation) -> None:
        self.seen = seen
        self.runs = 0

    def run(self, scope) -> Iterator[Observation]:
        self.runs += 1
        for _ in scope.reader.frames():
            scope.check()
        yield from self.seen


def thrash(start: float, end: float, energy: float) -> Observation:
    return Observation("thrash", TimeSpan(start=start, end=end), f"Agitated, {energy}.", {"energy": energy}, RIGHT)


def grab(start: float, end: float) -> Observation:
    return Observation("grab", TimeSpan(start=start, end=end), "Something is taken.", {"reach": 2.0}, RIGHT)


def frames(seconds: float = 12.0) -> Iterator[tuple[float, np.ndarray]]:
    """A still yard."""
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for i in range(round(seconds * 5)):
        yield i / 5, image


@pytest.fixture
def settings(home) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "pack.yaml").write_text(PACK + TOLD)
    return Settings(home=home, rules=str(home / "pack.yaml"), loop={"unsure": 0.0, "abstain": 0.0})


@pytest.fixture
def finished(settings):
    """Investigate what a tool sees; returns who did it and the tool."""

    def work(*seen: Observation, case: str = "yard", **changes) -> tuple[Investigator, Motion]:
        tool = Motion(*(seen or (thrash(2.0, 4.0, 2.0), thrash(8.0, 9.0, 0.6))))
        investigator = Investigator(settings.model_copy(update=changes), tools=[tool])
        investigator.investigate(frames(), case_id=case)
        return investigator, tool

    return work


@pytest.fixture
def talk(finished):
    """A conversation about a case with a fight from 2 to 4 s, and something weaker at 8 s."""
    investigator, _ = finished()
    with Conversation(investigator, "yard") as conversation:
        yield conversation


@pytest.fixture
def version(talk):
    """A version of the verdict as it is kept."""
    return lambda number=None: talk.docket.case.store.verdict(number)


@pytest.fixture
def thrashing(talk) -> str:
    """The id of the row that the fight rests on."""
    return talk.docket.verdict.explanation[0].cites[0]
