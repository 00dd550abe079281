"""Events, alarms, labels and confidence against cases worked by hand."""

import pytest

from panda_agent.evaluation.metrics.cost import cost_metrics
from panda_agent.evaluation.metrics.events import average_precision, detections, event_metrics, mean_tiou, tiou
from panda_agent.evaluation.metrics.videos import reliability, video_metrics
from tests.evaluation.made import judged, truth


def test_tiou():
    assert tiou((0, 10), (5, 15)) == pytest.approx(1 / 3)
    assert tiou((0, 1), (1, 2)) == 0.0


def test_ap_of_events_takes_each_event_once_and_counts_what_was_missed():
    one = judged(truth("a", 100, intervals=[(10, 20), (50, 60)]), spans=[(10, 20, 0.9), (11, 20, 0.8), (80, 90, 0.7)])
    assert average_precision([one], 0.5) == pytest.approx(0.5)
    both = judged(truth("a", 100, intervals=[(10, 20), (50, 60)]), spans=[(80, 90, 0.9), (10, 20, 0.8), (50, 60, 0.7)])
    assert average_precision([both], 0.5) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert average_precision([judged(truth("b"))], 0.5) is None


def test_mean_tiou_is_over_anomalous_videos_frame_by_frame():
    half = judged(truth("a", 100, intervals=[(0, 20)]), spans=[(10, 20, 0.9)])
    missed = judged(truth("b", 100, intervals=[(0, 20)]))
    assert mean_tiou([half, missed, judged(truth("c"))]) == pytest.approx(0.25)
    assert mean_tiou([judged(truth("c"))]) is None


def test_an_alarm_counts_from_the_start_of_its_event_to_a_little_after_its_end():
    late = judged(truth("a", 100, intervals=[(10, 20)]), timeline=[(0, 0), (15, 0), (15.2, 1), (100, 1)])
    assert detections([late]) == ([pytest.approx(5.5)], 1)
    after = judged(truth("a", 100, intervals=[(10, 20)]), timeline=[(0, 0), (24, 0), (24.2, 1), (100, 1)])
    assert detections([after]) == ([], 1)
    figures = event_metrics([late, after])
    assert figures["events_detected"] == 0.5
    assert figures["detection_delay"] == pytest.approx(5.5)


def test_false_alarms_are_spans_that_touch_no_event_by_the_hour_without_one():
    one = judged(
        truth("a", 3600, intervals=[(0, 1800)]), spans=[(1700, 1900, 0.9), (2000, 2001, 0.8), (3000, 3001, 0.7)]
    )
    assert event_metrics([one])["false_alarms_per_hour"] == pytest.approx(4.0)
    assert event_metrics([judged(truth("b", 10, intervals=[(0, 10)]))])["false_alarms_per_hour"] is None


def test_inconclusive_is_never_right_and_raises_no_alarm():
    odd, calm = truth("odd", intervals=[(0, 5)]), truth("calm")
    some = [
        judged(odd, label="anomalous", confidence=0.8),
        judged(odd, label="inconclusive", confidence=0.5),
        judged(calm, label="normal", confidence=0.9),
        judged(calm, label="anomalous", confidence=0.8),
    ]
    figures = video_metrics(some)
    assert figures["video_accuracy"] == 0.5
    assert figures["coverage"] == 0.75
    assert figures["decided_accuracy"] == pytest.approx(2 / 3)
    assert (figures["video_precision"], figures["video_recall"], figures["video_f1"]) == (0.5, 0.5, 0.5)
    assert figures["brier"] == pytest.approx((0.04 + 0.01 + 0.64) / 3)
    assert figures["ece"] == pytest.approx(abs(0.8 - 0.5) * 2 / 3 + abs(0.9 - 1.0) / 3)
    assert [n for *_, n in reliability([some[0], some[2], some[3]])] == [2, 1]


def test_what_is_undefined_is_none_and_not_nought():
    figures = video_metrics([judged(truth("calm"), label="inconclusive")])
    assert figures["video_accuracy"] == 0.0
    assert {figures[name] for name in ("video_precision", "video_recall", "video_f1", "ece", "brier")} == {None}
    assert set(event_metrics([]).values()) == {None}
    assert set(video_metrics([]).values()) == {None}
    assert set(cost_metrics([]).values()) == {None}


def test_costs_are_by_the_minute_of_video():
    one = judged(truth("a", 120, fps=1.0), looks=4, calls=2, tokens=600, claims=4, grounded=3, looks_share=0.25)
    other = judged(truth("b", 60, fps=1.0), looks_share=1.0)
    figures = cost_metrics([one, other])
    assert figures["looks_per_minute"] == pytest.approx(4 / 3)
    assert figures["tokens_per_minute"] == 200
    assert figures["groundedness"] == 0.75
    assert figures["looks_share"] == pytest.approx(0.5)
