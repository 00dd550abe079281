from itertools import pairwise

import pytest

from panda_agent.reporting.chart import Bar, area_below, chart_of, pack, path_of, ticks_of
from panda_agent.reporting.moments import MOST, key_moments
from panda_agent.types import AnomalySpan, ScorePoint, TimeSpan, Verdict


def test_the_curve_runs_from_corner_to_corner() -> None:
    path = path_of([ScorePoint(t=0, score=0), ScorePoint(t=5, score=1.2), ScorePoint(t=10, score=0.25)], 10)
    assert path == "M0.0 100.0 L500.0 0.0 L1000.0 75.0"
    assert area_below(path) == f"{path} L1000.0 100 L0.0 100 Z"


def test_no_score_no_curve() -> None:
    assert area_below(path_of([], 10)) == ""


def test_an_hour_is_thinned_out_without_losing_a_peak() -> None:
    points = [ScorePoint(t=i / 10, score=0.9 if i == 12_345 else 0.1) for i in range(36_000)]
    path = path_of(points, 3600)
    assert path.count("L") <= 1000
    assert "342.9 10.0" in path


@pytest.mark.parametrize(
    ("seconds", "first", "last"), [(2.0, "0:00.0", "0:02.0"), (18.0, "0:00", "0:18"), (5400.0, "0:00", "1:30:00")]
)
def test_time_axis(seconds: float, first: str, last: str) -> None:
    ticks = ticks_of(seconds)
    assert (ticks[0].text, ticks[-1].text) == (first, last)
    assert len(ticks) <= 11


def test_lanes_hold_bars_that_do_not_overlap() -> None:
    lanes = pack("Claims", [Bar(0, 50, "a"), Bar(10, 10, "b"), Bar(60, 10, "c")])
    assert [(lane.name, [bar.title for bar in lane.bars]) for lane in lanes] == [("Claims", ["a", "c"]), ("", ["b"])]


def test_the_figure_shows_spans_blind_stretches_and_the_last_look(fight: Verdict, cart: Verdict) -> None:
    chart = chart_of(fight)
    assert chart.spans[0].left == pytest.approx(100 * 2.6 / 9.033)
    assert chart.blind[0].width == pytest.approx(100 * 0.4 / 9.033)
    clips = next(lane for lane in chart_of(cart).lanes if lane.name == "Clips")
    assert [bar.tone for bar in clips.bars] == ["abnormal", "abnormal", "abnormal", "normal"]


def test_bars_stay_inside_the_figure(cart: Verdict) -> None:
    late = cart.model_copy(update={"spans": (AnomalySpan(start=17.999, end=18.0),)})
    bars = [*chart_of(late).spans, *(bar for lane in chart_of(late).lanes for bar in lane.bars)]
    assert all(bar.left >= 0 and bar.left + bar.width <= 100.001 for bar in bars)


def test_key_moments_start_with_the_height_of_the_worst_span(cart: Verdict) -> None:
    spans = (AnomalySpan(start=1, end=2, peak=0.6), AnomalySpan(start=8, end=12, peak=0.9))
    moments = key_moments(cart.model_copy(update={"spans": spans}))
    assert moments[0].title.startswith("Height of span 2")
    assert 8 <= moments[0].time <= 12
    times = sorted(moment.time for moment in moments)
    assert all(b - a >= 0.3 for a, b in pairwise(times))
    assert len(moments) <= MOST


def test_the_height_of_a_plateau_is_its_middle_however_few_points_it_has(cart: Verdict) -> None:
    corners = [(0, 0.1), (7.9, 0.1), (8, 0.9), (8.7, 0.9), (12, 0.9), (12.1, 0.2), (15, 0.9), (15.1, 0.1), (18, 0.1)]
    told = tuple(ScorePoint(t=t, score=score) for t, score in corners)
    spans = (AnomalySpan(start=8, end=15, peak=0.9),)
    assert key_moments(cart.model_copy(update={"score_timeline": told, "spans": spans}))[0].time == 10


def test_a_normal_video_has_moments_too(calm: Verdict) -> None:
    assert [moment.title for moment in key_moments(calm)] == ["Claim 1: crowd"]


def test_many_clips_are_drawn_as_runs(cart: Verdict) -> None:
    one = cart.judgements[0]
    looks = tuple(
        one.model_copy(update={"clip": i, "span": TimeSpan(start=i / 10, end=(i + 1) / 10), "status": status})
        for i, status in enumerate(["normal"] * 50 + ["abnormal"] * 20 + ["normal"] * 30)
    )
    clips = next(lane for lane in chart_of(cart.model_copy(update={"judgements": looks})).lanes if lane.name == "Clips")
    assert [bar.title for bar in clips.bars] == [
        "50 clips: normal (0:00.0–0:05.0)",
        "20 clips: abnormal (0:05.0–0:07.0)",
        "30 clips: normal (0:07.0–0:10.0)",
    ]
