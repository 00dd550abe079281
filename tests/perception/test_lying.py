"""Somebody who lies still is told from who stands, from a shadow, from a bag and from a hole in the ground."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from panda_agent.perception.lump import describe
from panda_agent.perception.lying import Lying
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.resting import Resting
from panda_agent.perception.stature import Stature

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
HEIGHT, WIDTH, RATE, BODY = 216, 384, 10.0, 60


def texture(seed, height, width, low, high):
    grain = np.random.default_rng(seed).integers(low, high, (height // 4 + 1, width // 4 + 1), dtype=np.uint8)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)


WALL = texture(0, HEIGHT, WIDTH, 90, 120)
MAN = texture(1, BODY, 20, 20, 250)
LAID = np.ascontiguousarray(np.rot90(MAN))


def put(picture, patch, x, foot):
    height, width = patch.shape
    x0, x1 = max(0, x), min(WIDTH, x + width)
    if x1 > x0:
        picture[foot - height : foot, x0:x1] = patch[:, x0 - x : x1 - x]


def observe(draw, home, seconds=22.0):
    """What is reported when somebody walks up and down a lane and `draw(picture, time)` adds the rest."""
    frames = []
    for i in range(round(seconds * RATE)):
        picture, time = WALL.copy(), i / RATE
        draw(picture, time)
        put(picture, MAN, round(-20 + 60 * (time % 7)), 200)
        frames.append(np.repeat(picture[..., None], 3, axis=2))
    perceiver, lying = Perceiver(frames, RATE, home), Lying(RATE)
    looks = (perceiver.look(perceiver.pixels(i / RATE, frame)) for i, frame in enumerate(frames))
    return [row for look in looks for row in lying.update(look)] + lying.finish()


def comes(time, until):
    """Column of one who walks in from the left and is there at 9 s."""
    return round(150 - 50 * max(0.0, min(9.0, until) - time))


def flat(rows):
    return [row for row in rows if row.data["flat"] >= 1.3 and row.data["bulk"] >= 0.12]


def test_who_fell_is_reported_from_the_fall_on(home):
    rows = flat(observe(lambda p, t: put(p, MAN, comes(t, 9.0), 150) if t < 9 else put(p, LAID, 140, 150), home))
    assert len(rows) == 1
    found = rows[0]
    assert abs(found.span.start - 9.0) <= 1.0
    assert found.data["drop_seconds"] <= 1.0
    assert found.data["seconds"] >= 10.0
    assert found.data["novelty"] >= 0.6
    assert found.data["gone"] == 0
    assert found.region is not None
    assert found.region.center == pytest.approx((170 / WIDTH, 140 / HEIGHT), abs=0.05)


def test_who_stands_still_is_not_flat(home):
    rows = observe(lambda p, t: put(p, MAN, comes(t, 9.0) if t < 9 else 150, 150), home)
    assert rows
    assert not flat(rows)


def test_a_small_thing_is_small(home):
    rows = observe(lambda p, t: put(p, LAID[:10, :18], 140, 150) if t >= 9 else None, home)
    assert all(row.data["bulk"] < 0.12 for row in rows)


def test_through_a_shadow_the_ground_shows(home):
    def shade(picture, time):
        if time >= 9:
            picture[130:150, 140:200] = (picture[130:150, 140:200] * 0.6).astype(np.uint8)

    rows = flat(observe(shade, home))
    assert rows
    assert all(row.data["clear"] < 0.1 for row in rows)


def rested(before, after):
    """The lump that is left where `after` differs from `before`, seen at rest for three seconds."""
    mask = cv2.absdiff(before, after)[::2, ::2] > 14
    mask = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
    first, then = np.ascontiguousarray(before[::2, ::2]), np.ascontiguousarray(after[::2, ::2])
    resting, looks = Resting(first, 0.0), []
    for time in np.arange(0.25, 4.0, 0.25).tolist():
        resting.update(then if time >= 1.0 else first, mask & (time >= 1.0), time)
        looks.append((time, mask & (time >= 1.0)))
    return describe(mask, 1.0, resting, looks, BODY / 2, 0.25)


def test_what_came_fits_worse_than_the_ground_and_what_left_fits_better():
    with_man = WALL.copy()
    put(with_man, LAID, 140, 150)
    came, left = rested(WALL, with_man), rested(with_man, WALL)
    assert came.novelty >= 0.65
    assert left.novelty <= 0.35
    assert came.start == pytest.approx(1.0)
    assert came.drop is None


def fell(patches):
    """The lump of one who lies at 1 s, and whose trunk showed in these columns, one group a look, before."""
    mask = np.zeros((108, 192), np.bool_)
    mask[65:75, 70:100] = True
    looks = []
    for i, column in enumerate(patches):
        standing = np.zeros_like(mask)
        standing[47:57, column : column + 3] = True
        looks.append((0.25 * (i + 1), standing))
    ground = np.ascontiguousarray(WALL[::2, ::2])
    return describe(mask, 1.0, Resting(ground, 0.0), [*looks, (1.0, mask), (1.25, mask)], BODY / 2, 0.25)


def test_who_shows_in_other_patches_in_each_look_stood_there():
    lump = fell([80, 83, 86])
    assert lump.start == pytest.approx(0.75)
    assert lump.drop == pytest.approx(0.25)


def test_one_patch_that_stays_the_same_is_nobody():
    lump = fell([80, 80, 80])
    assert lump.drop is None


def test_stature_follows_the_row_of_the_feet_and_ignores_shards():
    stature = Stature()
    assert stature.at(0.5) is None
    for foot in np.linspace(60, 210, 60):
        height = 0.3 * foot
        body = (100, foot - height, 100 + 0.4 * height, foot)
        shard = (200, foot - 15, 206, foot)
        stature.update(np.array([body, shard], np.float32), (WIDTH, HEIGHT))
    assert stature.at(0.9) == pytest.approx(0.27, rel=0.15)
    assert stature.at(0.5) == pytest.approx(0.15, rel=0.2)


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_nobody_lies_on_a_real_square(watch_file):
    rows = flat(watch_file(DATA / "clips/opencv_vtest.mp4", Lying))
    assert not [row for row in rows if row.data["novelty"] >= 0.55 and row.data["clear"] >= 0.125]
