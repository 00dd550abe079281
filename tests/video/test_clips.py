"""Clips and folders."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panda_agent.errors import EmptyVideo, UserError
from panda_agent.types import TimeSpan
from panda_agent.video import clips, list_videos, probe
from panda_agent.video.source import Source


@settings(deadline=None, derandomize=True)
@given(st.floats(0.001, 1000), st.floats(0.5, 60), st.integers(1, 10))
def test_clips_cover_the_video_without_gap_or_overlap(duration, length, minimum):
    windows = clips(duration, length=length, minimum=minimum)
    assert windows[0].start == 0
    assert windows[-1].end == duration
    assert all(a.end == b.start for a, b in pairwise(windows))
    assert len(windows) >= minimum
    assert all(0 < window.duration < 1.5 * length + 1e-6 for window in windows)


@pytest.mark.parametrize(
    ("duration", "edges"),
    [
        (2.0, [0, pytest.approx(2 / 3), pytest.approx(4 / 3), 2]),
        (14.9, [0, pytest.approx(14.9 / 3), pytest.approx(29.8 / 3), 14.9]),
        (15, [0, 5, 10, 15]),
        (17.4, [0, 5, 10, 17.4]),
        (17.6, [0, 5, 10, 15, 17.6]),
        (20, [0, 5, 10, 15, 20]),
    ],
)
def test_where_clips_are_cut(duration, edges):
    windows = clips(duration)
    assert [window.start for window in windows] + [windows[-1].end] == edges


def test_no_length_no_trouble():
    assert clips(0) == clips(-1) == [TimeSpan(start=0, end=0)]


def test_the_videos_of_a_folder(tmp_path):
    for name in ("b.mp4", "a.MKV", "ü.avi", ".hidden.mp4", "notes.txt", "c.ts.part"):
        (tmp_path / name).touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "annotated.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    assert [path.name for path in list_videos(tmp_path)] == ["a.MKV", "b.mp4", "ü.avi"]
    assert list_videos(str(tmp_path)) == list_videos(tmp_path)


def test_folders_without_videos(tmp_path):
    with pytest.raises(UserError, match="holds no video"):
        list_videos(tmp_path)
    with pytest.raises(UserError, match="not a folder"):
        list_videos(tmp_path / "none")


def test_the_fingerprint_is_of_the_content(film, tmp_path):
    path = film("a.mp4")
    mark = probe(path).fingerprint
    assert probe(path.rename(tmp_path / "b.mp4")).fingerprint == mark
    data = bytearray((tmp_path / "b.mp4").read_bytes())
    data[-1] ^= 1
    (tmp_path / "b.mp4").write_bytes(data)
    assert Source(tmp_path / "b.mp4").fingerprint() != mark


def test_the_fingerprint_of_a_large_file_samples_it(tmp_path):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(20 << 30)  # a hole: 20 GiB that take no space
    mark = Source(path).fingerprint()
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    assert Source(path).fingerprint() != mark
    with path.open("r+b") as file:
        file.truncate((20 << 30) - 1)
    assert Source(path).fingerprint() != mark
    path.write_bytes(b"")
    with pytest.raises(EmptyVideo):
        Source(path).fingerprint()
