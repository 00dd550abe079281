"""Flames flicker; lamps, tail lights and orange jackets don't."""

import numpy as np
import pytest

from panda_agent.perception.flames import Flames


def is_fire(row):
    """The rule this filter is for, in short."""
    data = row.data
    hot = data["core"] >= 0.4 and data["shades"] >= 0.05 and data["contrast"] >= 0.3
    return hot and data["churn"] >= 0.25 and data["seconds"] >= 1


def colour(picture, mask, rgb):
    picture = picture[..., None].repeat(3, axis=2) * 0.5
    picture[mask] = rgb
    return picture


def vest(film):
    """Somebody in a yellow vest walks by, arms swinging."""

    def draw(picture, time):
        worn = np.zeros(picture.shape, bool)
        x = round(30 + 35 * time)
        worn[60:100, x : x + 18] = True
        worn[66:90, x + 18 : x + 18 + round(10 * abs(np.sin(6 * time)))] = True
        return colour(picture, worn, (250, 235, 60))

    return draw


def disc(film, x, y, radius):
    ys, xs = np.mgrid[: film.height, : film.width]
    return np.hypot(xs - x, ys - y) < radius


def flame(film):
    """Tongues that jump about at random around one place."""
    rng = np.random.default_rng(3)

    def draw(picture, time):
        hot, warm = np.zeros(picture.shape, bool), np.zeros(picture.shape, bool)
        if time >= 1:
            for _ in range(5):
                x, y, radius = 140 + rng.normal(0, 7), 100 - abs(rng.normal(0, 10)), rng.uniform(3, 8)
                hot |= disc(film, x, y, radius)
                warm |= disc(film, x, y, radius + 2)
        picture = colour(picture, warm, (255, 170, 70))
        picture[hot] = (255, 250, 160)
        return picture

    return draw


def test_a_flame_flickers(film):
    (row,) = film.watch(film.shoot(flame(film), 5), Flames(film.rate))
    assert is_fire(row)
    assert row.kind == "flicker"
    assert row.span.start == pytest.approx(1.0, abs=0.3)
    assert row.region.center == pytest.approx((140 / film.width, 95 / film.height), abs=0.06)


@pytest.mark.parametrize(
    ("rgb", "speed"),
    [((255, 230, 130), 0.0), ((255, 230, 130), 40.0), ((235, 150, 80), 40.0), ((255, 40, 30), 0.0)],
    ids=["street lamp", "passing lamp", "orange jacket", "brake light"],
)
def test_steady_and_dull_spots_are_no_flames(film, rgb, speed):
    def draw(picture, time):
        return colour(picture, disc(film, 40 + speed * time, 90, 9), rgb)

    assert not [row for row in film.watch(film.shoot(draw, 5), Flames(film.rate)) if is_fire(row)]


def test_a_yellow_vest_is_no_flame(film):
    assert not [row for row in film.watch(film.shoot(vest(film), 5), Flames(film.rate)) if is_fire(row)]


def test_the_real_fire_is_found_and_real_streets_have_none(shared, watch_file):
    clips = shared / "data/clips"
    (fire,) = [row for row in watch_file(next(clips.glob("UCF_RoadAccidents*")), Flames) if is_fire(row)]
    assert 2.4 < fire.span.start < 3.5
    for name in ("SCFD_fi001.mp4", "opencv_vtest.mp4", "SCFD_nofi001.mp4"):
        assert not [row for row in watch_file(clips / name, Flames) if is_fire(row)]
