"""The case that is killed: a yard with something in it for every step of the loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent import Investigator
from panda_agent.memory.unusual import UnusualMotion
from panda_agent.perception.agitation import Agitation
from panda_agent.perception.attributes import Attributes
from panda_agent.perception.observation import Observation
from panda_agent.perception.scene import Scene
from panda_agent.settings import load_settings
from panda_agent.tools import Scope, ToolSpec
from panda_agent.tools.observe_motion import ObserveMotion, perceive
from panda_agent.types import TimeSpan

VIDEO, NORMAL, PACK = "yard.mp4", "normal.mp4", "pack.yaml"
SIZE = (128, 96)
RATE, FRAMES = 8, 28
RULES = """
id: crash
version: 1
title: Whoever is seen is worth a belief, and agitation a doubt that second looks do not settle.
scenes: [street]
event_types:
  - {id: visit, title: Visit, statement: Someone is here., benign: It is a shadow., severity: low, prior: 0.05}
  - {id: brawl, title: Brawl, statement: Someone struggles., benign: They dance., severity: high, prior: 0.05}
  - {id: dusk, title: Dusk, statement: It gets dark., benign: A cloud., severity: low, prior: 0.05}
rules:
  - id: visit.short
    event_type: visit
    when: [{kind: track, where: ["duration <= 2", "straightness >= 0.9"]}]
    weight: 6.0
    question: Is anyone here for a moment?
    explanation: "Object {track} is here for {seconds} s."
    fires: [{kind: track, at: [0, 1], straightness: 1}]
    must_not: [{kind: track, at: [0, 9], straightness: 1}]
  - id: brawl.agitation
    event_type: brawl
    when: [{kind: agitation, where: ["agitation > 0"]}]
    weight: 3.0
    question: Does anyone struggle?
    explanation: "Agitation of {agitation}."
    fires: [{kind: agitation, at: [0, 1], agitation: 1}]
    must_not: [{kind: agitation, at: [0, 1], agitation: 0}]
  - id: dusk.dark
    event_type: dusk
    when: [{kind: brightness, where: ["mean < 40"]}]
    weight: 5.0
    question: Is it dark?
    explanation: "Brightness {mean}."
    fires: [{kind: brightness, at: [0, 1], mean: 20}]
    must_not: [{kind: brightness, at: [0, 1], mean: 90}]
"""


class Motion:
    """The overview pass that ships, with the few filters that this case needs: runs must be short."""

    spec = ObserveMotion.spec

    def run(self, scope: Scope) -> Iterator[Observation]:
        look = scope.settings.perception
        filters = (Scene, Attributes, Agitation, lambda rate: UnusualMotion(rate, scope.normality))
        yield from perceive(scope.reader.frames(max_fps=look.max_fps, max_side=look.max_side), scope, filters)


class LightMeter:
    """A second overview pass, of a sense that does not ship."""

    spec = ToolSpec(name="light_meter", about="Measures light.", family="light", makes={"brightness": ("mean",)})

    def run(self, scope: Scope) -> Iterator[Observation]:
        for i, frame in enumerate(scope.reader.frames()):
            scope.check()
            if i % RATE == 0:
                mean = round(float(frame.image.mean()), 2)
                span = TimeSpan(start=frame.time, end=frame.time)
                yield Observation("brightness", span, f"The picture's mean brightness is {mean}.", {"mean": mean})


def frames(*, calm: bool = False) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Two walkers all the time; unless it is calm, a passer-by for 1.5 s and later one who thrashes about."""
    rng = np.random.default_rng(7)
    width, height = SIZE
    yard = cv2.GaussianBlur(rng.integers(40, 220, (height, width, 3), np.uint8), (7, 7), 0)
    for i in range(FRAMES // 2 if calm else FRAMES):
        t = i / RATE
        image = yard.copy()
        _person(image, 8 + 20 * t, 12, (30, 30, 160))
        _person(image, 120 - 18 * t, 40, (160, 40, 30))
        if not calm and t < 1.2:
            _person(image, 50 - 45 * t, 66, (240, 240, 240))
        if not calm and t >= 1.3:
            dx, dy = rng.integers(-7, 8, 2)
            _person(image, 95 + dx, 68 + dy, (250, 240, 60))
        noise = rng.integers(-4, 5, image.shape, np.int16)
        yield t, np.clip(image + noise, 0, 255).astype(np.uint8)


def _person(image: NDArray[np.uint8], x: float, y: float, colour: tuple[int, int, int]) -> None:
    swing = 2 * np.sin(x / 2)
    cv2.ellipse(image, (round(x), round(y)), (4, 4), 0, 0, 360, colour, -1)
    cv2.rectangle(image, (round(x - 4), round(y + 3)), (round(x + 4), round(y + 15)), colour, -1)
    for leg in (swing, -swing):
        cv2.line(image, (round(x), round(y + 15)), (round(x + leg), round(y + 24)), colour, 3)


def write(folder: Path) -> None:
    """Write the videos and the pack."""
    (folder / PACK).write_text(RULES)
    for name, calm in ((VIDEO, False), (NORMAL, True)):
        with av.open(str(folder / name), "w") as out:
            stream = out.add_stream("libx264", rate=RATE, options={"crf": "20"})
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for _, image in frames(calm=calm):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            out.mux(stream.encode())


def investigator(folder: Path) -> Investigator:
    """One whose cases lie in `folder / "home"`: three clips, wide doubt, and a budget that runs out."""
    settings = load_settings(
        home=folder / "home",
        rules=str(folder / PACK),
        loop={"clip_seconds": 1.2, "unsure": 0.45, "abstain": 0.0},
        budget={"looks": 3},
    )
    return Investigator(settings, tools=[Motion(), LightMeter()])
