"""The checks of `panda doctor`. Each really uses what it checks, and each finding comes with its one-line mend."""

from __future__ import annotations

import asyncio
import importlib
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from panda_agent.cli.mending import mend_import
from panda_agent.cli.tiers import tier_of
from panda_agent.equipment import detector_weights, sha256_of
from panda_agent.errors import PandaError
from panda_agent.settings import Settings
from panda_agent.types import Model

if TYPE_CHECKING:
    from panda_agent.backends.protocol import Profile

CODECS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mjpeg", "prores")
"""Decoders that recordings of cameras, phones and editors need."""
LOW_DISK = 1 << 30
"""Bytes of free space below which the disk is worth a note."""


class Finding(Model):
    """The result of one check."""

    name: str
    state: Literal["ok", "note", "broken"]
    """`broken` where no investigation can be made."""
    detail: str
    mend: str | None = None
    """What to do, in one line."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Run every check; one that fails does not stop the others."""
    for name, check in CHECKS.items():
        try:
            yield check(name, settings)
        except ImportError as error:
            yield Finding(name=name, state="broken", detail=str(error), mend=mend_import(error))
        except PandaError as error:
            yield Finding(name=name, state="broken", detail=error.message, mend=error.hint)
        except Exception as error:  # a boundary: a library broken in its own way is a finding, not a crash
            detail = f"{type(error).__name__}: {error}"
            yield Finding(
                name=name,
                state="broken",
                detail=detail,
                mend="Install it anew: `pip install --force-reinstall panda-agent`.",
            )


def _python(name: str, settings: Settings) -> Finding:
    return Finding(name=name, state="ok", detail=f"{platform.python_version()}, panda_agent {version('panda-agent')}")


def _decoding(name: str, settings: Settings) -> Finding:
    import av

    missing = [codec for codec in CODECS if codec not in av.codecs_available]
    known = ", ".join(codec for codec in CODECS if codec not in missing)
    detail = f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}, decodes {known}"
    if missing:
        mend = "Install PyAV from its wheel (`pip install --force-reinstall av`), or transcode such videos to H.264."
        return Finding(name=name, state="note", detail=f"{detail}; not {', '.join(missing)}", mend=mend)
    return Finding(name=name, state="ok", detail=detail)


def _opencv(name: str, settings: Settings) -> Finding:
    import cv2
    import numpy as np

    cv2.cvtColor(np.zeros((8, 8, 3), np.uint8), cv2.COLOR_RGB2GRAY)
    return Finding(name=name, state="ok", detail=f"OpenCV {cv2.__version__}")


def _tracking(name: str, settings: Settings) -> Finding:
    from panda_agent.perception.tracks import MotionTracker

    with tempfile.TemporaryDirectory() as folder:
        MotionTracker(10.0, Path(folder))
    return Finding(
        name=name, state="ok", detail=f"Ultralytics {version('ultralytics')} ByteTrack, torch {version('torch')}"
    )


def _memory(name: str, settings: Settings) -> Finding:
    faiss = importlib.import_module("faiss")
    faiss.IndexFlatIP(8)
    return Finding(name=name, state="ok", detail=f"FAISS {faiss.__version__}")


def _graph(name: str, settings: Settings) -> Finding:
    from panda_agent.graph import build_graph

    importlib.import_module("langgraph.checkpoint.sqlite.aio")
    build_graph(settings)
    return Finding(name=name, state="ok", detail=f"LangGraph {version('langgraph')}; the loop compiles")


def _encoder(name: str, settings: Settings) -> Finding:
    from panda_agent.embedders import MiniLM

    encoder = MiniLM()
    return Finding(name=name, state="ok", detail=f"{encoder.name}, weights {encoder.version}")


def _pictures_by_words(name: str, settings: Settings) -> Finding:
    from panda_agent.tools.clip_weights import find_clip

    try:
        clip = find_clip(settings)
    except PandaError as error:  # moments are then found by what was told
        return Finding(name=name, state="note", detail=error.message, mend=error.hint)
    if clip is None:
        detail = "no CLIP weights: moments are found by what was told of a video"
        return Finding(name=name, state="ok", detail=detail)
    return Finding(name=name, state="ok", detail=f"{clip.name}, weights {clip.version}")


