"""Background, flow, boxes and tracks: what every filter builds on."""

import numpy as np
import pytest

from panda_agent.perception.background import Background
from panda_agent.perception.boxes import motion_boxes
from panda_agent.perception.flow import DenseFlow
from panda_agent.perception.perceiver import Perceiver, to_gray
from panda_agent.perception.tracks import MotionTracker

BOX = 36


def walker(film, speed=20.0):
    """A textured square that crosses the wall; pixels a second."""
    body = film.texture(7, BOX, BOX, low=0, high=255)

    def draw(picture, time):
        x = 20 + round(speed * time)
        picture[80 : 80 + BOX, x : x + BOX] = body
        return picture

    return draw


def test_the_background_is_known_before_the_first_frame(film):
    frames = [to_gray(frame) for frame in film.shoot(walker(film), 10)]
    background = Background(frames[::4], film.rate)
    first = background.update(frames[0])
    inside = first.moving[80 : 80 + BOX, 20 : 20 + BOX]
    assert (inside > 0).mean() > 0.8
    assert first.share == pytest.approx(BOX * BOX / frames[0].size, rel=0.3)


def test_noise_is_no_motion(film):
    frames = [to_gray(frame) for frame in film.shoot(lambda picture, time: picture, 4, noise=6.0)]
    background = Background(frames, film.rate)
    assert max(background.update(frame).share for frame in frames) < 0.002


def test_what_stays_becomes_background(film):
    def draw(picture, time):
        if time >= 2:
            picture[100:140, 100:140] = 255
        return picture

    frames = [to_gray(frame) for frame in film.shoot(draw, 3, noise=0)]
    background = Background(frames[:20], rate=0.1)  # a slow clock: each frame stands for ten seconds
    moving = [background.update(frame).moving[120, 120] for frame in frames + frames[-1:] * 40]
    assert (moving[0], max(moving), moving[-1]) == (0, 255, 0)


def test_flow_is_in_pixels_a_second_whatever_the_rate(film):
    frames = [to_gray(frame) for frame in film.shoot(walker(film), 1, noise=0)]
    for step in (1, 2):
        flow = DenseFlow()
        flow.update(frames[0], 0.0)
        found = flow.update(frames[step], step / film.rate)
        inside = found[90 : 70 + BOX, 32 : 10 + BOX]
        assert np.median(inside[..., 0]) == pytest.approx(20.0, abs=4.0)
        assert abs(np.median(inside[..., 1])) < 3.0


def test_a_frame_of_the_same_time_has_no_flow(film):
    frames = [to_gray(frame) for frame in film.shoot(walker(film), 1)]
    flow = DenseFlow()
    flow.update(frames[0], 1.0)
    assert not flow.update(frames[5], 1.0).any()


def test_one_walker_is_one_box_and_one_track(film, home):
    frames = film.shoot(walker(film), 10)
    perceiver = Perceiver(frames, film.rate, home)
    looks = [perceiver.look(perceiver.pixels(i / film.rate, frame)) for i, frame in enumerate(frames)]
    (track,) = perceiver.last_tracks(looks[-1]).ended
    path = track.array
    assert len(path) >= 0.9 * len(frames)
    assert np.polyfit(path[:, 0], path[:, 1], 1)[0] == pytest.approx(20.0, rel=0.1)
    assert {len(look.boxes) for look in looks} == {1}


def test_ids_start_anew_in_each_case(home):
    box = np.array([[10, 10, 40, 60]], np.float32)
    flow = np.zeros((100, 100, 2), np.float32)
    for _ in range(2):
        tracker = MotionTracker(10.0, home)
        for i in range(5):
            tracker.update(i / 10, box + i, flow)
        assert [track.id for track in tracker.finish()] == [1]


def test_two_trackers_in_turn_are_two_trackers_alone(home):
    flow = np.zeros((100, 200, 2), np.float32)
    paths = [np.array([[10 + 2 * i, 10, 40 + 2 * i, 60]], np.float32) for i in range(20)]
    alone = MotionTracker(10.0, home)
    for i, box in enumerate(paths):
        alone.update(i / 10, box, flow)
    one, other = MotionTracker(10.0, home), MotionTracker(10.0, home)
    for i, box in enumerate(paths):
        one.update(i / 10, box, flow)
        other.update(i / 10, box[:, [0, 1, 2, 3]] + 30, flow)
    (expected,), (found,) = alone.finish(), one.finish()
    assert found.rows == expected.rows


def test_specks_are_no_boxes():
    mask = np.zeros((192, 288), np.uint8)
    mask[50:52, 50:52] = 255
    assert len(motion_boxes(mask)) == 0
    mask[90:130, 90:110] = 255
    (box,) = motion_boxes(mask)
    assert box == pytest.approx([90, 90, 110, 130], abs=4)


def test_cells_measure_what_moves_where_it_moves(film, home):
    frames = film.shoot(walker(film, speed=40.0), 4)
    perceiver = Perceiver(frames, film.rate, home)
    for i, frame in enumerate(frames):
        look = perceiver.look(perceiver.pixels(i / film.rate, frame))
    cells = look.cells
    step = film.width // 48
    centers = (cells.where[:, ::-1] + 0.5) * step
    x = 20 + 40.0 * look.time
    assert np.abs(centers - [x + BOX / 2, 80 + BOX / 2]).max() < BOX
    assert 0.3 * 40 < cells.features[:, 0].max() * film.width < 1.3 * 40
    assert cells.features[:, 1].max() == pytest.approx(1.0, abs=0.05)


def test_zones_to_ignore_never_move(film, home):
    frames = film.shoot(walker(film), 6)
    ignore = np.full(frames[0].shape[:2], 255, np.uint8)
    perceiver = Perceiver(frames, film.rate, home, ignore)
    looks = [perceiver.look(perceiver.pixels(i / film.rate, frame)) for i, frame in enumerate(frames)]
    assert all(not look.foreground.moving.any() and len(look.boxes) == 0 for look in looks)
