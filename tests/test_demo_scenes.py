"""The demo renderer: the same seed gives the same pixels, and the truth says what the pictures show."""

import json
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from examples import demo_scenes
from examples.demo_scenes import SCENES, Happening, Truth, frames, render, truth
from examples.scenes.backdrop import backdrop
from examples.scenes.camera import Camera
from examples.scenes.gait import riding, running, walking
from examples.scenes.ground import Grain, Spots
from examples.scenes.picture import Painter
from examples.scenes.poses import FALLS, SITTING, STANDING

SEEDS = (3, 8)
TWINS = [(scene, seed, decoy) for scene in SCENES for seed in SEEDS for decoy in (False, True)]


def act(known: Truth) -> Happening:
    """The event, or the innocent act in its place."""
    return (known.normal if known.decoy else known.events)[0]


@pytest.mark.parametrize(("scene", "seed", "decoy"), TWINS)
def test_truth_is_consistent(scene: str, seed: int, decoy: bool) -> None:
    known = truth(scene, seed, decoy=decoy)
    what = act(known)
    assert known.label == ("normal" if decoy else "anomalous")
    assert bool(known.events) is not decoy
    assert (what.type == scene) is not decoy
    assert 12 <= known.fps <= 15
    assert 20 - 1 / known.fps <= known.duration <= 30 + 1 / known.fps
    last = known.duration - 1 / known.fps
    assert 6 <= what.start < (what.end or last) <= last
    boxes = np.array(what.boxes)
    assert boxes[0, 0] == what.start
    assert (boxes[:, 0] <= (what.end or last)).all()
    assert (boxes[:, 1:] >= 0).all()
    assert (boxes[:, 1:] <= 1).all()
    assert (boxes[:, 1:3] < boxes[:, 3:5]).all()
    assert json.loads(known.to_json()) == json.loads(json.dumps(asdict(known)))
    assert known.people["walkers"] >= 4


@pytest.mark.parametrize(("scene", "decoy"), [(s, k % 2 == 1) for k, s in enumerate(SCENES)])
def test_the_same_seed_gives_the_same_pixels(scene: str, decoy: bool) -> None:
    first = [(t, f.copy()) for t, f in islice(frames(scene, 3, decoy=decoy), 3)]
    demo_scenes._stage.cache_clear()
    again = list(islice(frames(scene, 3, decoy=decoy), 3))
    known = truth(scene, 3, decoy=decoy)
    for nth, ((t, f), (t2, f2)) in enumerate(zip(first, again, strict=True)):
        assert t == t2 == nth / known.fps
        assert f.dtype == np.uint8
        assert f.shape == (known.height, known.width, 3)
        assert np.array_equal(f, f2)
    assert not np.array_equal(first[0][1], first[2][1])


def test_seeds_differ_and_a_twin_plays_in_the_same_place() -> None:
    (_, event), (_, twin), (_, other) = (
        next(frames("wrong_way", 3)),
        next(frames("wrong_way", 3, decoy=True)),
        next(frames("wrong_way", 4)),
    )
    assert np.array_equal(event, twin)
    assert event.shape != other.shape or not np.array_equal(event, other)
    assert len({(k.place, k.width, k.fps, k.night) for k in (truth("fall", seed) for seed in range(6))}) >= 4


