"""Flashes pass, lights stay on or off, and what merely moves is neither."""

import numpy as np
import pytest

from panda_agent.perception.flashes import Flashes
from panda_agent.perception.lighting import Lighting


def test_a_flash_is_reported_with_area_and_length(film):
    ys, xs = np.mgrid[: film.height, : film.width]
    glow = 140 * np.exp(-((xs - 200) ** 2 + (ys - 80) ** 2) / (2 * 30**2))

    def draw(picture, time):
        return picture + glow * (2.0 <= time < 2.3)

    (row,) = film.watch(film.shoot(draw, 4), Flashes(film.rate))
    assert row.kind == "flash"
    assert row.span.start == pytest.approx(2.0, abs=0.11)
    assert row.data["seconds"] == pytest.approx(0.3, abs=0.11)
    assert 0.02 < row.data["area"] < 0.3
    assert row.data["thick"] > 0.8
    assert row.data["returned"] > 0.9
    assert row.region.center == pytest.approx((200 / film.width, 80 / film.height), abs=0.05)


def test_a_passing_white_van_and_a_shaking_camera_do_not_flash(film):
    def van(picture, time):
        x = round(150 * time) - 60
        picture[60:130, max(0, x) : max(0, x + 60)] = 250
        return picture

    jolts = np.random.default_rng(2).integers(-4, 5, (60, 2))

    def shake(picture, time):
        return np.roll(picture, jolts[round(time * film.rate)], axis=(0, 1))

    for draw in (van, shake):
        rows = film.watch(film.shoot(draw, 4), Flashes(film.rate))
        assert rows == []


def test_lights_that_go_out_and_stay_out(film):
    (row,) = film.watch(film.shoot(lambda picture, time: picture * (0.3 if time >= 3 else 1), 9), Lighting(film.rate))
    assert row.kind == "brightness_jump"
    assert row.span.start == pytest.approx(3.0, abs=0.3)
    assert row.data["direction"] == -1
    assert row.data["back"] == 0
    assert row.data["stops"] == pytest.approx(-1.7, abs=0.15)
    assert row.data["share"] > 0.9
    assert row.data["pattern"] > 0.6
    assert row.data["seconds"] > 5


def test_lights_that_go_on_and_off_again(film):
    rows = film.watch(film.shoot(lambda picture, time: picture * (0.4 if 3 < time < 7 else 1), 10), Lighting(film.rate))
    assert [(row.data["direction"], row.data["back"]) for row in rows] == [(-1, 1)]


def test_a_cut_is_no_change_of_light(film):
    other = film.texture(77, low=20, high=90).astype(np.float32)
    (row,) = film.watch(film.shoot(lambda picture, time: other if time > 3 else picture, 8), Lighting(film.rate))
    assert row.data["pattern"] < 0.3


def test_slow_daylight_and_still_walls_report_nothing(film):
    dusk = film.shoot(lambda picture, time: picture * (1 - 0.01 * time), 15)
    assert film.watch(dusk, Lighting(film.rate)) == []
    assert film.watch(dusk, Flashes(film.rate)) == []


def test_real_normal_videos_neither_flash_nor_darken(shared, watch_file):
    for path in ("clips/SCFD_nofi001.mp4", "clips/GMDCSA24_S2_ADL_23.mp4", "ped2/train/01.mp4"):
        assert watch_file(shared / "data" / path, Flashes, Lighting) == []
