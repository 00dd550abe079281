"""Crowds: how many move, and when they scatter or hurry together."""

import json

import numpy as np
import pytest

from panda_agent.perception.background import Foreground
from panda_agent.perception.crowd import Crowd, growth
from panda_agent.perception.look import Look

WIDTH, HEIGHT, RATE = 384, 216, 10.0
BODY = (12, 32)


def look(time, places, speeds):
    """Bodies at (x, y), pixels, that move at (x, y) pixels a second."""
    moving, flow = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH, 2), np.float32)
    boxes = []
    for (x, y), speed in zip(places, speeds, strict=True):
        x0, y0 = int(x) - BODY[0] // 2, int(y) - BODY[1] // 2
        moving[y0 : y0 + BODY[1], x0 : x0 + BODY[0]] = 255
        flow[y0 : y0 + BODY[1], x0 : x0 + BODY[0]] = speed
        boxes.append((x0, y0, x0 + BODY[0], y0 + BODY[1]))
    foreground = Foreground(moving=moving, share=float((moving > 0).mean()))
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    return Look(time, picture, moving, flow, foreground, np.array(boxes, np.float32).reshape(-1, 4), {}, [])


def ring(radius, count=8):
    """Places around the middle of the picture and the directions outwards."""
    angles = 2 * np.pi * np.arange(count) / count
    out = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.array([190, 108]) + radius * out, out


def observe(looks):
    watch = Crowd(RATE)
    return [row for one in looks for row in watch.update(one)] + watch.finish()


def mill(i):
    """People who stroll about a place, each his own way."""
    places, _ = ring(35)
    directions = np.random.default_rng(3).permutation(ring(1)[1])
    return look(i / RATE, places + 2 * np.sin(i / 5) * directions, 12 * directions)


def scatter(i, start=30, speed=60.0):
    places, out = ring(35 + speed * (i - start) / RATE)
    return look(i / RATE, places, speed * out)


def test_a_crowd_that_scatters_is_told_with_its_speed():
    rows = observe([mill(i) if i < 30 else scatter(i) for i in range(40)])
    (row,) = (row for row in rows if row.kind == "dispersal")

    assert set(row.data) == set(Crowd.makes["dispersal"])
    assert row.data["rate"] > 0.6
    assert row.data["fit"] > 0.6
    assert row.data["objects"] == 8
    assert row.data["speed"] > 1.0
    assert row.data["surge"] > 2.0
    assert 2.6 <= row.span.start <= 3.4
    json.dumps(row.data)


def test_a_crowd_that_hurries_together_is_the_opposite():
    def gather(i):
        places, out = ring(95 - 50 * i / RATE)
        return look(i / RATE, places, -50 * out)

    kinds = {row.kind for row in observe([gather(i) for i in range(13)])}

    assert kinds == {"convergence", "crowd"}


def test_milling_about_and_marching_past_are_neither():
    def march(i):
        places, out = ring(35)
        return look(i / RATE, places + np.array([40 * i / RATE - 60, 0]), np.tile([40.0, 0.0], (len(out), 1)))

    assert {row.kind for row in observe([mill(i) for i in range(40)])} == {"crowd"}
    assert {row.kind for row in observe([march(i) for i in range(30)])} == {"crowd"}


def test_two_who_part_are_no_crowd():
    def part(i):
        return look(i / RATE, [(190 - 6 * i, 108), (200 + 6 * i, 108)], [(-60, 0), (60, 0)])

    assert {row.kind for row in observe([part(i) for i in range(20)])} == {"crowd"}


def test_the_summary_counts():
    (row,) = observe([mill(i) for i in range(40)])

    assert row.kind == "crowd"
    assert set(row.data) == set(Crowd.makes["crowd"])
    assert row.data["objects"] == pytest.approx(8, abs=0.5)  # of the first frame no body size is known
    assert row.data["most"] == 8
    assert 0 < row.data["density"] < 0.1
    assert [count for _, count in row.data["profile"]][1:] == pytest.approx([8.0] * 3)


def test_an_empty_scene_is_a_crowd_of_none():
    (row,) = observe([look(i / RATE, [], []) for i in range(20)])

    assert row.data["most"] == 0
    assert row.data["speed"] == 0


def test_a_long_video_is_summed_up_minute_by_minute():
    watch, rows = Crowd(1.0), []
    for i in range(400):
        rows += watch.update(look(float(i), [(100, 100)], [(20, 0)]))

    assert len(rows) == 6
    assert len(watch._chunk) < 70
    assert len(watch._recent) < 10


def test_growth_finds_what_was_put_in():
    places = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    rate, fit, speed = growth(places, np.array([5.0, -2.0]) + 0.8 * places)

    assert rate == pytest.approx(0.8)
    assert fit == pytest.approx(1.0)
    assert speed == pytest.approx(0.8 * np.sqrt(((places - places.mean(0)) ** 2).sum(1).mean()))
    assert growth(places, np.ones_like(places)) == (0.0, 0.0, 0.0)


def test_real_pedestrians_do_not_scatter(shared, home):
    import av

    from panda_agent.perception.perceiver import Perceiver

    with av.open(str(shared / "data/ped2/train/01.mp4")) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    perceiver = Perceiver(frames, RATE, home)
    rows = observe([perceiver.look(perceiver.pixels(i / RATE, frame)) for i, frame in enumerate(frames)])

    assert [row.kind for row in rows] == ["crowd"]
    assert 2 < rows[0].data["objects"] < 8
