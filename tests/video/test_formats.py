"""Codecs, colours, orientations and names: what a frame looks like."""

from __future__ import annotations

import io
from fractions import Fraction

import cv2
import numpy as np
import pytest

from panda_agent.video import VideoReader, probe

QUIET_265 = {"x265-params": "log-level=none"}
FORMATS = {
    "H.264": ("a.mp4", "h264", {}),
    "H.264, full range": ("a.mp4", "h264", {"pix_fmt": "yuvj420p"}),
    "H.264 4:4:4": ("a.mkv", "h264", {"pix_fmt": "yuv444p"}),
    "HEVC, 10 bit": ("a.mp4", "hevc", {"codec": "libx265", "pix_fmt": "yuv420p10le", "options": QUIET_265}),
    "AV1": ("a.mp4", "av1", {"codec": "libsvtav1", "options": {"preset": "12"}, "frames": 20}),
    "VP9": ("a.webm", "vp9", {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}}),
    "MPEG-4 part 2": ("a.avi", "mpeg4", {"codec": "mpeg4", "tick": Fraction(1, 30)}),
    "Motion JPEG": ("a.avi", "mjpeg", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "tick": Fraction(1, 30)}),
    "odd size": ("a.mkv", "h264", {"pix_fmt": "yuv444p", "size": (321, 243)}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_codecs(film, picture, number, name):
    file, codec, fields = FORMATS[name]
    reader = VideoReader(film(file, **fields))
    frames = list(reader.frames())
    assert reader.info.codec == codec
    assert len(frames) == fields.get("frames", 60)
    assert [number(frame.image) for frame in frames] == list(range(len(frames)))
    width, height = fields.get("size", (320, 240))
    assert {frame.image.shape for frame in frames} == {(height, width, 3)}
    assert {frame.image.dtype for frame in frames} == {np.dtype(np.uint8)}
    truth = picture(7, width, height).astype(int)
    assert np.abs(frames[7].image - truth).mean() < 6


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p"])
def test_white_is_white_and_black_is_black(film, pix_fmt):
    """The stream's own colour range, in whole and in reduced pictures."""
    reader = VideoReader(film("a.mp4", frames=2, pix_fmt=pix_fmt))
    for limit in (None, 160):
        frame = list(reader.frames(max_side=limit))[1]  # number 1: the first block is white, the second black
        scale = frame.image.shape[1] / 320
        white, black = (frame.image[int(14 * scale), int(x * scale)] for x in (10, 30))
        assert white.min() >= 250
        assert black.max() <= 5


TURNS = {
    "upright": {"degrees": 0},
    "90": {"degrees": 90},
    "180": {"degrees": 180},
    "270": {"degrees": 270},
    "mirrored": {"degrees": 0, "hflip": True},
    "upside down mirrored": {"degrees": 0, "vflip": True},
    "90 mirrored": {"degrees": 90, "hflip": True},
    "270 mirrored": {"degrees": 270, "hflip": True},
}


@pytest.mark.parametrize("name", TURNS)
def test_pictures_stand_upright(film, picture, name):
    turn = TURNS[name]
    reader = VideoReader(film("a.mp4", frames=3, turn=turn))
    truth = np.rot90(picture(2), turn["degrees"] // 90)
    truth = truth[:, ::-1] if turn.get("hflip") else truth
    truth = truth[::-1] if turn.get("vflip") else truth
    image = list(reader.frames())[2].image
    assert image.shape == truth.shape == (reader.info.height, reader.info.width, 3)
    assert np.abs(image.astype(int) - truth).mean() < 6
    assert image.flags.c_contiguous
    small = list(reader.frames(max_side=100))[2].image
    assert small.shape == ((100, 75, 3) if "90" in name or "270" in name else (75, 100, 3))


def test_rotation_is_told_once(film):
    info = probe(film("a.mp4", frames=3, turn={"degrees": 90}))
    assert (info.width, info.height, info.rotation) == (240, 320, 90)


def test_the_two_ways_of_turning_agree_with_opencv(film):
    """OpenCV's decoder is not used, but it turns by itself, so it tells which way is right."""
    path = film("a.mp4", frames=3, turn={"degrees": 270})
    capture = getattr(cv2, "Video" + "Capture")(str(path))
    _, theirs = capture.read()
    ours = next(iter(VideoReader(path).frames())).image
    assert np.abs(ours.astype(int) - theirs[..., ::-1]).mean() < 3


NAMES = [
    "café 视频/видео #1.mp4",
    "two\nlines.mp4",
    "-rf.mp4",
    "v=JfLYNEsrTew_52.mp4",
    "a%03d:b?c=d&e.mp4",
    "http:x.mp4",
]


@pytest.mark.parametrize("name", [*NAMES, "n" * 251 + ".mp4"])
def test_any_name(film, tmp_path, monkeypatch, name):
    plain = VideoReader(film("plain.mp4", frames=5))
    path = film("a.mp4", frames=5)
    target = tmp_path / "names" / name
    target.parent.mkdir(parents=True)
    path.rename(target)
    monkeypatch.chdir(tmp_path / "names")
    for source in (target, str(target), name):
        reader = VideoReader(source)
        assert reader.info == plain.info
        assert len(list(reader.frames())) == 5


def test_a_file_object_is_as_good_as_its_path(film):
    path = film("a.mp4")
    by_path = VideoReader(path)
    with path.open("rb") as file:
        by_file = VideoReader(file)
        by_memory = VideoReader(io.BytesIO(path.read_bytes()))
        assert by_path.info == by_file.info == by_memory.info
        for one, two, three in zip(by_path.frames(), by_file.frames(), by_memory.frames(), strict=True):
            assert one.time == two.time == three.time
            assert (one.image == two.image).all()
            assert (one.image == three.image).all()
        assert not file.closed


def test_what_the_header_tells(film):
    path = film("a.mp4", metadata={"creation_time": "2024-05-06T07:08:09Z"})
    info = probe(path)
    assert (info.width, info.height, info.rotation, info.codec) == (320, 240, 0, "h264")
    assert info.container.startswith("mov,mp4")
    assert info.declared_fps == 30
    assert info.declared_duration == pytest.approx(2)
    assert info.created == "2024-05-06T07:08:09+00:00"
    assert not info.has_audio
    assert type(info).model_validate_json(info.model_dump_json()) == info
    assert probe(film("b.mp4", metadata={"creation_time": "1970-01-01T00:00:00Z"})).created is None


def test_metadata_in_a_foreign_code_page(film):
    path = film("a.mkv", metadata={"title": "cafe bar"})
    path.write_bytes(path.read_bytes().replace(b"cafe bar", b"caf\xe9 b\xe4r"))
    assert probe(path).width == 320
