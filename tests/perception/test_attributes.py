"""What is told of followed objects: joined paths, speeds in body lengths, and how they compare with others."""

import json

import numpy as np
import pytest

from panda_agent.perception.attributes import Attributes, find_stops
from panda_agent.perception.background import Foreground
from panda_agent.perception.look import Look
from panda_agent.perception.paths import Joiner, Path, continues
from panda_agent.perception.place_norms import KEPT, MIN_OTHERS, PlaceNorms, compare
from panda_agent.perception.tracks import Track

SIZE = (384, 216)
RATE = 10.0


def track(number, start, seconds, place, speed, body=(15, 40), flow=None):
    """A track whose box (width, height) starts centred at `place` and goes at `speed` (x, y), pixels a second."""
    rows = []
    for i in range(round(seconds * RATE)):
        t = i / RATE
        vx, vy = speed(t) if callable(speed) else speed
        x, y = place(t) if callable(place) else (place[0] + vx * t, place[1] + vy * t)
        w, h = body(t) if callable(body) else body
        u, v = (vx / 2, vy / 2) if flow is None else flow
        rows.append((start + t, x - w / 2, y - h / 2, x + w / 2, y + h / 2, u, v))
    return Track(number, rows)


def path(*args, **kwargs):
    one = track(*args, **kwargs)
    return Path([one.id], one.array, SIZE)


def walkers(count, first=1, speed=(40.0, 0.0)):
    """People who cross one after the other at one body length a second."""
    start_x = 60 if speed[0] > 0 else 320
    return [track(first + i, 2.0 * i, 5.0, (start_x, 100 + 3 * (i % 5)), speed) for i in range(count)]


def look(time, ended=(), live=None):
    width, height = SIZE
    blank = np.zeros((height, width), np.uint8)
    foreground = Foreground(moving=blank, share=0.0)
    picture, flow = np.zeros((height, width, 3), np.uint8), np.zeros((height, width, 2), np.float32)
    return Look(time, picture, blank, flow, foreground, np.zeros((0, 4), np.float32), live or {}, list(ended))


def observe(tracks, **kwargs):
    watch = Attributes(RATE, **kwargs)
    end = max(one.last for one in tracks)
    found = watch.update(look(end, tracks))
    return found + watch.finish()


def rows_by_track(rows, kind="track"):
    return {row.data["track"]: row for row in rows if row.kind == kind}


def test_speed_is_in_body_lengths_whatever_the_size_of_the_picture():
    near = path(1, 0, 4, (60, 100), (80.0, 0.0), body=(30, 80))
    far = path(2, 0, 4, (60, 100), (20.0, 0.0), body=(8, 20))

    assert np.median(near.speed) == pytest.approx(1.0, abs=0.03)
    assert np.median(far.speed) == pytest.approx(1.0, abs=0.03)


def test_a_box_that_only_grows_does_not_move():
    growing = path(1, 0, 4, (190, 100), (0.0, 0.0), body=lambda t: (20 + 15 * t, 60), flow=(0, 0))
    merging = path(
        2, 0, 4, lambda t: (100 + (15 if t > 2 else 0), 100), (0, 0), body=lambda t: (50 if t > 2 else 20, 60)
    )

    assert growing.speed.max() < 0.05
    assert np.median(merging.speed) < 0.05


def test_fragments_of_one_object_are_joined_and_specks_dropped():
    first, second = track(1, 0, 2, (60, 100), (40.0, 0.0)), track(2, 2.6, 2, (165, 102), (40.0, 0.0))
    other, speck = track(3, 2.6, 2, (300, 30), (0.0, 10.0)), track(4, 1, 0.4, (200, 200), (0, 0))
    joiner = Joiner()
    joiner.update(5.0, SIZE, [first, second, other, speck], [])

    assert sorted(one.tracks for one in joiner.finish()) == [[1, 2], [3]]


def test_a_fragment_waits_for_one_that_goes_on_and_is_still_seen():
    first, second = track(1, 0, 2, (60, 100), (40.0, 0.0)), track(2, 2.4, 6, (155, 100), (40.0, 0.0))
    joiner = Joiner()

    assert joiner.update(3.5, SIZE, [first], [second]) == []
    assert joiner.update(7.5, SIZE, [], [second]) == []
    joiner.update(9.9, SIZE, [second], [])
    (joined,) = joiner.update(20.0, SIZE, [], [])
    assert joined.tracks == [1, 2]


