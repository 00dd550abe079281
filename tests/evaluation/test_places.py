"""Where in the picture: pixel AUC against scikit-learn, RBDC and TBDC against cases worked by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from panda_agent.evaluation.datasets.boxes import boxes_of_components, overlap
from panda_agent.evaluation.metrics.pixels import maps, pixel_auc
from panda_agent.evaluation.metrics.regions import Region, rbdc_tbdc, region_metrics
from tests.evaluation.made import judged, mask, place, track_box, truth


def test_pixel_auc_is_that_of_all_pixels():
    masks = mask(4, 5, 3, [(1, 0, 2, 0, 2), (2, 1, 4, 2, 5)])
    one = judged(
        truth("a", 3, fps=1.0, intervals=[(1, 3)], masks=masks),
        timeline=[(0, 0.2), (3, 0.8)],
        places=[place(0, 2, (0, 0, 0.5, 0.5), 0.5), place(1, 3, (0.4, 0.25, 1, 1), 1.0)],
    )
    pictures = np.array([np.round(picture, 4) for picture in maps(one, masks)])
    pixels = np.array([masks.picture(frame) for frame in range(3)])
    assert pixel_auc([one]) == pytest.approx(roc_auc_score(pixels.ravel(), pictures.ravel()))


def test_places_are_undefined_without_masks_or_a_picture_and_worth_nothing_where_none_were_found():
    assert pixel_auc([judged(truth("a"))]) is None
    masks = mask(4, 4, 10, [(0, 0, 1, 0, 1)])
    assert pixel_auc([judged(truth("a", masks=masks))]) is None
    assert region_metrics([judged(truth("a", masks=masks))]) == {"rbdc": None, "tbdc": None}
    seen = judged(truth("a", masks=masks, boxes=(track_box(0, 0, (0, 0, 1, 1)),)), places=())
    assert pixel_auc([seen]) == 0.5
    assert region_metrics([seen]) == {"rbdc": 0.0, "tbdc": 0.0}


def test_masks_survive_packing():
    pictures = np.random.default_rng(1).random((3, 5, 7)) > 0.5
    masks = mask(5, 7, 3, [])
    packed = type(masks).of(pictures)
    assert all(np.array_equal(packed.picture(i), pictures[i]) for i in range(3))


def test_a_perfect_detector_has_both_areas_at_one():
    boxes = [track_box(0, f, (0, 0, 10, 10)) for f in range(5)]
    found = [Region(0, f, (0, 0, 10, 10), 0.9) for f in range(5)]
    assert rbdc_tbdc([boxes], found, 5) == (1.0, 1.0)


def test_false_regions_move_to_the_right_and_missed_ones_lower_the_area():
    boxes = [track_box(0, f, (0, 0, 10, 10)) for f in range(10)] + [
        track_box(1, f, (50, 50, 60, 60)) for f in range(10)
    ]
    found = [Region(0, 0, (0, 0, 10, 10), 0.9)]
    found += [Region(0, f, (200, 200, 210, 210), 0.8) for f in range(5)]
    found += [Region(0, f, (50, 50, 60, 60), 0.7) for f in range(10)]
    rbdc, tbdc = rbdc_tbdc([boxes], found, 10)
    assert rbdc == pytest.approx(0.5 * 1 / 20 + 0.5 * 11 / 20)
    assert tbdc == pytest.approx(0.5 * 1 / 2 + 0.5 * 2 / 2)


def test_a_region_is_found_once_however_often_it_is_hit():
    boxes = [track_box(0, 0, (0, 0, 10, 10)), track_box(0, 1, (0, 0, 10, 10))]
    found = [Region(0, 0, (0, 0, 10, 10), 0.9), Region(0, 0, (1, 0, 10, 10), 0.8)]
    assert rbdc_tbdc([boxes], found, 2) == (0.5, 1.0)
    assert rbdc_tbdc([[]], found, 2) is None


def test_boxes_that_overlap_from_frame_to_frame_are_one_track():
    linked = boxes_of_components([[[0, 0, 10, 10]], [[2, 0, 10, 10], [50, 50, 5, 5]], [], [[2, 0, 10, 10]]])
    assert [(one.track, one.frame) for one in linked] == [(0, 0), (0, 1), (1, 1), (2, 3)]
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
