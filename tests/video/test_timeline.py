"""The timeline by itself: any sequence of timestamps gives rising times."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panda_agent.video.timeline import Timeline

TICK = Fraction(1, 1000)


def run(stamps, *, packets=None, **options):
    timeline = Timeline(TICK, 40, base=stamps[0] or 0, **options)
    for pts in packets if packets is not None else stamps:
        timeline.packet(pts, pts)
    placed = [pair for place, pts in enumerate(stamps) for pair in timeline.place(pts, place)]
    timeline.finish()
    return timeline, placed


@settings(deadline=None, derandomize=True)
@given(st.lists(st.none() | st.integers(-(10**6), 10**6), min_size=1, max_size=60))
def test_times_rise_and_nothing_is_lost_without_a_word(stamps):
    timeline, placed = run(stamps)
    times = [time for time, _ in placed]
    assert all(after > before for before, after in pairwise(times))
    assert [item for _, item in placed] == sorted(item for _, item in placed)
    assert len(placed) + timeline.dropped == len(stamps)
    assert timeline.end > times[-1]


def test_a_gap_that_packets_fill_is_kept():
    """Twelve damaged seconds are not a jump of the clock."""
    stamps = [*range(0, 1000, 40), *range(13_000, 14_000, 40)]
    timeline, placed = run(stamps, packets=range(0, 14_000, 40))
    assert [time for time, _ in placed] == [pts / 1000 for pts in stamps]
    assert timeline.jumps == []


def test_a_gap_that_nothing_fills_is_a_jump():
    stamps = [*range(0, 1000, 40), *range(13_000, 14_000, 40)]
    timeline, placed = run(stamps)
    assert timeline.jumps == [(0.96, pytest.approx(12.04))]
    assert placed[-1][0] == pytest.approx(49 * 0.04)


def test_confused_pictures_are_no_new_clock():
    """A damaged stream made the decoder give old pictures late; the packets came in good order."""
    stamps = [0, 40, 80, 400, 120, 160, 200, 440, 480]
    timeline, placed = run(stamps, packets=range(0, 520, 40))
    assert [time for time, _ in placed] == [0, 0.04, 0.08, 0.4, 0.44, 0.48]
    assert timeline.jumps == []
    assert timeline.dropped == 3


def test_trusted_times_are_kept_as_they_are():
    stamps = [0, 100_000, 100_001, 10**9]
    _, placed = run(stamps, trusted=True)
    assert [time for time, _ in placed] == [0, 100, 100.001, 10**6]


def test_missing_timestamps_are_placed_by_the_usual_gap():
    timeline, placed = run([0, 40, 80, None, None, 200])
    assert [time for time, _ in placed] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.2])
    assert timeline.derived == 2