def _home(name: str, settings: Settings) -> Finding:
    root = settings.root
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        detail = f"{root} can't be written: {error.strerror}"
        return Finding(name=name, state="broken", detail=detail, mend="Set PANDA_HOME to a folder of your own.")
    return Finding(name=name, state="ok", detail=f"{root} can be written")


def _disk(name: str, settings: Settings) -> Finding:
    place = next(path for path in (settings.root, *settings.root.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    detail = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < LOW_DISK:
        return Finding(name=name, state="note", detail=detail, mend="Make room, e.g. `panda cases purge --older 30d`.")
    return Finding(name=name, state="ok", detail=detail)


def _weights(name: str, settings: Settings) -> Finding:
    if settings.weights is None:
        return Finding(name=name, state="ok", detail="PANDA_WEIGHTS is not set; the bare tier needs none")
    folder = settings.weights.expanduser()
    if not folder.is_dir():
        mend = "Set PANDA_WEIGHTS to the folder that holds them, or unset it."
        return Finding(name=name, state="note", detail=f"{folder} is no folder", mend=mend)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    detail = f"{folder}: {'; '.join(map(_weights_file, files)) or 'empty'}"
    chosen = detector_weights(settings)
    if chosen is None:
        mend = "Put a YOLO file (.onnx or .pt) there that Ultralytics wrote, or name one with objects.weights."
        return Finding(name=name, state="note", detail=f"{detail}; none of them is a detector's", mend=mend)
    trust = f"{chosen.name} is a pickle, which can run code: use an .onnx file." if chosen.suffix == ".pt" else None
    return Finding(
        name=name, state="ok" if trust is None else "note", detail=f"{detail}; in use: {chosen.name}", mend=trust
    )


def _weights_file(path: Path) -> str:
    """One file of weights: its size, its hash, and whose licence it is under where it says so."""
    licence = "AGPL-3.0" if b"AGPL-3.0" in path.read_bytes() else "licence not stated"
    return f"{path.name} ({path.stat().st_size / 1e6:.1f} MB, sha256 {sha256_of(path)[:12]}, {licence})"


def _model(name: str, settings: Settings) -> Finding:
    if settings.model.base_url is None:
        return Finding(name=name, state="ok", detail="model.base_url is not set; the bare tier needs no model")
    try:
        profile = asyncio.run(_probed(settings))
    except PandaError as error:  # a case can do without, so this breaks nothing
        return Finding(name=name, state="note", detail=error.message, mend=error.hint)
    return _of_profile(name, profile)


async def _probed(settings: Settings) -> Profile:
    """Show the model a test card, whatever was found out about it before."""
    from panda_agent.backends import OpenAIBackend
    from panda_agent.backends.profile import probe

    backend = OpenAIBackend(settings.model)
    try:
        return await probe(backend, await backend.settle_model())
    finally:
        await backend.close()


def _of_profile(name: str, profile: Profile) -> Finding:
    """What an endpoint can do, and what to do where it lacks something."""
    modes = {"schema": "keeps to JSON schemas", "object": "answers in JSON", "prompted": "answers in JSON when told to"}
    able = [
        "reads the test card" if profile.vision else "does not read the test card",
        modes[profile.schema_mode],
        "tells probabilities of tokens" if profile.logprobs else "tells no probabilities of tokens",
        f"context {profile.context} tokens" if profile.context else "context not stated",
    ]
    detail = f"{profile.url.split(' ')[0]} serves {profile.model}: {', '.join(able)}"
    if not profile.vision:
        mend = "Set model.name to a model that sees pictures; llama.cpp needs its --mmproj file."
        return Finding(name=name, state="note", detail=detail, mend=mend)
    finer = None if profile.logprobs else "Answers are read as written: serve it with logprobs for finer scores."
    return Finding(name=name, state="ok" if finer is None else "note", detail=detail, mend=finer)


def _tier(name: str, settings: Settings) -> Finding:
    return Finding(name=name, state="ok", detail=tier_of(settings))


CHECKS: dict[str, Callable[[str, Settings], Finding]] = {
    "python": _python,
    "decoding": _decoding,
    "pictures": _opencv,
    "tracking": _tracking,
    "memory": _memory,
    "graph": _graph,
    "text encoder": _encoder,
    "picture encoder": _pictures_by_words,
    "home": _home,
    "disk": _disk,
    "weights": _weights,
    "model": _model,
    "tier": _tier,
}
