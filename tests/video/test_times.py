"""Times come from presentation timestamps: right for every kind of film, 0 at the first frame, always rising."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import av
import pytest

from panda_agent.video import VideoReader

VFR = [Fraction(n, 30) for n in range(30)] + [1 + Fraction(5 * n, 30) for n in range(30)]
NTSC = Fraction(30_000, 1001)
LATE = [5 + Fraction(n, 30) for n in range(60)]

FILMS = {
    "constant rate": ("a.mp4", {}),
    "variable rate": ("a.mp4", {"times": VFR}),
    "29.97": ("a.mp4", {"rate": NTSC, "times": [n / NTSC for n in range(60)]}),
    "B-frames": ("a.mkv", {"options": {"bf": "3"}}),
    "no B-frames": ("a.mkv", {"options": {"bf": "0"}}),
    "starts late": ("a.ts", {"times": LATE}),
    "starts late in Matroska": ("a.mkv", {"times": LATE}),
    "no frame count, VP9": ("a.webm", {"times": VFR, "codec": "libvpx-vp9", "options": {"cpu-used": "8"}}),
    "AVI": ("a.avi", {"codec": "mpeg4", "tick": Fraction(1, 30)}),
    "MPEG-2 programme stream": ("a.mpg", {"codec": "mpeg2video", "tick": Fraction(1, 30)}),
    "time-lapse": ("a.mp4", {"rate": Fraction(1, 10), "times": [Fraction(10 * n) for n in range(20)]}),
    "rare and irregular": ("a.mkv", {"times": [Fraction(10 * n + n * n % 7) for n in range(20)]}),
}


def seen(path, number):
    """(number in the picture, time) of all frames."""
    frames = VideoReader(path).frames()
    return [(number(frame.image), frame.time) for frame in frames]


@pytest.mark.parametrize("name", FILMS)
def test_every_frame_has_its_own_time(film, number, name):
    file, fields = FILMS[name]
    times = fields.get("times", [Fraction(n, 30) for n in range(60)])
    frames = seen(film(file, **fields), number)
    assert [n for n, _ in frames] == list(range(len(times)))
    # Matroska and WebM keep milliseconds.
    assert [time for _, time in frames] == pytest.approx([float(time - times[0]) for time in times], abs=0.0011)


def test_webm_declares_no_frame_count(film):
    """What makes that case of the test above: frame count and rate of the header are of no use."""
    path = film("a.webm", times=VFR, codec="libvpx-vp9", options={"cpu-used": "8"})
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 0


def moved(first, seconds, count=None, *, dts=True):
    """An edit for `film`: shift the timestamps of packets from number `first` on, or of `count` of them."""
    number = -1

    def edit(packet):
        nonlocal number
        number += 1
        if number >= first and (count is None or number < first + count):
            ticks = round(seconds / packet.time_base)
            packet.pts += ticks
            packet.dts += ticks if dts else 0

    return edit


STILL = {"options": {"bf": "0"}}


@pytest.mark.parametrize("file", ["a.mkv", "a.ts", "a.mp4"])
def test_a_stray_timestamp_costs_its_frame_only(film, number, file):
    path = film(file, edit=moved(20, 3600, 1, dts=False), **STILL)
    frames = seen(path, number)
    assert [n for n, _ in frames] == [n for n in range(60) if n != 20]
    assert all(time == pytest.approx(n / 30, abs=0.0011) for n, time in frames)
    reader = VideoReader(path)
    list(reader.frames())
    assert any("stray: 1" in note for note in reader.report.notes)
    assert reader.report.blind == ()


@pytest.mark.parametrize("seconds", [3600, 12])
@pytest.mark.parametrize("file", ["a.ts", "a.mkv"])
def test_a_jump_that_persists_is_left_out(film, number, file, seconds):
    path = film(file, edit=moved(20, seconds))
    frames = seen(path, number)
    assert [n for n, _ in frames] == list(range(60))
    assert all(time == pytest.approx(n / 30, abs=1 / 30) for n, time in frames)
    reader = VideoReader(path)
    list(reader.frames())
    assert any(f"jumped by +{seconds}.0 s" in note for note in reader.report.notes)


def test_a_recorder_that_starts_its_clock_again(film, number, tmp_path):
    path = tmp_path / "joined.ts"
    path.write_bytes(film("a.ts", edit=moved(0, 1000)).read_bytes() + film("b.ts").read_bytes())
    frames = seen(path, number)
    assert [n for n, _ in frames] == [*range(60), *range(60)]
    assert all(time == pytest.approx(place / 30, abs=1 / 30) for place, (_, time) in enumerate(frames))


def test_a_counter_that_wraps(film, number):
    frames = seen(film("a.ts", edit=moved(0, 2**33 / 90_000 - 1)), number)
    assert frames == [(n, pytest.approx(n / 30)) for n in range(60)]


def test_negative_timestamps(film, number):
    path = film("a.mkv", edit=moved(0, -1), mux={"avoid_negative_ts": "disabled"}, **STILL)
    frames = seen(path, number)
    assert [n for n, _ in frames] == list(range(60))
    assert all(time == pytest.approx(n / 30, abs=0.04) for n, time in frames)


def test_a_wrong_first_timestamp(film, number):
    frames = seen(film("a.ts", edit=moved(0, 3600, 1, dts=False), **STILL), number)
    assert frames == [(n, pytest.approx(n / 30)) for n in range(60)]


def test_no_timestamps_at_all(film, number):
    path = film("a.h264")
    reader = VideoReader(path)
    times = [frame.time for frame in reader.frames()]
    assert len(times) == 60
    assert all(after > before for before, after in pairwise(times))
    assert any("without a timestamp" in note for note in reader.report.notes)