@pytest.mark.parametrize(("scene", "seed", "decoy"), [t for t in TWINS if t[1] == SEEDS[0]])
def test_the_hero_is_drawn_where_the_truth_says(scene: str, seed: int, decoy: bool) -> None:
    place, sensor, moments, known = demo_scenes._stage(scene, seed, decoy)
    boxes = act(known).boxes
    time, *box = boxes[len(boxes) // 2]
    moment = moments[round(time * known.fps)]
    paint = Painter(place, backdrop(place, np.random.default_rng(0)), sensor.wind)
    without = moment._replace(people=tuple(p for p in moment.people if p.role != "hero"), bags=())
    changed = np.abs(paint(moment).astype(int) - paint(without)).max(axis=2) > 8
    x0, y0, x1, y1 = np.round(np.array(box) * ([known.width, known.height] * 2)).astype(int)
    assert changed[y0:y1, x0:x1].mean() > 0.15
    if scene == "cyclist" and not decoy:
        cols = np.flatnonzero(changed.any(axis=0))
        assert cols.max() - cols.min() + 1 > 0.6 * (x1 - x0)


@pytest.mark.parametrize("seed", SEEDS)
def test_events_are_what_they_are_called(seed: int) -> None:
    def pace(known: Truth) -> float:
        """Box heights a second, along the picture."""
        boxes = np.array(act(known).boxes)
        inner = boxes[(boxes[:, 1] > 0.05) & (boxes[:, 3] < 0.95)]
        way = np.abs(np.diff(inner[[0, -1], 1:4:2].mean(axis=1)))[0] * known.width
        return float(way / (inner[-1, 0] - inner[0, 0]) / (np.diff(inner[:, [2, 4]]).mean() * known.height))

    assert pace(truth("cyclist", seed)) > 1.5 * pace(truth("cyclist", seed, decoy=True))

    fallen = np.array(act(truth("fall", seed)).boxes)
    height = fallen[:, 4] - fallen[:, 2]
    assert height[-1] < 0.75 * height[0]
    assert act(truth("fall", seed)).end is None

    bag = act(truth("abandoned_bag", seed))
    assert bag.left is not None
    assert bag.start < bag.left < truth("abandoned_bag", seed).duration - 4
    assert len({tuple(b[1:]) for b in bag.boxes}) == 1
    taken = act(truth("abandoned_bag", seed, decoy=True))
    assert taken.type == "bag_taken_again"
    assert taken.end is not None
    assert 3 < taken.end - taken.start < 16


@pytest.mark.parametrize("seed", SEEDS)
def test_the_runner_goes_against_the_stream_and_the_joggers_with_it(seed: int) -> None:
    def headings(decoy: bool) -> tuple[float, float]:
        _, _, moments, known = demo_scenes._stage("wrong_way", seed, decoy)
        moment = moments[round(act(known).start * known.fps) + known.fps]
        walkers = [p.vx for p in moment.people if p.role == "walker"]
        return float(np.median(walkers)), float(np.mean([p.vx for p in moment.people if p.role == "hero"]))

    stream, runner = headings(decoy=False)
    assert stream * runner < 0
    assert 3.0 < abs(runner) < 4.8
    stream, joggers = headings(decoy=True)
    assert stream * joggers > 0
    assert 2.2 < abs(joggers) < 3.3


def test_a_video_is_written_and_reads_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo_scenes.main(["cyclist", "--seed", "2", "--out", str(tmp_path)])
    path = tmp_path / "cyclist_0002.mp4"
    known = truth("cyclist", 2)
    assert path.with_suffix(".json").read_text(encoding="utf-8") == known.to_json() + "\n"
    assert f"anomalous, {known.duration:.1f} s" in capsys.readouterr().out
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        times = [f.time for f in container.decode(stream) if (f.width, f.height) == (known.width, known.height)]
    assert times == pytest.approx(np.arange(round(known.duration * known.fps)) / known.fps, abs=1e-3)
    assert render("cyclist", 2, tmp_path / "again.mp4") == known
    assert (tmp_path / "again.mp4").read_bytes() == path.read_bytes()


def test_an_unknown_scene_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no scene 'riot'; choose one of cyclist, fall"):
        truth("riot", 0)


def test_bodies_rest_on_the_ground_and_keep_their_limbs() -> None:
    from examples.scenes.body import Joint, skeleton

    poses = [STANDING, SITTING, walking(0.3, 1.3, 1.75, 1.0), running(0.1, 4.0), riding(0.7, 34.0, 1.75)]
    poses += [p for pair in FALLS.values() for p in pair]
    for pose in poses:
        body = skeleton(pose, 1.75, 1.0)
        thighs = np.linalg.norm(body[Joint.KNEE] - body[Joint.HIP]), 0.245 * 1.75
        assert thighs[0] == pytest.approx(thighs[1])
        assert 0 <= body[:, 2].min() < 0.12
    lying = [skeleton(pair[1], 1.75, 1.0)[:, 2].max() for pair in FALLS.values()]
    assert max(lying) < 0.75 < skeleton(STANDING, 1.75, 1.0)[:, 2].max()


def test_the_camera_keeps_metres_and_pixels_together() -> None:
    camera = Camera(640, 360, 5.0, 0.2, 0.4, 0.75)
    x, y, _ = camera.ground(1)
    spot = np.array([[x[300, 100], y[300, 100], 0.0]])
    assert camera.project(spot)[0][0] == pytest.approx([100.5, 300.5])
    far = camera.project(np.array([[0.0, 10, 0], [0, 10, 1.7], [0, 20, 0], [0, 20, 1.7]]))[0]
    assert far[0, 1] - far[1, 1] > 1.7 * (far[2, 1] - far[3, 1])
    assert camera.share_inside((-10, 0, 10, 20)) == pytest.approx(0.5)


def test_the_ground_has_no_holes_above_the_horizon():
    """Not a number there once made whole pictures black, by way of the mean that sets the exposure."""
    grain = Grain(np.random.default_rng(0))
    away = np.array([[np.inf, np.inf], [20.0, 8.0]])
    spots = Spots(np.array([[0.0, 0.0], [-1.0, 2.0]]), away, np.array([[0.1, 0.1], [0.05, 0.02]]))
    assert np.isfinite(grain(spots, 0.25)).all()
