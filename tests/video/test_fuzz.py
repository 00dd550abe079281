"""Whatever is done to a file: frames, or an error of our own; never anything else."""

from __future__ import annotations

import io
import random
from fractions import Fraction
from itertools import pairwise

import pytest

from panda_agent.errors import VideoError
from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader

FILES = {
    "a.mp4": {},
    "b.mkv": {"gop": 45},
    "c.ts": {},
    "d.avi": {"codec": "mpeg4", "tick": Fraction(1, 30)},
    "e.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "f.mpg": {"codec": "mpeg2video", "tick": Fraction(1, 30)},
}
SEEDS = 24


def flip(data, source):
    for _ in range(source.randrange(1, 30)):
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)


def cut(data, source):
    del data[source.randrange(len(data)) :]


def lose(data, source):
    start = source.randrange(len(data))
    del data[start : start + source.randrange(1, 3000)]


def blank(data, source):
    start = source.randrange(len(data))
    end = min(len(data), start + source.randrange(1, 2000))
    data[start:end] = bytes(end - start)


def splice(data, source):
    start, end = sorted(source.randrange(len(data)) for _ in range(2))
    data[start:start] = data[start:end]


def header(data, source):
    for _ in range(source.randrange(1, 6)):
        data[source.randrange(min(600, len(data)))] = source.randrange(256)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", FILES)
def test_mutations(film, name):
    whole = film(name, size=(240, 60), **FILES[name]).read_bytes()
    read = 0
    for seed in range(SEEDS):
        source, data = random.Random(seed), bytearray(whole)
        (flip, cut, lose, blank, splice, header)[seed % 6](data, source)
        try:
            reader = VideoReader(io.BytesIO(data))
            times = [frame.time for frame in reader.frames(max_side=64)]
            list(reader.frames(span=TimeSpan(start=times[-1] / 2, end=times[-1]), max_side=64, max_fps=5))
        except VideoError:
            continue
        read += 1
        report = reader.report
        assert times[0] == 0
        assert all(after > before for before, after in pairwise(times))
        assert report.frames == len(times)
        assert report.duration > times[-1]
        assert 0 <= report.damaged_share <= 1
        assert all(span.duration >= 0 for span in (*report.blind, *report.damaged))
    assert read > SEEDS // 4
