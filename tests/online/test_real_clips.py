"""Online cases of real clips: a fall at home, and a fight."""

from __future__ import annotations

import pytest

from panda_agent.video import VideoReader
from tests.online.cases import investigated, last, same
from tests.online.conftest import prefix


@pytest.mark.parametrize("name", ["GMDCSA24_S1_Fall_13.mp4", "SCFD_fi001.mp4"])
def test_prefixes_of_a_real_clip(shared, home, name):
    reader = VideoReader(shared / "data" / "clips" / name)
    frames = [(frame.time, frame.image) for frame in reader.frames(max_fps=15, max_side=256)]
    more = {"loop": {"clip_seconds": 1.0}}
    whole = investigated(frames, home / "whole", **more)
    assert whole[0].label == "anomalous"
    for share in (0.3, 0.5, 0.6, 0.8, 0.95):
        part = prefix(frames, share * last(frames))
        assert same(whole, investigated(part, home / str(share), **more), last(part))
