"""The case that is killed: a rendered yard, rules that leave a doubt, and the senses of the bare tier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from panda_agent import Investigator
from panda_agent.perception.agitation import Agitation
from panda_agent.perception.attributes import Attributes
from panda_agent.settings import load_settings
from panda_agent.tools import ToolSpec
from panda_agent.tools.observe_motion import ahead, perceive

PACK = """
id: crash
version: 1
title: A doubt about whatever walks or runs, which second looks halve but do not settle.
scenes: [street]
event_types:
  - {id: run, title: Running, statement: Someone runs., benign: They walk fast., severity: high, prior: 0.05}
  - {id: fight, title: Fight, statement: People fight., benign: They play., severity: medium, prior: 0.05}
rules:
  - id: run.fast
    event_type: run
    when: [{kind: track, where: ["speed >= 1.2"]}]
    strength: {field: speed, low: 0, high: 3}
    weight: 4.5
    question: Does anyone run?
    explanation: "Object {track} moves at {speed} body lengths/s."
    fires: [{kind: track, at: [0, 1], speed: 3}]
    must_not: [{kind: track, at: [0, 1], speed: 0.5}]
  - id: fight.agitation
    event_type: fight
    when: [{kind: agitation, where: ["agitation >= 9"]}]
    weight: 3.0
    question: Does anyone fight?
    explanation: "Agitation of {agitation}."
    fires: [{kind: agitation, at: [0, 1], agitation: 10}]
    must_not: [{kind: agitation, at: [0, 1], agitation: 1}]
"""
VIDEO = "yard.mp4"
SIZE = (160, 120)
RATE, SECONDS = 10, 6


class Paths:
    """A second overview pass, over the frames that the first one watched: objects, their paths, and agitation."""

    spec = ToolSpec(
        name="paths",
        about="Follows objects.",
        family="tracks",
        makes={**Attributes.makes, **Agitation.makes},
    )

    def run(self, scope):
        look = scope.settings.perception
        with ahead(scope.reader.frames(max_fps=look.max_fps, max_side=look.max_side)) as source:
            yield from perceive(source, scope, [Attributes(RATE), Agitation(RATE)])


def frames() -> Iterator[tuple[float, np.ndarray]]:
    """Two walkers, and a runner between 3 and 5 s; seeded noise over a textured yard."""
    rng = np.random.default_rng(7)
    width, height = SIZE
    yard = cv2.GaussianBlur(rng.integers(40, 220, (height, width, 3), np.uint8), (7, 7), 0)
    for i in range(RATE * SECONDS):
        t = i / RATE
        image = yard.copy()
        _person(image, 10 + 18 * t, 30, (30, 30, 160))
        _person(image, 150 - 16 * t, 55, (160, 40, 30))
        if 2 <= t < 5:
            _person(image, 5 + 48 * (t - 2), 85, (240, 240, 240))
        noise = rng.integers(-4, 5, image.shape, np.int16)
        yield t, np.clip(image + noise, 0, 255).astype(np.uint8)


def _person(image: np.ndarray, x: float, y: float, colour: tuple[int, int, int]) -> None:
    swing = 2 * np.sin(x / 2)
    cv2.ellipse(image, (round(x), round(y)), (4, 4), 0, 0, 360, colour, -1)
    cv2.rectangle(image, (round(x - 4), round(y + 3)), (round(x + 4), round(y + 15)), colour, -1)
    cv2.line(image, (round(x), round(y + 15)), (round(x + swing), round(y + 24)), colour, 3)
    cv2.line(image, (round(x), round(y + 15)), (round(x - swing), round(y + 24)), colour, 3)


def write(folder: Path) -> None:
    """Write the video and the pack."""
    (folder / "pack.yaml").write_text(PACK)
    with av.open(str(folder / VIDEO), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for _, image in frames():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())


def investigator(home: Path, pack: Path) -> Investigator:
    settings = load_settings(
        home=home,
        rules=str(pack),
        loop={"clip_seconds": 2.0, "unsure": 0.45},
        budget={"looks": 5},
    )
    return Investigator(settings, tools=[Paths()])
