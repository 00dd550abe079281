"""Smoke and dust grow, hide what is behind them and boil; people, cars, light and cameras don't do all three."""

import cv2
import numpy as np
import pytest

from panda_agent.perception.growth import Growth


def is_cloud(row):
    """The rule this filter is for, in short."""
    data = row.data
    soft = data["softness"] <= 0.7 and data["hidden_texture"] >= 5
    return soft and data["gained"] >= 0.1 and data["alive"] >= 0.4 and data["seconds"] >= 1.5


def smoke(height, width):
    """A soft gray cloud that grows from a point from the first second on, and boils."""
    ys, xs = np.mgrid[:height, :width]
    billows = np.random.default_rng(5).normal(0, 1, (60, 6, 9))

    def draw(picture, time):
        if time < 1:
            return picture
        reach = 12 + 22 * (time - 1)
        veil = np.clip(1.5 - np.hypot(xs - width / 2, ys - height / 2) / reach, 0, 1)
        step, part = divmod(time * 3, 1)
        boil = billows[int(step)] * (1 - part) + billows[int(step) + 1] * part
        cloud = 215 + 20 * cv2.resize(boil, (width, height), interpolation=cv2.INTER_CUBIC)
        return picture * (1 - veil) + cloud * veil

    return draw


def test_a_cloud_is_reported_with_its_size_and_pace(film):
    rows = film.watch(film.shoot(smoke(film.height, film.width), 5), Growth(film.rate))
    (cloud,) = [row for row in rows if is_cloud(row)]
    assert cloud.span.start == pytest.approx(1.0, abs=0.5)
    assert cloud.data["area_from"] == 0.0
    assert cloud.data["area_to"] > 0.3
    assert 0.03 < cloud.data["growth"] < 0.3
    assert cloud.region.iou(cloud.region) == 1.0
    assert cloud.region.center == pytest.approx((0.5, 0.5), abs=0.1)
    times, values = zip(*cloud.data["profile"], strict=True)
    assert max(values) == 1.0
    assert times[0] >= cloud.span.start


def approach(film):
    body = film.texture(9, 300, 200, 20, 235, grain=6)

    def draw(picture, time):
        size = 0.2 + 0.13 * time
        patch = cv2.resize(body, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)[: film.height]
        x = round(film.width / 2 - patch.shape[1] / 2 + 6 * np.sin(6 * time))
        picture[film.height - len(patch) :, x : x + patch.shape[1]] = patch
        return picture

    return draw


def crowd(film):
    bodies = [film.texture(20 + k, 80, 30, 20, 235, grain=5) for k in range(6)]

    def draw(picture, time):
        for k, body in enumerate(bodies):
            x = round(-40 - 20 * k + 60 * time)
            x0, x1 = max(0, x), min(film.width, x + 30)
            if x1 > x0:
                picture[30 + 14 * k : 110 + 14 * k, x0:x1] = body[:, x0 - x : x1 - x]
        return picture

    return draw


def lights(picture, time):
    return picture * (0.6 if time > 2 else 1.0)


def pan(picture, time):
    return np.roll(picture, -round(25 * max(0.0, time - 1)), axis=1)


def exposure(film):
    """A bright car passes and the camera closes its iris meanwhile."""
    car = film.texture(30, 50, 90, 180, 255, grain=8)

    def draw(picture, time):
        x = round(80 * time - 90)
        picture *= 0.65 if 1 < time < 4 else 1.0
        x0, x1 = max(0, x), min(film.width, x + 90)
        if x1 > x0:
            picture[100:150, x0:x1] = car[:, x0 - x : x1 - x]
        return picture

    return draw


@pytest.mark.parametrize("scene", ["approach", "crowd", "lights", "pan", "exposure"])
def test_other_growth_is_no_cloud(film, scene):
    draw = {"approach": approach(film), "crowd": crowd(film), "lights": lights, "pan": pan, "exposure": exposure(film)}
    rows = film.watch(film.shoot(draw[scene], 6), Growth(film.rate))
    assert [row.data for row in rows if is_cloud(row)] == []


def test_a_still_wall_reports_nothing(film):
    assert film.watch(film.shoot(lambda picture, time: picture, 4), Growth(film.rate)) == []


def test_state_stays_bounded_while_a_cloud_lasts(film):
    draw = smoke(film.height, film.width)
    watch = Growth(film.rate)
    rows = film.watch(film.shoot(lambda picture, time: draw(picture, 2 + time % 2), 70), watch)
    assert len(rows) >= 2
    assert all(row.span.duration < 31 for row in rows)


def test_the_real_explosion_is_a_cloud_and_real_fights_and_falls_are_not(shared, watch_file):
    clips = shared / "data/clips"
    (cloud,) = [row for row in watch_file(next(clips.glob("XD_explosion*")), Growth) if is_cloud(row)]
    assert cloud.span.start < 1.3
    assert cloud.span.duration > 8
    for name in ("SCFD_fi001.mp4", "SCFD_nofi001.mp4", "GMDCSA24_S1_Fall_13.mp4"):
        assert [row.data for row in watch_file(clips / name, Growth) if is_cloud(row)] == []
