"""Videos that come in: the same frames as a whole and cut short, by iterators, so that not a bit of them differs."""

from __future__ import annotations

from contextlib import suppress
from itertools import takewhile

import cv2
import numpy as np
import pytest

from panda_agent.errors import ToolError
from panda_agent.settings import Settings
from panda_agent.tools import Scope, file_observation
from panda_agent.video import CausalFootage, VideoReader, grid

LENGTH = 2.0
"""Seconds of a clip."""


def settings(home, **more):
    """Settings of an online case with short clips."""
    loop = {"mode": "online", "clip_seconds": LENGTH, **more.pop("loop", {})}
    return Settings(home=home, loop=loop, **more)


def prefix(frames, end):
    """The frames up to a second."""
    return list(takewhile(lambda pair: pair[0] <= end, frames))


class Runs:
    """Runs one tool over frames as the loop would online, without a loop."""

    def __init__(self, home):
        self.home, self.count = home, 0

    def reader(self, frames):
        """A video of some frames."""
        self.count += 1
        return VideoReader(iter(frames), spool=self.home / f"spool{self.count}.nut")

    def file(self, path):
        """A video of a file."""
        return VideoReader(path)

    def scope(self, reader, until=None, **more):
        """What a tool is given."""
        own = more.pop("settings", None) or settings(self.home, perception={"lookahead_frames": 10})
        return Scope(CausalFootage(reader, until), own, self.home, **more)

    def overview(self, tool, frames, **more):
        """The rows of a look at all of it as it comes in."""
        scope = self.scope(self.reader(frames), **more)
        return [file_observation(tool.spec, scope, seen) for seen in tool.run(scope)]

    def clips(self, tool, frames, filed=(), reader=None, length=LENGTH, **more):
        """The rows of a look at each clip when it is over, by rows of others that were known by then."""
        reader = reader or self.reader(frames)
        for _ in reader.frames(max_side=16):
            pass
        rows = []
        for span in grid(reader.report.duration, length=length):
            scope = self.scope(reader, span.end, span=span, filed=known(filed, span.end), media=self.home, **more)
            with suppress(ToolError):  # as in the loop: a tool that can't work on a clip leaves the others alone
                rows += [file_observation(tool.spec, scope, seen) for seen in tool.run(scope)]
        return rows


def known(rows, by):
    """What `CaseStore.evidence` gives of rows that were known by a second."""

    def filed(*, kind=None, kinds=None, span=None, track=None, tool=None):
        return [
            row
            for row in rows
            if row.known_at <= by
            and kind in (None, row.kind)
            and (kinds is None or row.kind in kinds)
            and (span is None or row.span.touches(span))
        ]

    return filed


def by(rows, second):
    """The rows that were known by a second, as text."""
    return [row.model_dump_json() for row in rows if row.known_at <= second]


@pytest.fixture
def runs(home):
    """Runs tools on frames."""
    home.mkdir(parents=True, exist_ok=True)
    return Runs(home)


def film_file(path, frames):
    """Frames as a file, for what takes files only."""
    import av

    height, width, _ = frames[0][1].shape
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _, image in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


def yard(seconds=13.0, rate=10, size=(96, 128)):
    """A yard: two walk through, something thrashes about from 3 to 5 s and from 8 to 9 s, a light flashes at 6 s."""
    rng = np.random.default_rng(5)
    height, width = size
    ground = cv2.GaussianBlur(rng.integers(40, 220, (height, width, 3), np.uint8), (9, 9), 0)
    frames = []
    for i in range(round(seconds * rate)):
        t = i / rate
        image = ground.copy()
        cv2.rectangle(image, (round(-16 + 14 * t), 16), (round(-6 + 14 * t), 42), (30, 30, 160), -1)
        cv2.rectangle(image, (round(120 - 13 * t), 56), (round(130 - 13 * t), 82), (160, 40, 30), -1)
        if 3 <= t < 5 or 8 <= t < 9:
            x, y = rng.integers(-8, 9, 2)
            cv2.rectangle(image, (48 + x, 46 + y), (72 + x, 78 + y), (250, 240, 60), -1)
        if 6 <= t < 6.15:
            image = np.clip(image.astype(int) + 90, 0, 255).astype(np.uint8)
        frames.append((t, np.clip(image.astype(int) + rng.integers(-3, 4, image.shape), 0, 255).astype(np.uint8)))
    return frames


@pytest.fixture(scope="session")
def film():
    """Thirteen seconds of a yard."""
    return yard()
