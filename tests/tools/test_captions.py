"""Which pictures of a clip are shown, and how a clip is told from what was measured."""

from __future__ import annotations

from itertools import pairwise

import av
import cv2
import numpy as np
import pytest

from panda_agent.settings import Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.caption_clip import TellFacts
from panda_agent.tools.clip_pictures import shown
from panda_agent.tools.contract import check_tool
from panda_agent.tools.fact_caption import facts_of
from panda_agent.tools.moments import APART, clips_to_show, moments_of
from panda_agent.tools.observe_motion import ObserveMotion
from panda_agent.types import Evidence, TimeSpan
from panda_agent.video import VideoReader

CLIP = TimeSpan(start=10.0, end=15.0)


def row(kind, start, end, score=None, **data) -> Evidence:
    return Evidence(
        id=f"e{kind}{start}",
        kind=kind,
        span=TimeSpan(start=start, end=end),
        statement=f"A {kind}.",
        data=data,
        score=score,
        tool="t@1",
    )


def test_without_evidence_moments_are_even():
    assert moments_of(CLIP, [], 6) == [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]


def test_peaks_come_before_births_and_deaths_and_all_in_order_of_time():
    rows = [
        row("track", 10.3, 13.7),
        row("flash", 12.31, 12.4, 0.9),
        row("agitation", 9, 20, 0.5, profile=[[14.2, 3.0], [11.0, 1.0]]),
    ]
    moments = moments_of(CLIP, rows, 8)
    assert {12.355, 14.2, 10.3, 13.7} <= set(moments)
    assert moments == sorted(moments)
    assert all(b - a >= APART for a, b in pairwise(moments))
    assert all(CLIP.start <= moment <= CLIP.end for moment in moments)


@pytest.mark.parametrize("count", [1, 2, 3, 8, 26])
def test_never_more_than_asked_for(count):
    rows = [row("flash", 10 + i / 10, 10 + i / 10, 0.5) for i in range(50)]
    assert len(moments_of(CLIP, rows, count)) <= count


def test_a_clip_of_no_length_has_one_moment():
    assert moments_of(TimeSpan(start=3, end=3), [], 8) == [3.0]


def test_where_clips_are_too_many_half_are_even_and_half_are_busy():
    clips = [TimeSpan(start=5.0 * i, end=5.0 * i + 5) for i in range(40)]
    busy = [row("fall", 131, 133, 0.9), row("flash", 62, 62.2, 0.8), row("track", 0, 200)]
    chosen = clips_to_show(clips, busy, 8)
    assert {26, 12} <= set(chosen)
    assert len(chosen) == 8
    assert max(b - a for a, b in pairwise(chosen)) <= 14
    assert clips_to_show(clips, busy, 0) == []
    assert clips_to_show(clips[:3], busy, 8) == [0, 1, 2]


@pytest.fixture(scope="module")
def glimpse(tmp_path_factory):
    """A minute of an empty yard in which something red is there for 0.4 s, at 0:37.2."""
    path = tmp_path_factory.mktemp("glimpse") / "minute.mp4"
    rng = np.random.default_rng(3)
    yard = cv2.GaussianBlur(rng.integers(60, 180, (96, 128, 3), np.uint8), (9, 9), 0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for i in range(600):
            image = yard.copy()
            if 372 <= i < 376:
                image[20:80, 30 + 4 * (i - 372) : 70 + 4 * (i - 372)] = (230, 20, 20)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


def test_a_glimpse_of_0_4_s_is_among_the_pictures(glimpse, tmp_path):
    """Even sampling at 8 pictures in five seconds would have one chance in two to miss it."""
    scope = Scope(VideoReader(glimpse), Settings(home=tmp_path), tmp_path)
    seen = list(ObserveMotion().run(scope))
    rows = [row(one.kind, one.span.start, one.span.end, one.score, **one.data) for one in seen]
    clip = TimeSpan(start=35.0, end=40.0)
    touching = [one for one in rows if one.span.touches(clip)]
    look = shown(Scope(scope.reader, scope.settings, tmp_path, filed=lambda **_: touching, media=tmp_path), clip)
    red = [picture for picture in look.pictures if 37.15 <= picture.time < 37.65]
    assert red
    assert [picture.letter for picture in look.pictures] == list("ABCDEFGH")[: len(look.pictures)]
    assert [picture.time for picture in look.pictures] == sorted(picture.time for picture in look.pictures)
    assert (tmp_path / look.media).is_file()


def test_letters_lead_back_to_seconds(glimpse, tmp_path):
    look = shown(Scope(VideoReader(glimpse), Settings(home=tmp_path), tmp_path), TimeSpan(start=5.0, end=10.0))
    b, c, d = (look.pictures[i].time for i in (1, 2, 3))
    assert look.around(["C"]) == TimeSpan(start=(b + c) / 2, end=(c + d) / 2)
    assert look.known(["c", " A", "Z", "?"]) == ["A", "C"]


def test_a_stretch_without_a_picture_shows_nothing(glimpse, tmp_path):
    scope = Scope(VideoReader(glimpse), Settings(home=tmp_path), tmp_path)
    assert shown(scope, TimeSpan(start=100.0, end=105.0)) is None


def test_a_clip_is_told_from_what_was_measured():
    rows = [
        row("track", 10, 12, speed_ratio=2.5),
        row("track", 11, 15),
        row("object", 10, 15, **{"class": "person"}),
        row("fall", 13, 14, 0.8),
        row("scene", 0, 60),
    ]
    told = facts_of(CLIP, rows)
    assert told.statement == (
        "0:10.0 to 0:15.0: 2 moving objects; the detector names 1 person. "
        "the fastest moves 2.5 times as fast as others at its place. A fall."
    )
    assert told.data["rows"] == ["efall13"]
    assert told.family == "motion"
    assert facts_of(CLIP, []).statement == "0:10.0 to 0:15.0: nothing moves."


def test_the_fact_captioner_keeps_the_contract(film, tmp_path):
    rows = check_tool(TellFacts(), film, tmp_path)
    assert [one.span.start for one in rows] == [0.0, 2.0, 4.0]
