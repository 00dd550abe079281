"""What stands out for a query, on vectors whose meaning is known: one axis a thing."""

from __future__ import annotations

import numpy as np
import pytest

from panda_agent.tools.clip_search import LIKE_MARGIN, TEXT_MARGIN, by_frame, by_text
from panda_agent.tools.frame_index import FrameVectors
from panda_agent.types import TimeSpan

PICTURE, DOG, CAR = np.eye(16, dtype=np.float32)[:3]
WHOLE = TimeSpan(start=0, end=60)


def unit(rows):
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


@pytest.fixture
def frames():
    """Forty seconds; a dog at 10 to 12 and, fainter, at 30."""
    noise = np.random.default_rng(3).normal(0, 0.03, (40, 16))
    rows = PICTURE + noise
    rows[10:13] += 0.3 * DOG
    rows[30] += 0.2 * DOG
    return FrameVectors(np.arange(40.0), unit(rows))


@pytest.fixture
def neutral():
    return unit(np.outer(np.linspace(0.15, 0.25, 8), PICTURE) + np.eye(16)[8:])


def test_a_text_is_found_where_it_stands_out_and_the_best_comes_first(frames, neutral):
    answer = by_text(frames, unit(0.2 * PICTURE + DOG)[None], neutral, 5)
    assert [(hit.span.start, hit.span.end) for hit in answer.hits] == [(10.0, 12.0), (30.0, 30.0)]
    assert answer.margin == answer.hits[0].margin >= answer.hits[1].margin >= TEXT_MARGIN
    assert answer.best in (10.0, 11.0, 12.0)
    assert len(by_text(frames, unit(0.2 * PICTURE + DOG)[None], neutral, 1).hits) == 1


def test_a_text_that_no_frame_shows_is_not_found(frames, neutral):
    answer = by_text(frames, unit(0.2 * PICTURE + CAR)[None], neutral, 5)
    assert answer.hits == ()
    assert answer.margin < TEXT_MARGIN


def test_a_moment_finds_its_like_but_not_itself(frames):
    answer = by_frame(frames, TimeSpan(start=11, end=11), WHOLE, 1)
    assert answer is not None
    assert [(hit.span.start, hit.span.end) for hit in answer.hits] == [(30.0, 30.0)]
    assert answer.margin >= LIKE_MARGIN


def test_a_stretch_is_not_told_as_reaching_over_the_moment_itself(frames):
    ordinary = by_frame(frames, TimeSpan(start=20, end=20), WHOLE, 20)
    assert ordinary is not None
    assert all(hit.span.end < 19 or hit.span.start > 21 for hit in ordinary.hits)


def test_only_what_lies_within_is_searched(frames):
    assert by_frame(frames, TimeSpan(start=11, end=11), TimeSpan(start=10, end=12), 5) is None
    answer = by_frame(frames, TimeSpan(start=11, end=11), TimeSpan(start=0, end=20), 5)
    assert answer is not None
    assert all(hit.span.end <= 20 for hit in answer.hits)


def test_cosines_are_those_of_numpy(frames, neutral):
    assert np.allclose(frames.similar(neutral), neutral @ frames.vectors.T, atol=1e-6)
