"""Real surveillance clips from ../shared, where it is there."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader, list_videos

CLIPS = Path(__file__).resolve().parents[2] / "../shared/data/clips"
pytestmark = pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/data/clips is not there")


def test_every_clip_reads_whole():
    videos = list_videos(CLIPS)
    assert len(videos) == 18
    for path in videos:
        reader = VideoReader(path)
        frames = [(frame.time, frame.image.shape) for frame in reader.frames(max_side=64)]
        assert frames[0][0] == 0
        assert all(after[0] > before[0] for before, after in pairwise(frames))
        assert len({shape for _, shape in frames}) == 1
        assert (reader.report.damaged_packets, reader.report.blind, reader.report.notes) == (0, (), ())
        assert reader.report.duration == pytest.approx(reader.info.declared_duration, abs=0.05)


@pytest.mark.parametrize("name", ["opencv_vtest.mp4", "ABODA_video4.avi", "XD_explosion_v=JfLYNEsrTew_52_431.mp4"])
def test_a_part_of_a_real_clip(name):
    reader = VideoReader(CLIPS / name)
    whole = {frame.time: frame.image.tobytes() for frame in reader.frames(max_side=96, max_fps=5)}
    for start in (3, 7.77, 10):
        part = {
            f.time: f.image.tobytes()
            for f in reader.frames(span=TimeSpan(start=start, end=start + 2), max_side=96, max_fps=5)
        }
        assert part == {time: image for time, image in whole.items() if start <= time <= start + 2}
        assert len(part) >= 9
