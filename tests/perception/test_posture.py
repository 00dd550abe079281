"""Falls: told from sitting down, walking away and getting up by their numbers."""

import av
import cv2
import numpy as np

from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.posture import Posture
from panda_agent.perception.sinking import quantiles

RATE = 15.0
HEIGHT, WIDTH = 288, 384
BODY = 150


def texture(seed, height, width, low=40, high=220):
    grain = np.random.default_rng(seed).integers(low, high, (height // 5 + 1, width // 5 + 1), dtype=np.uint8)
    return cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)


WALL = texture(0, HEIGHT, WIDTH, 100, 130)
MAN = texture(1, BODY, 46)


def man(angle, feet=(150, 260), squat=1.0, sway=0.0):
    """A frame with a man who stands (angle 0) or has toppled to the right (90), turned about his feet."""
    body = cv2.resize(MAN, (46, max(8, round(BODY * squat))))
    turn = cv2.getRotationMatrix2D((23, body.shape[0]), -angle, 1.0)
    turn[:, 2] += np.array(feet) - (23 - sway, body.shape[0])
    picture = cv2.warpAffine(body, turn, (WIDTH, HEIGHT), dst=WALL.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    return np.repeat(picture[..., None], 3, axis=2)


def film(pose, seconds):
    return [man(**pose(i / RATE)) for i in range(round(seconds * RATE))]


def observe(frames, home, rate=RATE):
    perceiver, watch = Perceiver(frames, rate, home), Posture(rate)
    found = [
        row for i, frame in enumerate(frames) for row in watch.update(perceiver.look(perceiver.pixels(i / rate, frame)))
    ]
    return found + watch.finish()


def sway(time):
    """He never stands quite still."""
    return 1.5 * np.sin(7 * time)


def topple(start, seconds):
    """Falls from `start`, ever faster, within `seconds`."""
    return lambda t: {
        "angle": 90 * float(np.clip((t - start) / seconds, 0, 1)) ** 2,
        "sway": sway(t) if t < start else 0.0,
    }


def test_a_fall_is_measured(home):
    (row,) = observe(film(topple(1.0, 0.8), 4.0), home)

    assert row.kind == "fall"
    assert set(row.data) == set(Posture.makes["fall"])
    assert row.data["speed"] > 0.8
    assert row.data["squash"] > 0.35
    assert row.data["height_loss"] > 0.4
    assert row.data["aspect_before"] > 1.5
    assert row.data["aspect_after"] < 1.0
    assert row.data["still"] > 1.5
    assert row.data["risen"] < 0.2
    assert 0.9 < row.span.start < 1.8


def test_who_lies_down_slowly_is_slower(home):
    rows = observe(film(lambda t: {"angle": 90 * float(np.clip((t - 1) / 3.5, 0, 1))}, 6.0), home)

    assert max((row.data["speed"] for row in rows), default=0.0) < 0.7


def test_who_sits_down_loses_less_height(home):
    rows = observe(
        film(lambda t: {"angle": 0, "squat": 1 - 0.3 * float(np.clip(t - 1, 0, 1)), "sway": sway(t)}, 4.0), home
    )

    assert all(row.data["speed"] < 0.7 or row.data["height_loss"] < 0.35 for row in rows)


def test_who_gets_up_again_has_risen(home):
    def pose(t):
        return topple(1.0, 0.8)(t) if t < 3 else {"angle": 90 * (1 - float(np.clip((t - 3) / 0.8, 0, 1)))}

    (row,) = observe(film(pose, 5.5), home)

    assert row.data["risen"] > 0.3
    assert row.data["still"] < row.data["watched"]


def test_who_walks_towards_the_camera_does_not_fall(home):
    rows = observe(film(lambda t: {"angle": 0, "feet": (150, 160 + 30 * t), "sway": 3 * np.sin(9 * t)}, 3.0), home)

    assert rows == []


def test_standing_is_nothing(home):
    assert observe(film(lambda t: {"angle": 0, "sway": sway(t)}, 3.0), home) == []


def test_quantiles_cut_the_rim_off():
    weights = np.array([1.0, 0, 50, 50, 50, 0, 1])

    assert quantiles(weights, 0.02) == (2, 5)
    assert quantiles(weights, 0.0) == (0, 7)


def test_real_falls_are_found_and_daily_life_is_not(shared, home):
    falls = [_observe_clip(shared, f"GMDCSA24_{name}.mp4", home) for name in ("S1_Fall_13", "S3_Fall_19", "S4_Fall_01")]

    assert [len(rows) for rows in falls] == [1, 1, 1]
    assert all(row.data["speed"] > 0.8 and row.data["height_loss"] > 0.4 for rows in falls for row in rows)
    assert _observe_clip(shared, "GMDCSA24_S2_ADL_23.mp4", home) == []


def _observe_clip(shared, name, home):
    with av.open(str(shared / "data/clips" / name)) as container:
        frames = [f.reformat(width=384, height=288, format="rgb24") for f in container.decode(video=0)]
    every = max(1, round(len(frames) / (float(frames[-1].time) or 1) / RATE))
    return observe([f.to_ndarray() for f in frames[::every]], home)
