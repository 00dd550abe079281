"""Marks of a camera on rendered days and on real clips: the same again is known, another thing at its place is not."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from examples.scenes.backdrop import backdrop
from examples.scenes.picture import Painter
from examples.scenes.place import some_place
from examples.scenes.sensor import Develop, some_sensor
from examples.scenes.stories import STORIES, story_habits
from examples.scenes.street import Street, some_habits
from panda_agent import Investigator
from panda_agent.memory.false_alarms import mark_false_alarm
from panda_agent.settings import load_settings
from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader
from tests.graph.test_camera import outcome

STEADY = {"crf": "25", "preset": "veryfast", "x264-params": "threads=1:mbtree=0"}
"""With more threads libx264 writes a few bytes otherwise now and then."""


def render(path, story, heroes, crowd, place=3, seconds=27.0, fps=13):
    """A day before one camera: the same place, with these heroes among this crowd."""

    def chance(part, *numbers):
        return np.random.default_rng([sum(map(ord, part)), *numbers])

    ground, habits = some_place(chance("place", place)), chance("habits", place)
    sensor = some_sensor(chance("sensor", place), ground.light.night, ground.kind == "station")
    usual = story_habits(story, some_habits(habits), habits)
    street = Street(ground, usual, chance("crowd", crowd))
    cast = STORIES[story][False](ground, usual, chance("heroes", heroes), 8.0)
    street.extras, street.act = cast.heroes, cast.act
    paint = Painter(ground, backdrop(ground, chance("backdrop", place)), sensor.wind)
    develop = Develop(sensor, ground.camera.width, ground.camera.height, chance("noise", crowd))
    pictures = ((m.time, develop(paint(m), m.time)) for m in street.run(fps, round(seconds * fps)))
    return encode(path, pictures, fps)


def encode(path, pictures, fps):
    with av.open(str(path), "w", format="mp4") as out:
        stream = None
        for _, image in pictures:
            if stream is None:
                stream = out.add_stream("libx264", rate=Fraction(fps), options=STEADY)
                stream.height, stream.width, stream.pix_fmt = *image.shape[:2], "yuv420p"
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


def test_on_rendered_days_of_one_camera_a_bag_that_belongs_there_is_known_and_another_is_not(home, tmp_path):
    inv = Investigator(load_settings(tier="bare", camera="gate"))
    first = inv.investigate(render(tmp_path / "mon.mp4", "abandoned_bag", 1, 1), case_id="mon")
    assert (first.label, first.event_type) == ("anomalous", "abandoned_object")
    mark_false_alarm(home, "mon", TimeSpan(start=first.spans[0].start, end=first.spans[0].end), note="the florist's")
    same = inv.investigate(render(tmp_path / "tue.mp4", "abandoned_bag", 1, 2), case_id="tue")
    assert same.label == "normal"
    assert outcome(same, "abandoned_object.known")
    other = inv.investigate(render(tmp_path / "wed.mp4", "abandoned_bag", 2, 3), case_id="wed")
    assert (other.label, other.event_type) == ("anomalous", "abandoned_object")


def test_on_real_clips_of_one_camera_a_bike_that_is_normal_is_known_and_a_cart_at_its_place_is_not(
    shared, home, tmp_path
):
    clips = shared / "data" / "ped2"
    normal = sorted((clips / "train").glob("*.mp4"))[:6]
    if len(normal) < 6:
        pytest.skip("UCSD Ped2 is not there")
    inv = Investigator(load_settings(tier="bare", camera="walkway"))
    first = inv.investigate(clips / "test" / "01.mp4", normal=normal, case_id="mon")
    assert (first.label, first.event_type) == ("anomalous", "unusual")
    span = TimeSpan(start=first.spans[0].start, end=first.spans[0].end)
    (mark,) = mark_false_alarm(home, "mon", span, note="the postman rides here")
    later = ((f.time, f.image) for f in VideoReader(clips / "test" / "01.mp4").frames() if f.time >= 8.5)
    same = inv.investigate(encode(tmp_path / "tue.mp4", later, 10), normal=normal)
    assert same.label == "normal"
    assert outcome(same, "unusual.known")
    cart = inv.investigate(clips / "test" / "02.mp4", normal=normal)
    assert cart.label == "anomalous"
    (episode,) = (row for row in cart.evidence(kind="unusual"))
    box = mark.rows[0].region
    assert abs(episode.region.center[0] - box.center[0]) < box.x1 - box.x0
    assert not outcome(cart, "unusual.known")
