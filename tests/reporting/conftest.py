"""What tests of reports are given: verdicts, videos, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from panda_agent.types import Evidence, Verdict
from tests.reporting.verdicts import RUN, calm_verdict, cart_verdict, fight_verdict, row

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
PED2 = DATA / "ped2/test/04.mp4"
FIGHT = DATA / "clips/UCF_Fighting033_x264_570_841.mp4"


@pytest.fixture
def cart() -> Verdict:
    return cart_verdict()


@pytest.fixture
def fight() -> Verdict:
    return fight_verdict()


@pytest.fixture
def calm() -> Verdict:
    return calm_verdict()


@pytest.fixture
def dark() -> Verdict:
    return calm_verdict("inconclusive")


@pytest.fixture
def run() -> dict[str, object]:
    return dict(RUN)


@pytest.fixture
def evidence_row() -> Callable[..., Evidence]:
    return row


@pytest.fixture(scope="session")
def square(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3 s at 10 frames/s, 160×120: a bright square goes from left to right over a textured ground."""
    path = tmp_path_factory.mktemp("video") / "-square 视频.mp4"
    ground = np.random.default_rng(0).integers(60, 120, (12, 16, 3), np.uint8).repeat(10, 0).repeat(10, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for i in range(30):
            image = ground.copy()
            x = 4 + 4 * i
            image[50:80, x : x + 20] = 240
            image[60:64, x + 8 : x + 12] = 10
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def ped2() -> Path:
    if not PED2.exists():
        pytest.skip(f"{PED2} is not there")
    return PED2


@pytest.fixture(scope="session")
def fight_clip() -> Path:
    if not FIGHT.exists():
        pytest.skip(f"{FIGHT} is not there")
    return FIGHT


@pytest.fixture(scope="session")
def browser() -> str:
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        pytest.skip("no Chromium to open the page with")
    return found
