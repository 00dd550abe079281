from pathlib import Path

import av
import numpy as np
import pytest

from panda_agent.errors import VideoError
from panda_agent.reporting.encode import write_mp4
from panda_agent.reporting.video import annotated_video, export_clips
from panda_agent.types import AnomalySpan, Verdict
from panda_agent.video import Frame, VideoReader


def test_the_annotated_video_has_the_frames_and_times_of_the_original(
    fight: Verdict, fight_clip: Path, tmp_path: Path
) -> None:
    annotated_video(fight, fight_clip, tmp_path / "annotated.mp4")
    original, drawn = VideoReader(fight_clip), VideoReader(tmp_path / "annotated.mp4")
    before = [frame.time for frame in original.frames()]
    after = [frame.time for frame in drawn.frames()]
    assert after == pytest.approx(before, abs=0.002)
    assert drawn.report.duration == pytest.approx(original.report.duration, abs=0.05)
    assert drawn.info.declared_duration == pytest.approx(original.report.duration, abs=0.05)
    with av.open(str(tmp_path / "annotated.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert [path.name for path in tmp_path.iterdir()] == ["annotated.mp4"]


def test_the_strip_below_shows_score_and_claim(calm: Verdict, square: Path, tmp_path: Path) -> None:
    annotated_video(calm, square, tmp_path / "a.mp4")
    frames = list(VideoReader(tmp_path / "a.mp4").frames())
    height, width = frames[0].image.shape[:2]
    picture = width * 120 // 160
    assert height > picture + 80
    strip = [frame.image[picture:].astype(int) for frame in frames]
    assert strip[10].max() > 200  # letters
    cursor = [int(np.argmax(one[-10:].sum((0, 2)))) for one in strip]
    assert cursor[5] < cursor[15] < cursor[25]


def test_clips_hold_five_seconds_around_each_span(cart: Verdict, ped2: Path, tmp_path: Path) -> None:
    spans = (AnomalySpan(start=7.0, end=8.0), AnomalySpan(start=15.0, end=17.0))
    written = export_clips(cart.model_copy(update={"spans": spans}), ped2, tmp_path / "clips")
    assert [path.name for path in written] == ["01_2.0-13.0.mp4", "02_10.0-18.0.mp4"]
    assert sorted(path.name for path in (tmp_path / "clips").iterdir()) == [path.name for path in written]
    whole = {round(frame.time, 2): frame.image for frame in VideoReader(ped2).frames()}
    for path, start, count in zip(written, (2.0, 10.0), (111, 80), strict=True):
        frames = list(VideoReader(path).frames())
        assert len(frames) == count
        for i in (0, count // 2, count - 1):
            original = whole[round(start + frames[i].time, 2)].astype(int)
            assert np.abs(original - frames[i].image).mean() < 4


def test_a_normal_verdict_has_no_clips(calm: Verdict, square: Path, tmp_path: Path) -> None:
    assert export_clips(calm, square, tmp_path / "clips") == []


def test_uneven_times_and_odd_sizes_are_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    times = [0.0, 0.033, 0.066, 0.5, 2.0, 2.01]
    frames = [Frame(t, rng.integers(0, 255, (61, 97, 3), np.uint8)) for t in times]
    write_mp4(tmp_path / "-odd 视频.mp4", iter(frames))
    read = list(VideoReader(tmp_path / "-odd 视频.mp4").frames())
    assert [frame.time for frame in read] == pytest.approx(times, abs=0.001)
    assert read[0].image.shape == (60, 96, 3)


def test_no_frame_no_file(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no frame to write"):
        write_mp4(tmp_path / "a.mp4", iter(()))
    assert list(tmp_path.iterdir()) == []


def test_blurred_videos_hide_what_moves(calm: Verdict, square: Path, tmp_path: Path) -> None:
    spanned = calm.model_copy(update={"spans": (AnomalySpan(start=1.0, end=2.0),)})
    (sharp,) = export_clips(spanned, square, tmp_path / "sharp")
    (soft,) = export_clips(spanned, square, tmp_path / "soft", blur=True)
    pairs = zip(VideoReader(sharp).frames(), VideoReader(soft).frames(), strict=True)
    for i, (before, after) in enumerate(pairs):
        dot = np.s_[60:64, 12 + 4 * i : 16 + 4 * i]
        assert before.image[dot].mean() < 90  # the dark dot on the bright square
        assert after.image[dot].mean() > 110
