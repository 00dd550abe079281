"""What can't be investigated ends in one clear sentence, with the right exit code and nothing on stderr."""

from __future__ import annotations

import io
import os
import re
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from panda_agent.errors import EmptyVideo, NoVideoStream, TooLarge, Unreadable, UserError
from panda_agent.video import MAX_PIXELS, VideoReader, probe


@pytest.fixture(autouse=True)
def _silent(capfd):
    """FFmpeg's chatter must not reach the user."""
    capfd.readouterr()
    yield
    out, err = capfd.readouterr()
    # x264 of the film maker may talk; decoding may not.
    assert [line for line in (out + err).splitlines() if "264" not in line] == []


def sound(path, cover=None):
    """An audio-only file, with a cover picture if one is given."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        for start in range(0, 16_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_empty_silent_and_no_video_are_three_errors(tmp_path):
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("not a video\n" * 500)
    for path, error, words in (
        (empty, EmptyVideo, "empty"),
        (sound(tmp_path / "sound.mp4"), NoVideoStream, "only sound"),
        (text, Unreadable, "no video that FFmpeg can read"),
    ):
        for read in (probe, VideoReader, lambda p: probe(io.BytesIO(p.read_bytes()))):
            with pytest.raises(error, match=words) as caught:
                read(path)
            assert type(caught.value) is error
            assert caught.value.exit_code == 3
            assert caught.value.hint
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".txt", ".nfo", ".mp4", ".srt", ".log"])
def test_text_is_no_video_whatever_it_is_called(tmp_path, suffix):
    """FFmpeg plays a .txt as a text-art animation."""
    path = tmp_path / f"a{suffix}"
    path.write_text("a line of text\n" * 500)
    with pytest.raises((Unreadable, NoVideoStream)):
        probe(path)


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_a_photograph_is_no_video(tmp_path, picture, ending):
    path = tmp_path / "a.mp4"
    path.write_bytes(cv2.imencode(ending, picture(1))[1].tobytes())
    with pytest.raises(Unreadable, match="single picture"):
        probe(path)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "http://127.0.0.1:9/a.ts", "secret.ts"])
def test_a_playlist_opens_nothing_else(film, tmp_path, target):
    film("secret.ts")
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n")
    with pytest.raises(Unreadable):
        probe(path)


def test_usage_errors(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for source, words in (
        (tmp_path / "none.mp4", "There is no file"),
        (tmp_path, "is a folder"),
        (tmp_path / "pipe.mp4", "not a regular file"),
        (tmp_path / ("x" * 300), "can't be opened"),
        ("a\0b", "can't be opened"),
        ("", "is a folder"),
        (42, "no video"),
        (io.StringIO("text"), "A StringIO is no video"),
        (b"bytes", "A bytes is no video"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            VideoReader(source)
        assert caught.value.exit_code == 2


def test_line_breaks_of_a_name_stay_out_of_the_sentence(tmp_path):
    with pytest.raises(UserError) as caught:
        probe(tmp_path / "a\nb\x1b[31m.mp4")
    assert re.search(r"[\x00-\x1f]", str(caught.value)) is None


def test_huge_pictures_are_refused_before_a_frame_is_decoded(film):
    path = film("a.mp4", frames=1, size=(1920, 1080), options={"preset": "ultrafast"})
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)  # a decoder would find nothing here
    path.write_bytes(data)
    with pytest.raises(TooLarge, match="1920×1080, more than the limit of 2,000,000 pixels") as caught:
        VideoReader(path, max_pixels=2_000_000)
    assert "max_pixels" in caught.value.hint
    assert 7680 * 4320 < MAX_PIXELS < 2 * 7680 * 4320


def test_a_header_that_understates_the_size(film):
    """The decoder itself keeps to the limit, so a lying header can't make it allocate."""
    path = film("a.mkv", frames=5, size=(1920, 1080), options={"preset": "ultrafast"})
    data = path.read_bytes()
    width, height = (1920).to_bytes(2), (1080).to_bytes(2)
    assert data.count(b"\xb0\x82" + width) == data.count(b"\xba\x82" + height) == 1
    lying = data.replace(b"\xb0\x82" + width, b"\xb0\x82\x00\x40").replace(b"\xba\x82" + height, b"\xba\x82\x00\x40")
    path.write_bytes(lying)
    with pytest.raises((TooLarge, EmptyVideo)):
        VideoReader(path, max_pixels=1_000_000)


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [("a.mp4", b"avc1", b"evc1"), ("a.mkv", b"V_MPEG4/ISO/AVC", b"V_UNHEARD/OF_IT")],
)
def test_a_missing_decoder_is_named(film, name, known, unknown):
    path = film(name)
    path.write_bytes(path.read_bytes().replace(known, unknown))
    with pytest.raises(Unreadable) as caught:
        probe(path)
    assert unknown.decode() in caught.value.message
    assert "ffmpeg -i INPUT" in caught.value.hint


def test_limits_must_be_positive(film):
    reader = VideoReader(film("a.mp4", frames=3))
    for limits in ({"max_fps": 0}, {"max_fps": -1.0}, {"max_fps": float("nan")}, {"max_side": 0}):
        with pytest.raises(UserError, match="must be positive"):
            reader.frames(**limits)
