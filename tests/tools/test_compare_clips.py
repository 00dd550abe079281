"""How a clip differs from the rest of its video: a fight that was filmed among walkers, and walkers among walkers."""

from __future__ import annotations

import re

import av
import cv2
import numpy as np
import pytest

from panda_agent import Investigator
from panda_agent.errors import ToolError
from panda_agent.memory.normality import learn
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.usual import distance, heading_of, turned
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.compare_clips import MOST_WINDOWS, CompareClips, CompareInput, windows_beside
from panda_agent.tools.contract import check_tool
from panda_agent.types import Evidence, TimeSpan
from panda_agent.video import VideoReader


def row(kind, start, end, score=None, **data) -> Evidence:
    span = TimeSpan(start=start, end=end)
    return Evidence(id=f"e{kind}{start}", kind=kind, span=span, statement=".", data=data, score=score, tool="t@1")


def compared(film, home, rows, span):
    scope = Scope(VideoReader(film), Settings(home=home), home, span=span, filed=lambda **_: rows)
    (seen,) = CompareClips().run(scope)
    return seen


WALKERS = [row("track", i * 0.5, i * 0.5 + 1.0, speed_ratio=1.0, speed=1.2, heading=3.0, way=1.0) for i in range(11)]


def test_what_strays_is_named_with_its_numbers(film, tmp_path):
    rows = [*WALKERS, row("agitation", 2.1, 2.9, agitation=3.0), row("unusual", 2.0, 3.0, surprise=1.8, reference="x")]
    seen = compared(film, tmp_path, rows, TimeSpan(start=2.0, end=3.0))
    assert seen.data["differs"] == ["agitation", "area in motion, share"]  # something thrashes about there
    assert seen.data["measures"]["agitation"] == {"value": 3.0, "usual": 0.0, "z": 10.0}
    assert seen.data["measures"]["speed, body lengths/s"]["z"] == 0
    assert (seen.data["windows"], seen.data["strays"]) == (5, 1.8)
    assert seen.statement.startswith(
        "0:02.0 to 0:03.0 against 5 other windows of this video: agitation: 3 where 0 is usual (+10.0 spreads); area"
    )
    assert seen.statement.endswith("; motion strays from x by 1.80 times the calibrated limit.")


def test_nothing_that_differs_is_said_too(film, tmp_path):
    seen = compared(film, tmp_path, WALKERS, TimeSpan(start=1.0, end=2.0))
    assert seen.data["differs"] == []
    assert seen.statement.endswith("no measure differs.")