def test_a_child_does_not_continue_a_lorry():
    lorry, child = path(1, 0, 2, (60, 100), (40.0, 0.0), body=(120, 80)), path(2, 2.2, 2, (150, 110), (40.0, 0.0))

    assert not continues(lorry, child)


def test_a_cyclist_among_walkers_stands_out():
    people = walkers(10)
    cyclist = track(50, 6.0, 2.0, (60, 104), (130.0, 0.0), body=(40, 40))
    rows = rows_by_track(observe([*people, cyclist]))

    data = rows[50].data
    assert set(data) == set(Attributes.makes["track"])
    assert data["speed_ratio"] > 2.5
    assert data["speed_rank"] == 1.0
    assert data["speed_here"] > 2 * data["speed_limit"]
    assert data["speed"] == pytest.approx(130 / 40, abs=0.2)
    assert data["straightness"] > 0.95
    assert data["others"] >= MIN_OTHERS
    assert "others stay below" in rows[50].statement
    assert all(0.8 < rows[i].data["speed_ratio"] < 1.2 for i in range(1, 11))
    assert rows[50].family == "tracks"
    json.dumps(data)


def test_a_shard_of_a_body_does_not_look_fast():
    shard = track(50, 6.0, 4.0, (60, 104), (40.0, 0.0), body=(6, 6))
    data = rows_by_track(observe([*walkers(10), shard]))[50].data

    assert data["speed"] > 4
    assert data["speed_ratio"] < 1.3


def test_with_few_others_nothing_is_compared():
    rows = rows_by_track(observe(walkers(MIN_OTHERS)))

    assert len(rows) == MIN_OTHERS
    assert all("speed_ratio" not in row.data and "others" not in row.data for row in rows.values())


def test_one_who_goes_against_the_stream_is_told():
    wrong = track(50, 6.0, 4.0, (320, 104), (-40.0, 0.0))
    rows = rows_by_track(observe([*walkers(14), wrong]))

    assert rows[50].data["against"] == 1.0
    assert rows[50].data["flow"] > 0.9
    assert 170 < rows[50].data["heading"] < 190
    assert all(rows[i].data["against"] == 0.0 for i in range(1, 15))


def test_where_people_go_both_ways_nobody_is_wrong():
    rows = rows_by_track(observe([*walkers(10), *walkers(10, first=20, speed=(-40.0, 0.0))]))

    assert all(row.data["against"] == 0.0 for row in rows.values())


def test_normal_videos_set_the_norm():
    norms = PlaceNorms()
    for one in walkers(12):
        norms.learn(Path([one.id], one.array, SIZE), f"normal#{one.id}")
    kept = PlaceNorms.load(json.loads(json.dumps(norms.dump())))
    runner = track(1, 0.0, 2.0, (60, 100), (120.0, 0.0))
    (row,) = observe([runner], norms=kept, video="case")

    assert row.data["speed_ratio"] > 2.5
    assert row.data["others"] >= MIN_OTHERS


def test_norms_stay_small_and_take_in_the_latest():
    norms = PlaceNorms()
    for i in range(200):
        norms.learn(path(i, 0, 2, (100, 100), (20.0, 0.0)), f"#{i}")

    assert all(len(kept) <= KEPT for kept in norms.cells.values())
    owners = {passage.owner for kept in norms.cells.values() for passage in kept}
    assert "#199" in owners
    assert "#0" not in owners


def test_an_object_is_never_compared_with_itself():
    norms, one = PlaceNorms(), path(1, 0, 5, (60, 100), (40.0, 0.0))
    for _ in range(20):
        norms.learn(one, "#1")

    assert compare(one, norms, "#1") is None


def test_where_it_came_from_and_went():
    rows = rows_by_track(observe([track(1, 0, 5, (20, 100), (40.0, 0.0)), track(2, 0, 9, (20, 60), (40.0, 0.0))]))

    assert (rows[1].data["born"], rows[1].data["died"]) == ("edge", "inside")
    assert rows[2].data["died"] == "edge"


