"""What is normal for the camera of a case: learnt once from its normal videos, kept, and used again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path

from panda_agent.errors import StoreError
from panda_agent.memory.normality import NormalityMemory, learn
from panda_agent.nodes.desk import Case
from panda_agent.perception.cells import VERSION, CellLook, cells_of
from panda_agent.perception.perceiver import Perceiver
from panda_agent.tools.observe_motion import ahead, rate_of
from panda_agent.types import Event, Progress
from panda_agent.video import VideoReader, probe

FOLDER = "normality"
"""Under PANDA_HOME: one folder a memory."""


def normality_of(case: Case, emit: Callable[[Event], None]) -> NormalityMemory | None:
    """The memory of the case's normal videos; None where none were given."""
    videos = [Path(name) for name in case.request.normal]
    if not videos:
        return None
    prints = {video: probe(video, max_pixels=case.settings.video.max_pixels).fingerprint for video in videos}
    folder = case.settings.root / FOLDER / _name(case, sorted(prints.values()))
    try:
        return NormalityMemory.load(folder)
    except StoreError:
        memory = learn([(prints[video], _watch(case, video, i, emit)) for i, video in enumerate(videos)])
        memory.save(folder)
        return memory


def _name(case: Case, prints: list[str]) -> str:
    """The same videos watched in the same way are the same memory."""
    look = case.settings.perception
    text = json.dumps([VERSION, prints, look.max_fps, look.max_side, look.lookahead_frames])
    return "m" + hashlib.sha256(text.encode()).hexdigest()[:11]


def _watch(case: Case, video: Path, number: int, emit: Callable[[Event], None]) -> list[CellLook]:
    look = case.settings.perception
    emit(Progress(step="learn what is normal", done=number, total=len(case.request.normal)))
    frames = VideoReader(video, max_pixels=case.settings.video.max_pixels).frames(
        max_fps=look.max_fps, max_side=look.max_side
    )
    head = list(islice(frames, look.lookahead_frames))
    perceiver = Perceiver([frame.image for frame in head], rate_of(head, look.max_fps), case.settings.root / "ultralytics")
    found: list[CellLook] = []
    with ahead(perceiver.pixels(frame.time, frame.image) for frame in chain(head, frames)) as pixels:
        for seen in pixels:
            case.check_pause()
            found.append(cells_of(seen))
    return found
