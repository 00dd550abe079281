"""Frozen, black, blurred, covered, moved, moving and cut pictures; and scenes that are merely still or dark."""

import cv2
import numpy as np
import pytest

from panda_agent.perception.camera_motion import CameraMotion
from panda_agent.perception.camera_state import CameraState


def walker(film, picture, time):
    body = film.texture(3, 80, 26, 0, 255, grain=6)
    x = round(20 + 30 * time) % (film.width - 26)
    picture[60:140, x : x + 26] = body
    return picture


def states(film, draw, seconds=8, noise=2.0, rate=None):
    frames = film.shoot(draw, seconds, noise)
    return film.watch(frames, CameraState(film.rate)) + film.watch(frames, CameraMotion(film.rate))


def test_a_frozen_picture_stops_in_the_middle_of_a_step(film):
    frames = film.shoot(lambda picture, time: walker(film, picture, time), 8)
    frames[40:] = [frames[40]] * len(frames[40:])
    (row,) = film.watch(frames, CameraState(film.rate))
    assert row.kind == "camera_frozen"
    assert row.span.start == pytest.approx(4.1, abs=0.15)
    assert row.data["seconds"] == pytest.approx(3.8, abs=0.2)
    assert row.data["stopped"] > 0.002
    assert row.data["live"] > 1


def test_a_still_empty_scene_is_not_frozen(film):
    assert states(film, lambda picture, time: picture) == []


def test_a_scene_that_a_coder_leaves_bit_identical_tells_of_no_stop(film):
    (row,) = states(film, lambda picture, time: picture, noise=0)
    assert row.kind == "camera_frozen"
    assert row.data["stopped"] == 0.0
    assert row.data["live"] == 0.0


def test_black_is_not_dark(film):
    (row,) = states(
        film, lambda picture, time: picture * 0 + 16 if 3 <= time < 6 else walker(film, picture, time), noise=0.5
    )
    assert row.kind == "camera_black"
    assert (row.span.start, row.span.end) == pytest.approx((3.0, 6.0), abs=0.4)
    assert states(film, lambda picture, time: walker(film, picture * 0.2, time)) == []


def test_a_blurred_picture_keeps_its_layout(film):
    def draw(picture, time):
        picture[: film.height // 2] += 60
        return cv2.GaussianBlur(picture, (0, 0), 5) if time >= 4 else picture

    (row,) = states(film, draw)
    assert row.kind == "camera_blurred"
    assert row.span.start == pytest.approx(4.0, abs=0.4)
    assert row.data["sharpness"] < 0.4
    assert row.data["layout"] > 0.8


def test_a_covered_lens_loses_it(film):
    hand = cv2.GaussianBlur(film.texture(8, low=0, high=90), (0, 0), 20).astype(np.float32)

    def draw(picture, time):
        picture[: film.height // 2] += 60
        return hand if time >= 4 else picture

    row = next(row for row in states(film, draw) if row.kind == "camera_covered")
    assert row.span.start == pytest.approx(4.0, abs=0.4)
    assert row.data["share"] > 0.9
    assert row.data["layout"] < 0.5


def test_dusk_neither_blurs_nor_covers(film):
    assert states(film, lambda picture, time: walker(film, picture, time) * (1 - 0.06 * time), noise=1) == []


def test_a_camera_that_is_turned_shows_the_view_shifted(film):
    wide = film.texture(0, film.height, film.width + 60, grain=12)

    def draw(picture, time):
        left = 48 if time >= 4 else 0
        return walker(film, wide[:, left : left + film.width].astype(np.float32), time)

    row = next(row for row in states(film, draw, 9) if row.kind == "camera_moved")
    assert row.span.start == pytest.approx(4.0, abs=0.6)
    assert row.data["shift_x"] == pytest.approx(-48 / film.width, abs=0.02)
    assert row.data["shift_y"] == pytest.approx(0, abs=0.02)
    assert row.data["aligned"] > 0.5 > row.data["pattern"]


def test_panning_and_shaking_differ_in_their_turns(film):
    def pan(picture, time):
        return np.roll(cv2.GaussianBlur(picture, (0, 0), 2), -round(40 * max(0.0, min(time, 5) - 2)), axis=1)

    def shake(picture, time):
        return np.roll(cv2.GaussianBlur(picture, (0, 0), 2), round(3 * np.sin(12 * time)) if time > 2 else 0, axis=1)

    pan_row, shake_row = (
        next(row for row in film.watch(film.shoot(draw, 7), CameraMotion(film.rate)) if row.kind == "camera_moving")
        for draw in (pan, shake)
    )
    assert pan_row.data["speed"] == pytest.approx(40 / film.width, rel=0.2)
    assert pan_row.data["turns"] < 0.5
    assert shake_row.data["turns"] > 2


def test_a_cut_stays_and_a_flash_does_not(film):
    other = film.texture(50, grain=40).astype(np.float32)
    (row,) = film.watch(
        film.shoot(lambda picture, time: other if time >= 3 else picture * 0.6, 5), CameraMotion(film.rate)
    )
    assert row.kind == "camera_cut"
    assert row.span.start == pytest.approx(3.0, abs=0.11)
    flash = film.shoot(lambda picture, time: picture + 120 * (3 <= time < 3.2), 5)
    assert film.watch(flash, CameraMotion(film.rate)) == []


def test_real_cameras_stand_still(shared, watch_file):
    for path in (
        "clips/SCFD_fi001.mp4",
        "clips/opencv_vtest.mp4",
        "clips/intel_car-detection.mp4",
        "ped2/train/02.mp4",
    ):
        assert watch_file(shared / "data" / path, CameraState, CameraMotion) == []


def test_a_real_empty_street_that_stands_bit_still_tells_of_no_stop(shared, watch_file):
    rows = watch_file(shared / "data/clips/ABODA_video4.avi", CameraState)
    assert {row.kind for row in rows} <= {"camera_frozen"}
    assert all(row.data["stopped"] < 0.001 for row in rows)
