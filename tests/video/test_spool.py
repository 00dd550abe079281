"""Frames from an iterator: taken once, read again without loss."""

from __future__ import annotations

import io

import numpy as np
import pytest

from panda_agent.errors import EmptyVideo, TooLarge, UserError
from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader

SOURCE = np.random.default_rng(4)
IMAGES = SOURCE.integers(0, 256, (40, 48, 64, 3), dtype=np.uint8)
TIMES = 1000 + np.cumsum(SOURCE.uniform(0.001, 3, 40))


def pairs():
    yield from zip(TIMES, IMAGES, strict=True)


def key(frame):
    return frame.time, frame.image.tobytes()


@pytest.mark.parametrize("limits", [{}, {"max_side": 30}, {"max_side": 30, "max_fps": 0.5}])
def test_read_again_without_loss(tmp_path, limits):
    reader = VideoReader(pairs(), spool=tmp_path / "cases" / "spool.nut")
    first = list(reader.frames(**limits))
    if not limits:
        assert [frame.time for frame in first] == pytest.approx(TIMES - TIMES[0], abs=1e-6)
        assert all((frame.image == image).all() for frame, image in zip(first, IMAGES, strict=True))
    report = reader.report
    assert list(map(key, reader.frames(**limits))) == list(map(key, first))
    assert reader.report == report
    part = [key(frame) for frame in reader.frames(span=TimeSpan(start=20, end=40), **limits)]
    assert part == [key(frame) for frame in first if 20 <= frame.time <= 40]


def test_a_finished_spool_is_a_video_of_its_own(tmp_path):
    """As after a crash: the times of the caller, long gaps and all."""
    times = [0, 0.04, 60, 60.04, 60.08, 60.12, 7200.0]
    reader = VideoReader(zip(times, IMAGES, strict=False), spool=tmp_path / "spool.nut")
    first = list(map(key, reader.frames()))
    assert [time for time, _ in first] == times
    again = VideoReader(tmp_path / "spool.nut")
    assert list(map(key, again.frames())) == first
    assert again.report.blind == reader.report.blind
    assert len(again.report.blind) == 2


def test_frames_come_as_they_are_made(tmp_path):
    taken = []

    def camera():
        for n, image in enumerate(IMAGES):
            taken.append(n)
            yield n / 10, image

    reader = VideoReader(camera(), spool=tmp_path / "spool.nut")
    assert taken == [0]
    frames = reader.frames()
    for n in range(3):
        assert next(frames).time == n / 10
        assert len(taken) <= n + 2
    frames.close()
    assert not (tmp_path / "spool.nut").exists()
    # The rest is taken before anything is read again.
    assert len(list(reader.frames(span=TimeSpan(start=1, end=2)))) == 11
    assert taken == list(range(40))
    assert len(list(reader.frames())) == 40


def test_what_is_known_when(tmp_path):
    reader = VideoReader(pairs(), spool=tmp_path / "spool.nut")
    info = reader.info
    assert (info.width, info.height, info.codec, info.container) == (64, 48, "rawvideo", "frames")
    assert info.fingerprint == ""
    list(reader.frames())
    mark = reader.info.fingerprint
    assert len(mark) == 64

    def fingerprint(times, images):
        other = VideoReader(zip(times, images, strict=True), spool=tmp_path / "other.nut")
        list(other.frames())
        return other.info.fingerprint

    assert fingerprint(TIMES, IMAGES) == mark
    assert fingerprint(TIMES + np.linspace(0, 1, 40), IMAGES) != mark
    changed = IMAGES.copy()
    changed[-1, 0, 0, 0] ^= 1
    assert fingerprint(TIMES, changed) != mark


