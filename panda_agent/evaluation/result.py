"""What is kept of one worked video: one line of scores.jsonl, enough to compute every measure again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from panda_agent.evaluation.metrics.frames import Scored
from panda_agent.evaluation.truth import Scores, VideoTruth
from panda_agent.types import Model

Point = tuple[float, float]


class Found(Model):
    """A stretch that the verdict calls anomalous, in seconds."""

    start: float
    end: float
    event_type: str
    peak: float


class Place(Model):
    """A box that evidence of an anomaly gives, normalised, while it holds."""

    start: float
    end: float
    box: tuple[float, float, float, float]
    weight: float
    """0..1: how strongly what was seen there speaks for an anomaly."""


class Observed(Model):
    """What was there before anybody reasoned: the raw answer at even steps from second 0, for the baselines."""

    rate: float = Field(gt=0)
    """Answers a second."""
    values: tuple[float, ...]

    def at(self, truth: VideoTruth, values: Scores | None = None) -> Scores:
        """The answers, or others of the same rate, held to the middle of each frame."""
        answers = np.asarray(self.values if values is None else values, float)
        if not len(answers):
            return np.zeros(truth.frames)
        place = np.floor(truth.times * self.rate + 1e-9).astype(int)
        held: Scores = answers[np.minimum(place, len(answers) - 1)]
        return held


class Result(Model):
    """One video, worked to its verdict."""

    video: str
    label: Literal["anomalous", "normal", "inconclusive"]
    event_type: str | None
    confidence: float
    threshold: float
    timeline: tuple[Point, ...]
    """(seconds, score); straight lines between them give the score at every moment."""
    spans: tuple[Found, ...] = ()
    places: tuple[Place, ...] | None = None
    """Empty where nothing was found anywhere; None where there was no picture to find it in."""
    looks: int = 0
    calls: int = 0
    tokens: int = 0
    money: float = 0.0
    """In the unit of `model.price_in`."""
    claims: int = 0
    grounded: int = 0
    looks_share: float | None = None
    """Share of the answers on hand that were used; None where none cost anything."""
    observed: Observed | None = None
    cited: str = ""
    """Hash over the evidence that the verdict cites: the same hash, the same evidence."""
    misses: int = 0
    """Looks that the recording does not hold."""

    @property
    def name(self) -> str:
        """The video's name."""
        return self.video

    def scored(self, truth: VideoTruth) -> Scored:
        """The score in the middle of each frame."""
        times, scores = zip(*self.timeline, strict=True)
        return Scored(truth, np.interp(truth.times, times, scores))


@dataclass(frozen=True)
class Judged:
    """A result beside the truth."""

    truth: VideoTruth
    result: Result

    @property
    def name(self) -> str:
        """The video's name."""
        return self.result.video

    @cached_property
    def scored(self) -> Scored:
        """The score of each frame beside its label."""
        return self.result.scored(self.truth)
