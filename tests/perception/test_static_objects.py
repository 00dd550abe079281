"""A bag that is put down and left; what is taken away; and what only looks like either."""

import cv2
import numpy as np
import pytest

from panda_agent.perception.settled import Settled
from panda_agent.perception.static_objects import StaticObjects

BAG = (150, 120, 174, 138)


def is_left(row):
    """The rule this filter is for, in short."""
    data = row.data
    small = data.get("size_ratio", 1.0) <= 0.6  # a thing as large as who stood there is that person
    return (
        row.kind == "left_object"
        and small
        and not data["taken"]
        and data["seconds"] >= 8
        and data["alone_seconds"] >= 3
    )


class Street:
    """A wall with a bag that is there from `put` until `taken`, and a person who is `at(time)` (x) or away (None)."""

    def __init__(self, film, at, put=None, taken=None, light=lambda time: 1.0):
        self._film, self._at, self._put, self._taken, self._light = film, at, put, taken, light
        self._body = film.texture(3, 80, 26, 150, 250, grain=8)
        self._bag = film.texture(4, BAG[3] - BAG[1], BAG[2] - BAG[0], 0, 60, grain=9)

    def draw(self, picture, time):
        x0, y0, x1, y1 = BAG
        if self._put is not None and self._put <= time < (self._taken or np.inf):
            picture[y0:y1, x0:x1] = self._bag
        x = self._at(time)
        if x is not None:
            # Nobody stands like a statue: the body sways by a pixel or two.
            x, sway = round(x + 1.5 * np.sin(5 * time)), round(1.5 * np.cos(4 * time))
            left, right = max(0, x), min(self._film.width, x + 26)
            if right > left:
                picture[60 + sway : 140 + sway, left:right] = self._body[:, left - x : right - x]
        return picture * self._light(time)

    def tracks(self, time):
        x = self._at(time)
        return {} if x is None or x < -20 or x > self._film.width else {7: (x, 60, x + 26, 140)}

    def watch(self, seconds):
        frames = self._film.shoot(self.draw, seconds)
        return self._film.watch(frames, StaticObjects(self._film.rate), self.tracks)


def visit(arrives=4.0, leaves=8.0, spot=122.0, speed=60.0):
    """Walks in from the left, stands at a spot, walks on to the right."""

    def at(time):
        return spot + speed * (min(0.0, time - arrives) + max(0.0, time - leaves))

    return at


def test_a_bag_left_behind(film):
    (row,) = [row for row in Street(film, visit(), put=5.0).watch(24) if is_left(row)]
    assert row.span.start == pytest.approx(5.0, abs=1.0)
    assert row.span.end == pytest.approx(24.0, abs=0.5)
    assert row.data["track"] == 7
    assert row.data["came"] >= 1.0
    assert 0.1 < row.data["size_ratio"] < 0.5
    assert row.data["alone_from"] == pytest.approx(8.5, abs=3.5)  # never too early; it takes seconds to settle
    assert row.data["alone_from"] >= 8.0
    assert row.data["novelty"] > 0.6
    assert row.region.center == pytest.approx((162 / film.width, 129 / film.height), abs=0.02)


def test_a_bag_that_is_taken_again_is_not_left(film):
    rows = Street(film, visit(leaves=14.0), put=5.0, taken=13.5).watch(24)
    assert not [row for row in rows if is_left(row)]


def test_somebody_who_waits_with_a_bag_has_not_left_it(film):
    rows = Street(film, visit(leaves=99.0), put=5.0).watch(24)
    assert not [row for row in rows if is_left(row)]


def test_a_thing_that_is_taken_away_is_removed_and_not_left(film):
    rows = Street(film, visit(arrives=8.0, leaves=10.0), put=0.0, taken=9.0).watch(24)
    (row,) = [row for row in rows if row.data["novelty"] < 0.45]
    assert row.kind == "removed_object"
    assert row.span.start == pytest.approx(8.0, abs=1.5)
    assert row.data["stood_seconds"] > 6
    assert row.data["came"] >= 1.0
    assert not [row for row in rows if row.kind == "left_object" and row.data["alone_seconds"] >= 3]


def nobody(time):
    return None


def test_a_change_of_light_leaves_nothing(film):
    dim = Street(film, nobody, light=lambda time: 0.6 if time > 6 else 1.0)
    cloudy = Street(film, nobody, light=lambda time: 1 - 0.25 * min(1.0, time / 15))
    assert dim.watch(16) == []
    assert cloudy.watch(16) == []


def test_somebody_who_stands_in_the_first_frame_and_leaves_is_not_left(film):
    rows = Street(film, visit(arrives=-1.0, leaves=6.0)).watch(18)
    assert not [row for row in rows if row.kind == "left_object"]


def test_the_settled_picture_keeps_what_it_showed_before(film):
    wall, box = film.texture(0), np.s_[40:60, 40:60]
    changed = wall.copy()
    changed[box] = 255 - wall[box]
    settled = Settled(wall, 0.0)
    for i in range(1, 60):
        settled.update(changed if i > 10 else wall, i / 4)
    assert np.abs(settled.picture[box] - changed[box]).mean() < 2
    assert np.abs(settled.before[box] - wall[box]).mean() < 2
    assert settled.since[box].mean() == pytest.approx(11 / 4, abs=0.5)
    assert settled.since[0, 0] == 0.0


def test_the_settled_picture_takes_out_the_exposure(film):
    wall = film.texture(0)
    settled = Settled(wall, 0.0)
    dark = cv2.convertScaleAbs(wall, alpha=0.7)
    covered = settled.update(dark, 0.25)
    assert settled.gain == pytest.approx(0.7, abs=0.03)
    assert covered.mean() < 0.01


def test_the_real_bag_is_found_and_real_passers_by_leave_nothing(shared, watch_file):
    rows = watch_file(shared / "data/clips/ABODA_video4.avi", StaticObjects)
    (bag,) = [row for row in rows if is_left(row)]
    assert bag.data["alone_from"] == pytest.approx(20.0, abs=2.5)
    assert bag.region.center == pytest.approx((0.67, 0.84), abs=0.03)
    rows = watch_file(shared / "data/ped2/train/02.mp4", StaticObjects)
    assert not [row for row in rows if is_left(row)]
