"""What is normal for the camera of a case: learnt once from its normal videos, kept, and used again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from panda_agent.errors import StoreError
from panda_agent.memory import watched
from panda_agent.memory.normality import NormalityMemory, learn
from panda_agent.nodes.desk import Case
from panda_agent.perception.cells import VERSION, CellLook
from panda_agent.perception.perceiver import Perceiver
from panda_agent.tools.frames import beginning, drained, pixels_ahead, rate_of
from panda_agent.types import Event, Progress
from panda_agent.video import VideoReader, probe

FOLDER = "normality"
"""Under PANDA_HOME: one folder a memory."""
WATCHED = "watched"
"""Under PANDA_HOME: one file a normal video."""


def normality_of(case: Case, emit: Callable[[Event], None]) -> NormalityMemory | None:
    """The memory of the case's normal videos; None where none were given, or a recording knows the outcome."""
    videos = [Path(name) for name in case.request.normal]
    if not videos or case.recording is not None:
        return None
    prints = {video: probe(video, max_pixels=case.settings.video.max_pixels).fingerprint for video in videos}
    folder = case.settings.root / FOLDER / f"m{_digest(case, sorted(prints.values()))}"
    try:
        return NormalityMemory.load(folder)
    except StoreError:
        looks = []
        for i, video in enumerate(videos):
            emit(Progress(step="learn what is normal", done=i, total=len(videos)))
            looks.append((prints[video], _looks(case, video, prints[video])))
        memory = learn(looks)
        memory.save(folder)
        return memory


def _digest(case: Case, prints: list[str]) -> str:
    """The same videos watched in the same way give the same."""
    look = case.settings.first_look
    text = json.dumps([VERSION, prints, look.max_fps, look.max_side, look.lookahead_frames])
    return hashlib.sha256(text.encode()).hexdigest()[:11]


def _looks(case: Case, video: Path, fingerprint: str) -> list[CellLook]:
    file = case.settings.root / WATCHED / f"v{_digest(case, [fingerprint])}.npz"
    looks = watched.kept(file)
    if looks is None:
        looks = watched.thinned(_watch(case, video))
        watched.keep(file, looks)
    return looks


def _watch(case: Case, video: Path) -> Iterator[CellLook]:
    look = case.settings.first_look
    frames = VideoReader(video, max_pixels=case.settings.video.max_pixels).frames(
        max_fps=look.max_fps, max_side=look.max_side
    )
    head = beginning(frames, look.lookahead_frames)
    rate = rate_of(head, look.max_fps)
    perceiver = Perceiver([frame.image for frame in head], rate, case.settings.root / "ultralytics")
    with closing(pixels_ahead(perceiver, drained(head, frames))) as pixels:
        for seen in pixels:
            case.check_pause()
            yield seen.cells
