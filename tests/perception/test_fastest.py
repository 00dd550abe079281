"""What glides faster than the rest stands out; legs that swing, and a crowd of one pace, don't."""

import cv2
import numpy as np

from panda_agent.perception.background import Foreground
from panda_agent.perception.carried import SHRUNK, CarriedFlow
from panda_agent.perception.fastest import Fastest, Usual
from panda_agent.perception.flow import FineFlow
from panda_agent.perception.look import Look
from panda_agent.perception.patches import MOST, patches_of

HEIGHT, WIDTH, WALK = 96, 160, 12.0


def look_at(time, bodies, carried):
    """Bodies of 12 × 24 pixels at (x, y) with a speed to the right, pixels per second."""
    moving, flow = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH, 2), np.float32)
    boxes = []
    for x, y, speed in bodies:
        left = int(x) % (WIDTH - 12)
        moving[y : y + 24, left : left + 12], flow[y : y + 24, left : left + 12] = 255, (speed, 0)
        boxes.append((left, y, left + 12, y + 24))
    rgb, fore = np.zeros((HEIGHT, WIDTH, 3), np.uint8), Foreground(moving, float((moving > 0).mean()))
    table = np.array(boxes, np.float32).reshape(-1, 4)
    return Look(time, rgb, rgb[..., 0], flow, fore, table, {}, [], carried=carried.update(flow, time, flow.shape))


def watched(seconds, rider=lambda time: None, online=False):
    carried, filter_, rows = CarriedFlow(), Fastest(10.0, online=online), []
    for i in range(round(seconds * 10)):
        time = i / 10
        bodies = [(20 + WALK * time, 4, WALK), (60 + WALK * time, 30, WALK), (110 + WALK * time, 60, WALK)]
        fast = rider(time)
        rows += filter_.update(look_at(time, bodies + ([fast] if fast else []), carried))
    return rows, filter_.finish()


def rides(time):
    return (10 + 40 * (time - 6), 70, 40.0) if 6 <= time < 9 else None


def test_who_goes_three_times_the_usual_pace_stands_out_while_he_is_there():
    (row,) = watched(12, rides)[1]
    profile = np.array(row.data["profile"])
    there = (profile[:, 0] >= 6.5) & (profile[:, 0] < 8.5)
    assert profile[there, 1].min() > 1.5 > 0.7 > profile[profile[:, 0] < 5.5, 1].max()
    assert 2.5 < row.data["ratio"] < 5.0
    assert f"{row.data['ratio']:.2f} times" in row.statement


def test_the_first_of_its_patches_is_where_he_is():
    (row,) = watched(12, rides)[1]
    at = [patch for patch in row.data["patches"] if abs(patch[0] - 7.5) < 0.15]
    _, x0, y0, x1, y1, value = max(at, key=lambda patch: patch[5])
    assert x0 < 76 / WIDTH < x1
    assert y0 < 82 / HEIGHT < y1
    assert value > 1.5


def test_a_crowd_of_one_pace_is_usual():
    (row,) = watched(12)[1]
    assert row.data["peak"] < 0.7


def test_where_hardly_anything_moves_nothing_is_said():
    assert watched(0.5) == ([], [])


def test_online_each_second_is_told_as_it_ends_and_never_changed_by_what_comes():
    short, long = (watched(seconds, rides, online=True)[0] for seconds in (8, 12))
    assert [row.data["profile"] for row in short] == [row.data["profile"] for row in long[: len(short)]]
    assert all(row.data["live"] and row.span.duration < 1 for row in long)
    assert len(long) >= 8


def test_a_lorry_in_many_pixels_counts_as_one_thing():
    usual = Usual()
    for _ in range(20):
        usual.update([0.05, 0.05, 0.05, 0.5])
    assert abs(usual.norm.pace - 0.05) < 0.005


def test_velocity_is_carried_along_with_what_moves():
    carried, swings = CarriedFlow(), []
    for i in range(40):  # a point that goes 8 pixels a second on average, now at twice that and now not at all
        flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        flow[..., 0] = 16.0 if i % 6 < 3 else 0.0
        swings.append(carried.update(flow, i / 10, flow.shape)[10, 20, 0])
    assert carried.update(flow, 4.0, flow.shape).shape == (HEIGHT // SHRUNK, WIDTH // SHRUNK, 2)
    assert min(swings[10:]) > 4
    assert max(swings[10:]) < 12


def test_patches_lie_apart_and_the_highest_comes_first():
    odd = np.zeros((20, 30), np.float32)
    odd[4, 5], odd[4, 6], odd[15, 25] = 1.0, 3.0, 2.0
    patches = patches_of(1.0, odd, (1.0, 1.5))
    assert patches[:, 5].tolist() == [3.0, 2.0]
    assert len(patches_of(1.0, np.ones((20, 30), np.float32), (1.0, 1.5))) == MOST
    assert patches_of(1.0, np.zeros((20, 30), np.float32), (1.0, 1.5)).shape == (0, 6)


def test_fine_flow_is_in_pixels_of_the_whole_picture():
    texture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (120, 400), np.uint8), (0, 0), 3)
    texture, flow = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX), FineFlow()
    assert not flow.update(texture[:, 40:240], 0.0).any()
    found = flow.update(texture[:, 36:236], 0.1)
    assert found.shape == (60, 100, 2)
    assert np.abs(np.median(found[10:50, 10:90], axis=(0, 1)) - (40, 0)).max() < 3