def test_one_who_stays_dwells():
    waits = track(1, 0, 20, lambda t: (100 + 3 * np.sin(t), 100), (0.0, 0.0), flow=(0, 0))
    passes = track(2, 0, 5, (60, 180), (40.0, 0.0))
    rows = rows_by_track(observe([waits, passes]))

    assert rows[1].data["dwell"] > 18
    assert rows[1].statement.startswith("object 1 stays")
    assert rows[2].data["dwell"] < 3


def test_a_change_of_shape_is_told():
    falls = track(1, 0, 6, (200, 120), (0.0, 0.0), body=lambda t: (15, 40) if t < 3 else (40, 15))
    data = rows_by_track(observe([falls]))[1].data

    assert data["aspect_change"] > 4


def brake(at, seconds):
    """A car that goes 100 pixels a second and comes to rest within `seconds`."""

    def place(t):
        braking = np.clip(t - at, 0, seconds)
        return 60 + 100 * (min(t, at) + braking - braking**2 / (2 * seconds)), 100

    return place


def test_a_sudden_stop_is_told_with_its_deceleration():
    hard = path(1, 0, 5, brake(1.5, 0.3), (0.0, 0.0), body=(50, 30), flow=(0, 0))
    soft = path(2, 0, 6, brake(1.5, 2.0), (0.0, 0.0), body=(50, 30), flow=(0, 0))
    (stop,) = find_stops(hard)

    assert stop.before == pytest.approx(2.0, abs=0.15)
    assert stop.after < 0.2
    assert 1.2 < stop.start < 2.0
    assert stop.rest > 2.0
    assert stop.deceleration > 2.5
    assert max((s.deceleration for s in find_stops(soft)), default=0) < stop.deceleration
    rows = observe([track(1, 0, 5, brake(1.5, 0.3), (0.0, 0.0), body=(50, 30), flow=(0, 0))])
    (row,) = (row for row in rows if row.kind == "stop")
    assert set(row.data) == set(Attributes.makes["stop"]) - {"speed_ratio", "size_ratio"}
    assert rows_by_track(rows)[1].data["stops"] == 1


def test_one_who_leaves_does_not_stop():
    """At the rim the box shrinks and its middle slows down."""
    leaves = path(1, 0, 4.5, lambda t: (min(250 + 40 * t, 374), 100), (0.0, 0.0), body=(20, 40), flow=(0, 0))

    assert find_stops(leaves) == []


def test_a_long_video_is_reported_as_it_goes_and_held_in_little_memory():
    watch, found = Attributes(RATE), []
    for i in range(120):
        one = track(i, 4.0 * i, 3.0, (60, 100), (40.0, 0.0))
        found += watch.update(look(one.last + 1.5, [one]))
        found += watch.update(look(one.last + 1.9))

    assert len(rows_by_track(found)) > 100
    assert len(watch._held) + len(watch._joiner.waiting) < 10


def test_nothing_followed_nothing_told():
    watch = Attributes(RATE)

    assert watch.update(look(1.0)) == []
    assert watch.finish() == []


def test_real_walkers_keep_one_pace(shared, home):
    """On the yard of OpenCV's sample all walk; nobody is twice as fast as the others, and nobody goes the wrong way."""
    import av

    from panda_agent.perception.perceiver import Perceiver

    with av.open(str(shared / "data/clips/opencv_vtest.mp4")) as container:
        frames = [f.reformat(width=384, height=288, format="rgb24").to_ndarray() for f in container.decode(video=0)][
            :250
        ]
    perceiver, watch = Perceiver(frames, RATE, home), Attributes(RATE)
    rows = []
    for i, frame in enumerate(frames):
        last = perceiver.look(perceiver.pixels(i / RATE, frame))
        rows += watch.update(last)
    rows += watch.update(perceiver.last_tracks(last)) + watch.finish()
    compared = [row.data for row in rows if "speed_ratio" in row.data and row.kind == "track"]

    assert len(compared) > 8
    assert max(data["speed_ratio"] for data in compared) < 2.0
    assert max(data["top_speed"] for data in compared) < 2.0
    assert all(data["against"] < 0.5 for data in compared)
