"""Films made on the spot."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

SIZE = (160, 120)
RATE = 10


def write_film(path: Path, seed: int, seconds: float = 6.0) -> Path:
    """A yard that two walk through; in the middle third something thrashes about."""
    rng = np.random.default_rng(seed)
    width, height = SIZE
    yard = cv2.GaussianBlur(rng.integers(40, 220, (height, width, 3), np.uint8), (9, 9), 0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for i in range(round(seconds * RATE)):
            t = i / RATE
            image = yard.copy()
            cv2.rectangle(image, (round(10 + 18 * t), 20), (round(20 + 18 * t), 48), (30, 30, 160), -1)
            cv2.rectangle(image, (round(140 - 16 * t), 70), (round(150 - 16 * t), 98), (160, 40, 30), -1)
            if seconds / 3 <= t < 2 * seconds / 3:
                x, y = rng.integers(-9, 10, 2)
                cv2.rectangle(image, (70 + x, 60 + y), (90 + x, 90 + y), (250, 240, 60), -1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Path:
    """Six seconds of a yard."""
    return write_film(tmp_path_factory.mktemp("film") / "yard.mp4", seed=1)


@pytest.fixture(scope="session")
def other_film(tmp_path_factory) -> Path:
    """Another yard."""
    return write_film(tmp_path_factory.mktemp("film") / "other.mp4", seed=2, seconds=3.0)