def test_another_way_another_pace_and_other_light_are_told(tmp_path):
    path = tmp_path / "dusk.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(80):
            image = np.full((48, 64, 3), 40 if 30 <= i < 40 else 120, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    rows = [row("track", t, t + 0.9, heading=(350.0, 10.0)[i], way=2.0, speed=1.0) for t in range(8) for i in (0, 1)]
    odd = row("track", 3.1, 3.8, heading=180.0, way=9.0, speed=4.0)
    seen = compared(path, tmp_path, [*(one for one in rows if one.span.start != 3), odd], TimeSpan(start=3, end=4))
    assert set(seen.data["differs"]) >= {
        "direction, degrees off the usual",
        "speed, body lengths/s",
        "brightness, grey levels",
    }
    assert seen.data["measures"]["direction, degrees off the usual"]["value"] == 180
    assert seen.data["measures"]["brightness, grey levels"]["value"] == pytest.approx(40, abs=2)
    assert re.search(r"brightness, grey levels: [34]\S+ where 1[12]\S+ is usual", seen.statement)


def test_where_nothing_is_followed_speed_and_direction_are_not_measured(film, tmp_path):
    paces = {"speed, body lengths/s", "direction, degrees off the usual", "fastest, times the usual pace"}
    seen = compared(film, tmp_path, [], TimeSpan(start=1.0, end=2.0))
    assert paces.isdisjoint(seen.data["measures"])
    assert seen.data["measures"]["moving things"] == {"value": 0.0, "usual": 0.0, "z": 0.0}
    elsewhere = [one for one in WALKERS if not one.span.touches(TimeSpan(start=1.0, end=2.0))]
    seen = compared(film, tmp_path, elsewhere, TimeSpan(start=1.2, end=1.8))
    assert paces.isdisjoint(seen.data["measures"])  # nobody there is not somebody at no pace


def test_what_lies_past_the_end_is_no_clip(film, tmp_path):
    with pytest.raises(ToolError, match=r"the video ends at 0:06\.0"):
        compared(film, tmp_path, WALKERS, TimeSpan(start=7.0, end=8.0))
    assert compared(film, tmp_path, WALKERS, TimeSpan(start=5.0, end=9.0)).span == TimeSpan(start=5.0, end=6.0)


def test_of_many_windows_some_are_taken():
    windows = windows_beside(TimeSpan(start=5000, end=5005), 3 * 3600.0)
    assert len(windows) == MOST_WINDOWS
    assert windows[0].start == 0
    assert windows[-1].end <= 3 * 3600
    assert not any(window.overlap(TimeSpan(start=5000, end=5005)) > 1e-6 for window in windows)


def road(path, speeds):
    """One second a speed: a car crosses at so many pixels a frame."""
    rng = np.random.default_rng(0)
    ground = cv2.GaussianBlur(rng.integers(60, 160, (120, 200, 3), np.uint8), (7, 7), 0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 200, 120, "yuv420p"
        x = 0.0
        for i in range(10 * len(speeds)):
            x = (x + speeds[i // 10]) % 200
            image = ground.copy()
            cv2.rectangle(image, (round(x), 50), (round(x) + 24, 66), (220, 40, 40), -1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


def test_normal_videos_are_the_better_measure(tmp_path):
    def looks(path):
        frames = list(VideoReader(path).frames(max_side=384))
        perceiver = Perceiver([frame.image for frame in frames], 10.0, tmp_path / "ultralytics")
        return [perceiver.pixels(frame.time, frame.image).cells for frame in frames]

    usual = [road(tmp_path / f"{i}.mp4", [2, 3, 2, 4, 3, 2]) for i in range(2)]
    memory = learn([(path.name, looks(path)) for path in usual])
    path = road(tmp_path / "odd.mp4", [2, 3, 3, 12, 2, 3, 2, 3])

    def against(start, asked=None):
        scope = Scope(
            VideoReader(path),
            Settings(home=tmp_path),
            tmp_path,
            asked or CompareInput(),
            TimeSpan(start=start, end=start + 0.9),
            normality=memory,
        )
        (seen,) = CompareClips().run(scope)
        return seen

    calm, fast = against(1.0), against(3.0)
    assert calm.data["differs"] == []
    assert "speed" in fast.data["differs"]
    assert fast.data["measures"]["speed"]["percentile"] > 99.5
    assert fast.data["strays"] > calm.data["strays"]
    assert f"against {len(memory.rows)} cells of 2 normal videos: faster (" in fast.statement
    rest = against(3.0, CompareInput(against="the rest of this video"))
    assert rest.data["reference"] == "the rest of this video"


def test_without_normal_videos_there_is_nothing_to_hold_it_against(film, tmp_path):
    asked = CompareInput(against="normal videos")
    scope = Scope(VideoReader(film), Settings(home=tmp_path), tmp_path, asked, TimeSpan(start=1, end=2))
    with pytest.raises(ToolError, match="There are no normal videos"):
        list(CompareClips().run(scope))


def test_directions_and_distances():
    assert turned(heading_of(np.array([350.0, 10.0]), np.ones(2)), 0) == pytest.approx(0, abs=1e-6)
    assert heading_of(np.array([0.0, 180.0]), np.ones(2)) is None
    assert heading_of(np.zeros(0), np.zeros(0)) is None
    assert turned(350, 20) == turned(20, 350) == 30
    assert distance(9.0, np.array([1.0, 1, 1, 1, 50]), least=2.0).z == 4


def test_less_than_usual_is_a_difference(film, tmp_path):
    crowd = [row("track", t, t + 0.9, speed_ratio=1.0) for t in (0, 1, 2, 4, 5) for _ in range(6)]
    seen = compared(film, tmp_path, crowd, TimeSpan(start=3.0, end=4.0))
    assert "moving things" in seen.data["differs"]
    assert seen.data["measures"]["moving things"]["z"] < -3


@pytest.mark.parametrize("span", [None, TimeSpan(start=1, end=1), TimeSpan(start=0, end=5)])
def test_without_enough_to_compare_with_it_says_so(span, film, tmp_path):
    with pytest.raises(ToolError, match=r"needs one clip|too few"):
        compared(film, tmp_path, WALKERS, span)


def test_on_a_real_case(film, tmp_path):
    """Something thrashes about from 2 s on, so calm is what differs."""
    investigator = Investigator(Settings(home=tmp_path))
    investigator.investigate(film, case_id="yard")
    case = investigator.desk.case("yard")
    for start, differs in ((0.5, True), (3.5, False)):
        scope = Scope(
            case.reader, case.settings, tmp_path, filed=case.store.evidence, span=TimeSpan(start=start, end=start + 0.5)
        )
        (seen,) = CompareClips().run(scope)
        assert ("agitation" in seen.data["differs"]) is differs


def test_it_keeps_the_contract(film, tmp_path):
    check_tool(CompareClips(), film, tmp_path, span=TimeSpan(start=2.0, end=3.0))
