"""Reading whole and in part: the same frames, little memory, nothing left open."""

from __future__ import annotations

import os
import threading
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from panda_agent.errors import PandaError
from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader
from panda_agent.video.passes import Passes

NTSC = Fraction(30_000, 1001)
FILES = {
    "MP4": ("a.mp4", {"gop": 50}),
    "MP4, NTSC": ("a.mp4", {"gop": 50, "rate": NTSC, "times": [n / NTSC for n in range(900)]}),
    "Matroska": ("a.mkv", {"gop": 50}),
    "Matroska without B-frames": ("a.mkv", {"gop": 50, "options": {"bf": "0"}}),
    "transport stream": ("a.ts", {"gop": 50}),
    "AVI": ("a.avi", {"gop": 50, "codec": "mpeg4", "tick": Fraction(1, 30)}),
    "WebM": ("a.webm", {"gop": 50, "codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}}),
    "open groups of pictures": ("a.mkv", {"gop": 50, "options": {"x264-params": "open-gop=1:keyint=50"}}),
}


def key(frame):
    return frame.time, frame.image.tobytes()


def span(start, end):
    return TimeSpan(start=start, end=end)


@pytest.mark.parametrize("name", FILES)
def test_a_part_is_the_same_as_in_the_whole(film, name):
    file, fields = FILES[name]
    reader = VideoReader(film(file, **{"frames": 900, "size": (240, 60)} | fields))
    whole = [key(frame) for frame in reader.frames(max_side=120)]
    assert len(whole) == 900
    moments = [0, 0.01, 4.99, 5, 5.001, 12.3456, whole[500][0], 29.9]
    for start, length in zip(moments, (1, 0, 0.5, 1, 0.1, 2, 0, 5), strict=True):
        part = [key(frame) for frame in reader.frames(span=span(start, start + length), max_side=120)]
        assert part == [frame for frame in whole if start <= frame[0] <= start + length]
    assert list(reader.frames(span=span(100, 200))) == []


@pytest.mark.parametrize("max_fps", [1, 3, 7.5, 10, 25, 29.97, 30, 100])
def test_thinning_chooses_by_time_alone(film, max_fps):
    reader = VideoReader(film("a.mkv", frames=450, size=(240, 60), gop=40))
    every = [frame.time for frame in reader.frames()]
    chosen = [frame.time for frame in reader.frames(max_fps=max_fps)]
    assert chosen[0] == 0
    assert len(chosen) == pytest.approx(min(30, max_fps) * 15, abs=8)
    # Within one frame of even.
    assert all(b - a <= 1 / min(max_fps, 30) + 0.035 for a, b in pairwise(chosen))
    for start in (0.5, 6.0, 7.31, 11.999):
        part = [frame.time for frame in reader.frames(span=span(start, start + 2), max_fps=max_fps)]
        assert part == [time for time in chosen if start <= time <= start + 2]
    assert set(chosen) <= set(every)
    assert reader.report.frames == 450


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_part_is_sought_not_decoded_from_the_start(film, monkeypatch, name):
    """Matroska keeps no decoding times: with B-frames the first packets have none."""
    reader = VideoReader(film(name, frames=900, size=(240, 60), gop=30))
    decoded = []
    pictures = Passes.pictures

    def counting(self, tally, **options):
        for picture in pictures(self, tally, **options):
            decoded.append(picture.pts)
            yield picture

    monkeypatch.setattr(Passes, "pictures", counting)
    assert len(list(reader.frames(span=span(20, 20.5)))) == 16
    assert len(decoded) < 120


def test_a_jumping_clock_forbids_seeking(film):
    number = -1

    def jump(packet):
        nonlocal number
        number += 1
        if number >= 300:
            packet.pts += 90_000 * 60
            packet.dts += 90_000 * 60

    reader = VideoReader(film("a.ts", frames=600, size=(240, 60), edit=jump))
    whole = [key(frame) for frame in reader.frames()]
    assert len(whole) == 600
    part = [key(frame) for frame in reader.frames(span=span(15, 16))]
    assert part == [frame for frame in whole if 15 <= frame[0] <= 16]
    assert 29 <= len(part) <= 31


def test_the_report_needs_a_whole_read(film):
    reader = VideoReader(film("a.mp4"))
    with pytest.raises(PandaError, match="not read to its end"):
        _ = reader.report
    list(reader.frames(span=span(0, 5)))
    next(iter(reader.frames()))
    with pytest.raises(PandaError):
        _ = reader.report
    list(reader.frames(max_fps=1))
    assert reader.report.frames == 60


def test_reads_do_not_disturb_each_other(film):
    path = film("a.mp4")
    with path.open("rb") as file:
        reader = VideoReader(file)
        alone = [key(frame) for frame in reader.frames()]
        pairs = list(zip(reader.frames(), reader.frames(), strict=True))
        assert [key(one) for one, _ in pairs] == [key(two) for _, two in pairs] == alone


def open_files():
    return len(os.listdir("/proc/self/fd"))


def decoders():
    return [thread for thread in threading.enumerate() if thread.name == "panda-video"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_read_that_is_given_up_leaves_nothing_open(film):
    reader = VideoReader(film("a.mp4", frames=300))
    before = open_files()
    frames = reader.frames()
    next(frames)
    assert open_files() == before + 1
    assert len(decoders()) == 1
    frames.close()
    assert (open_files(), decoders()) == (before, [])
    for _ in reader.frames():
        break  # dropped, not closed
    assert (open_files(), decoders()) == (before, [])
    list(reader.frames())
    assert (open_files(), decoders()) == (before, [])


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_does_not_grow_with_length(film):
    """2400 frames would be 550 MB."""
    short, long = (VideoReader(film(f"{n}.mp4", frames=n, options={"preset": "ultrafast"})) for n in (120, 2400))
    for frame in short.frames():
        assert frame.image.any()
    before, most = resident(), 0
    for n, _ in enumerate(long.frames()):
        if n % 50 == 0:
            most = max(most, resident())
    assert most - before < 30 << 20


def test_images_are_the_callers_own(film):
    reader = VideoReader(film("a.mp4", frames=10))
    frames = list(reader.frames())
    copies = [frame.image.copy() for frame in frames]
    frames[3].image[:] = 0
    assert all(
        (frame.image == copy).all() for n, (frame, copy) in enumerate(zip(frames, copies, strict=True)) if n != 3
    )


def test_a_file_that_vanishes_between_reads(film):
    path = film("a.mp4")
    reader = VideoReader(path)
    path.unlink()
    with pytest.raises(PandaError, match="There is no file"):
        list(reader.frames())
