"""Violent motion: fights are found, whatever merely passes is not."""

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from panda_agent.perception.agitation import FLOOR, Agitation
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.strides import Strides

RATE = 15.0
HEIGHT, WIDTH = 216, 384


def texture(seed, height, width, low=60, high=200):
    grain = np.random.default_rng(seed).integers(low, high, (height // 4 + 1, width // 4 + 1), dtype=np.uint8)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)


def paste(picture, patch, x, y):
    """Lay a patch over a picture; what lies outside is cut off."""
    x, y = round(x), round(y)
    x0, y0, x1, y1 = max(0, x), max(0, y), min(WIDTH, x + patch.shape[1]), min(HEIGHT, y + patch.shape[0])
    if x1 > x0 and y1 > y0:
        picture[y0:y1, x0:x1] = patch[y0 - y : y1 - y, x0 - x : x1 - x]


def film(draw, seconds=2.4):
    """Frames (rgb) of what `draw(picture, seconds)` paints onto a textured wall."""
    wall = texture(0, HEIGHT, WIDTH, 90, 130)
    frames = []
    for i in range(round(seconds * RATE)):
        picture = wall.copy()
        draw(picture, i / RATE)
        frames.append(np.repeat(picture[..., None], 3, axis=2))
    return frames


def observe(frames, home, rate=RATE, kind=Agitation):
    perceiver, watch = Perceiver(frames, rate, home), kind(rate)
    found = [
        row for i, frame in enumerate(frames) for row in watch.update(perceiver.look(perceiver.pixels(i / rate, frame)))
    ]
    return found + watch.finish()


def fight():
    """Two bodies of 80 pixels whose trunks and limbs are flung about, anew eight times a second."""
    places = [(80, 28, 150, 70), (80, 28, 190, 70), (26, 40, 130, 80), (26, 40, 200, 85), (40, 20, 150, 120)]
    parts = [(texture(seed, h, w), x, y) for seed, (h, w, x, y) in enumerate([*places, (40, 20, 195, 120)])]
    throws = np.random.default_rng(7).uniform(-14, 14, (100, len(parts), 2))

    def draw(picture, time):
        step, part = divmod(time * 8, 1)
        for k, (patch, x, y) in enumerate(parts):
            dx, dy = throws[int(step), k] * (1 - part) + throws[int(step) + 1, k] * part
            paste(picture, patch, x + dx, y + dy)

    return draw


def strongest(rows):
    return max((row.data["agitation"] for row in rows), default=0.0)


def test_a_fight_is_found_from_the_first_moment_to_the_last(home):
    rows = observe(film(fight()), home)

    assert strongest(rows) > 1.0
    assert rows[0].span.start <= 0.3
    assert rows[-1].span.end >= 2.2
    x, y = rows[0].region.center
    assert 0.3 < x < 0.65
    assert 0.3 < y < 0.8


def test_an_observation_holds_what_it_promises(home):
    (row,) = observe(film(fight()), home)

    assert set(row.data) == set(Agitation.makes["agitation"])
    assert row.data["seconds"] == pytest.approx(row.span.duration, abs=0.01)
    times = [t for t, _ in row.data["profile"]]
    assert times == sorted(times)
    assert max(value for _, value in row.data["profile"]) == pytest.approx(row.data["agitation"], abs=0.01)


def test_people_who_cross_are_calm(home):
    left, right = texture(1, 80, 28), texture(2, 80, 28)

    def draw(picture, time):
        paste(picture, left, 60 + 65 * time, 70)  # 0.8 body lengths a second, a walk
        paste(picture, right, 260 - 65 * time, 75)

    assert strongest(observe(film(draw, 4.0), home)) < 0.35


def test_points_of_a_fight_do_not_go_straight_on(home):
    (row,) = observe(film(fight()), home)

    assert row.data["straightness"] <= 0.74


def test_a_car_that_drives_past_is_calm(home):
    car = texture(3, 90, 180)

    def draw(picture, time):
        paste(picture, car, -180 + 300 * time, 90)

    assert strongest(observe(film(draw), home)) < 0.35


def test_a_still_scene_says_nothing(home):
    assert observe(film(lambda picture, time: None), home) == []


def test_the_camera_may_shake(home):
    shake = np.random.default_rng(5).normal(0, 1.5, (100, 2))
    scene = film(lambda picture, time: None)
    frames = [np.roll(f, (round(dy), round(dx)), (0, 1)) for f, (dx, dy) in zip(scene, shake, strict=False)]

    assert strongest(observe(frames, home)) < 0.5


def test_pictures_that_a_slow_camera_repeats_are_passed_over(home):
    frames = film(fight())
    repeated = [frames[i - i % 2] for i in range(len(frames))]
    perceiver, strides = Perceiver(repeated, RATE, home), Strides()
    looks = [perceiver.look(perceiver.pixels(i / RATE, frame)) for i, frame in enumerate(repeated)]
    found = [s for s in (strides.update(look.time, look.gray, look.flow) for look in looks) if s is not None]

    assert len(found) == len(frames) // 2 - 1
    assert all(s.seconds == pytest.approx(2 / RATE, abs=1e-3) for s in found)
    assert strongest(observe(repeated, home)) > 2 * FLOOR


def test_an_hour_is_held_in_little_memory(home):
    frames = film(fight(), 3.0)
    perceiver, watch = Perceiver(frames, RATE, home), Agitation(RATE)
    looks = [perceiver.look(perceiver.pixels(i / RATE, frame)) for i, frame in enumerate(frames)]
    rows = []
    for turn in range(40):  # the same three seconds again and again, two minutes of a fight
        for look in looks:
            rows += watch.update(replace(look, time=look.time + 3 * turn))

    assert rows, "a fight without end is reported while it goes on"
    assert all(row.span.duration <= 32 for row in rows)
    assert len(watch._field._past) < 20


def clip(path, rate=15.0, side=384):
    """Frames of a real clip as the product perceives them, at most `rate` a second, and their true rate."""
    with av.open(str(path)) as container:
        stream, kept, last = container.streams.video[0], [], -1.0
        for frame in container.decode(stream):
            if float(frame.time) - last >= 1 / rate - 1e-3:
                last = float(frame.time)
                scale = side / max(frame.width, frame.height)
                size = {"width": round(frame.width * scale / 2) * 2, "height": round(frame.height * scale / 2) * 2}
                kept.append((last, frame.reformat(**size, format="rgb24").to_ndarray()))
    return [picture for _, picture in kept], (len(kept) - 1) / (kept[-1][0] - kept[0][0])


def test_real_fights_stand_out_from_real_walks(shared, home):
    fights = [strongest(observe(*_split(shared, f"SCFD_fi{n}.mp4", home))) for n in ("001", "026")]
    walks = [strongest(observe(*_split(shared, f"SCFD_nofi{n}.mp4", home))) for n in ("001", "033")]

    assert min(fights) > 1.0
    assert max(walks) < 0.4


def _split(shared, name, home):
    frames, rate = clip(shared / "data/clips" / name)
    return frames, home, rate
