"""Who outpaces the others at the same places is told by how much, and which way; walkers stay unmentioned."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from panda_agent.perception.movers import groups
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.points import Moving, Points
from panda_agent.perception.quick import NOTABLE, Quick
from panda_agent.perception.senses import Senses

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
HEIGHT, WIDTH, RATE = 216, 384, 15.0
WALK = 60.0
"""Pixels a second."""


def texture(seed, height, width, low, high):
    grain = np.random.default_rng(seed).integers(low, high, (height // 4 + 1, width // 4 + 1), dtype=np.uint8)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)


def street(passers, seconds=24.0):
    """Frames of bodies (40 x 16 pixels) that pass: (second of entry, row of feet, pixels/s, negative to the left)."""
    wall = texture(0, HEIGHT, WIDTH, 90, 120)
    bodies = [texture(k + 1, 40, 16, 20, 250) for k in range(len(passers))]
    frames = []
    for i in range(round(seconds * RATE)):
        picture = wall.copy()
        for body, (enters, foot, pace) in zip(bodies, passers, strict=True):
            way = (i / RATE - enters) * abs(pace) - 16
            x = round(way if pace > 0 else WIDTH - 16 - way)
            x0, x1 = max(0, x), min(WIDTH, x + 16)
            if x1 > x0 and way > -16:
                picture[foot - 40 : foot, x0:x1] = body[:, x0 - x : x1 - x]
        frames.append(np.repeat(picture[..., None], 3, axis=2))
    return frames


def watch(frames, home):
    perceiver, quick = Perceiver(frames, RATE, home), Quick(RATE)
    looks = (perceiver.look(perceiver.pixels(i / RATE, frame)) for i, frame in enumerate(frames))
    return [row for look in looks for row in quick.update(look)] + quick.finish()


def walkers(pace=WALK):
    """Ten who walk one way along three rows."""
    return [(2.0 * k, (90, 130, 170)[k % 3], pace) for k in range(10)]


def strongest(rows):
    return max(rows, key=lambda row: row.data["speed_ratio"] * min(1.0, row.data["seconds"]))


def test_a_rider_is_told_by_pace_and_time_of_entry(home):
    found = strongest(watch(street([*walkers(), (11.0, 150, 3.3 * WALK)]), home))
    assert 2.8 <= found.data["speed_ratio"] <= 3.6
    assert abs(found.span.start - 11.0) <= 0.6
    assert found.data["against"] == 0.0


def test_a_runner_against_the_stream_is_told_as_such(home):
    found = strongest(watch(street([*walkers(), (11.0, 150, -2.6 * WALK)]), home))
    assert found.data["against"] >= 0.9
    assert found.data["flow"] >= 0.7
    assert 2.2 <= found.data["speed_ratio"] <= 2.9


def test_who_hurries_stays_below_a_rider(home):
    rows = watch(street([*walkers(), (11.0, 150, 1.6 * WALK)]), home)
    assert all(row.data["speed_ratio"] < 2.0 for row in rows)


def test_walkers_alone_are_not_reported(home):
    assert watch(street(walkers()), home) == []


def test_too_few_others_say_nothing(home):
    assert watch(street([(1.0, 90, WALK), (3.0, 130, WALK), (5.0, 150, 3.3 * WALK)], seconds=10.0), home) == []


def test_points_of_one_motion_are_one_group_and_others_are_not():
    place = np.array([[10, 10], [14, 10], [12, 16], [13, 12], [90, 10]], np.float64)
    velocity = np.array([[30, 0], [31, 0], [29, 1], [-30, 0], [30, 0]], np.float64)
    found = groups(Moving(np.arange(5), place, velocity), body=40.0)
    assert [group.tolist() for group in found] == [[0, 1, 2]]


def test_straightness_tells_who_passes_from_who_is_thrown_about():
    wall, body = texture(0, HEIGHT, WIDTH, 90, 120), texture(1, 40, 30, 20, 250)

    def after(path):
        points = Points()
        for i in range(12):
            x, y = path(i)
            picture, moving = wall.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
            picture[y : y + 40, x : x + 30] = body
            moving[y : y + 40, x : x + 30] = 255
            points.update(i / RATE, picture, moving)
        return points.straightness((x + 15, y + 20), reach=40, least=4)

    passing, many = after(lambda i: (100 + 4 * i, 80))
    thrown, some = after(lambda i: (100 + 6 * (i % 2), 80 + 6 * (i // 2 % 2)))
    assert many >= 10
    assert some >= 10
    assert passing >= 0.9
    assert thrown <= 0.4


def test_shared_senses_give_the_same_answer(home):
    frames = street([*walkers(), (11.0, 150, 3.3 * WALK)], seconds=16.0)
    perceiver, senses = Perceiver(frames, RATE, home), Senses()
    alone, sharing, other = Quick(RATE), Quick(RATE, senses), Quick(RATE, senses)
    rows = [[], [], []]
    for i, frame in enumerate(frames):
        look = perceiver.look(perceiver.pixels(i / RATE, frame))
        for found, one in zip(rows, (alone, sharing, other), strict=True):
            found += one.update(look)
    alone_rows, sharing_rows, other_rows = (
        found + one.finish() for found, one in zip(rows, (alone, sharing, other), strict=True)
    )
    assert alone_rows
    assert alone_rows == sharing_rows == other_rows


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_people_on_a_real_square_keep_to_a_walkers_pace(watch_file):
    rows = watch_file(DATA / "clips/opencv_vtest.mp4", Quick)
    assert all(NOTABLE <= row.data["speed_ratio"] < 2.3 for row in rows)


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
def test_a_real_cyclist_among_walkers_is_found(watch_file):
    found = strongest(watch_file(DATA / "ped2/test/02.mp4", Quick))
    assert found.data["speed_ratio"] >= 2.75
    assert abs(found.span.start - 9.4) <= 1.0
    assert found.span.end >= 17.0