IMAGE = IMAGES[0]
WRONG = {
    "no pair": ([IMAGE], "no pair"),
    "a time that is text": ([("0", IMAGE)], "for a time"),
    "a time that is no number": ([(float("nan"), IMAGE)], "for a time"),
    "floating point": ([(0, IMAGE / 255)], "float64"),
    "grey": ([(0, IMAGE[..., 0])], r"shape \(48, 64\)"),
    "four channels": ([(0, np.dstack([IMAGE, IMAGE[..., :1]]))], "4"),
    "a list": ([(0, IMAGE.tolist())], "list"),
    "no pixels": ([(0, IMAGE[:0])], "64×0 pixels"),
    "another size": ([(0, IMAGE), (1, IMAGE[:-2])], "Frame 1 has shape"),
    "time stands still": ([(1, IMAGE), (1, IMAGE)], "Frame 1 at 1"),
    "time goes back": ([(1, IMAGE), (2, IMAGE), (1.5, IMAGE)], "Frame 2 at 1.5 s is not later"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_frames_are_usage_errors(tmp_path, name):
    frames, words = WRONG[name]
    with pytest.raises(UserError, match=words) as caught:
        list(VideoReader(iter(frames), spool=tmp_path / "spool.nut").frames())
    assert caught.value.hint
    assert not (tmp_path / "spool.nut").exists()


def test_other_refusals(tmp_path):
    with pytest.raises(EmptyVideo, match="gave none"):
        VideoReader(iter([]), spool=tmp_path / "spool.nut")
    with pytest.raises(TooLarge, match="64×48"):
        VideoReader(pairs(), spool=tmp_path / "spool.nut", max_pixels=3000)
    with pytest.raises(UserError, match="needs a place"):
        VideoReader(pairs())


def test_what_broke_off_never_passes_for_complete(tmp_path):
    def camera():
        yield 0.0, IMAGE
        yield 1.0, IMAGE
        raise ConnectionError("the camera is gone")

    reader = VideoReader(camera(), spool=tmp_path / "spool.nut")
    with pytest.raises(ConnectionError, match="the camera is gone"):
        list(reader.frames())
    for _ in range(2):
        with pytest.raises(UserError, match="broke off"):
            list(reader.frames())
    assert reader.info.fingerprint == ""
    assert not (tmp_path / "spool.nut").exists()


def test_a_reader_that_is_closed_keeps_nothing_half_taken(tmp_path):
    reader = VideoReader(pairs(), spool=tmp_path / "spool.nut")
    frames = reader.frames()
    for _ in IMAGES[1:]:
        next(frames)
    assert [path.name for path in tmp_path.iterdir()] == ["spool.nut.part"]
    for _ in range(2):
        reader.close()
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="was closed"):
        list(reader.frames())
    whole = VideoReader(pairs(), spool=tmp_path / "spool.nut")
    list(whole.frames())
    whole.close()
    assert len(list(whole.frames())) == len(IMAGES)


def test_the_callers_buffer_may_be_used_again(tmp_path):
    def camera():
        buffer = np.empty_like(IMAGE)
        for n, image in enumerate(IMAGES):
            buffer[:] = image
            yield n / 10, buffer

    reader = VideoReader(camera(), spool=tmp_path / "spool.nut")
    assert all((frame.image == image).all() for frame, image in zip(list(reader.frames()), IMAGES, strict=True))


class Pipe(io.BytesIO):
    """A file object that can't go back."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation


def test_a_pipe_is_kept_whole(film, tmp_path):
    path = film("a.mp4")
    reader = VideoReader(Pipe(path.read_bytes()), spool=tmp_path / "spool.mp4")
    assert reader.info == VideoReader(path).info
    assert len(list(reader.frames())) == len(list(reader.frames())) == 60
    with pytest.raises(UserError, match="needs a place"):
        VideoReader(Pipe(path.read_bytes()))


def test_small_frames(tmp_path):
    for shape in ((1, 1, 3), (2, 3, 3), (17, 5, 3)):
        images = SOURCE.integers(0, 256, (3, *shape), dtype=np.uint8)
        reader = VideoReader(enumerate(images), spool=tmp_path / "spool.nut")
        for _ in range(2):
            assert all((f.image == image).all() for f, image in zip(reader.frames(), images, strict=True))
