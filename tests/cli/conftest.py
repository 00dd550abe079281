"""Real processes, a film made on the spot, and one case that was investigated to its end."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from panda_agent.cli.process import run

PANDA = (sys.executable, "-m", "panda_agent.cli")
DEADLINE = 120


def write_film(path: Path, frames: int) -> Path:
    """Something pale that walks to and fro over a yard."""
    rng = np.random.default_rng(1)
    yard = np.kron(rng.integers(60, 190, (12, 16, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    with path.open("wb") as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for i in range(frames):
            image = yard.copy()
            left = abs(i * 3 % 228 - 114)
            image[40:68, left : left + 12] = 235
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def panda() -> Callable[..., Done]:
    """Run `panda` as a process of its own, neither stdout nor stderr a terminal."""

    def start(*args: str | Path) -> Done:
        return finished_process([*PANDA, *map(str, args)])

    return start


@pytest.fixture
def begin() -> Callable[..., subprocess.Popen[bytes]]:
    """Begin `panda` as a process of its own, to be signalled or left; stdout and stderr are pipes if not said else."""

    def start(*args: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*PANDA, *map(str, args)], **{**pipes, **options})

    return start


@pytest.fixture
def inside(capfd) -> Callable[..., Done]:
    """Run `panda` in this process, which is quicker where nothing heavy is loaded."""

    def start(*args: str | Path) -> Done:
        capfd.readouterr()
        code = run([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return start


@pytest.fixture
def script() -> Callable[[str], Done]:
    """Run lines of Python in a process of their own."""
    return lambda lines: finished_process([sys.executable, "-c", lines])


def finished_process(command: Sequence[str], **environment: str) -> Done:
    done = subprocess.run(
        command, capture_output=True, timeout=DEADLINE, env={**os.environ, **environment}, check=False
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def film_of() -> Callable[[Path, int], Path]:
    """Make a film of so many frames, ten a second."""
    return write_film


@pytest.fixture
def film(tmp_path) -> Path:
    """Four seconds of film."""
    return write_film(tmp_path / "walk.mp4", 40)


@dataclass(frozen=True)
class Kept:
    """A case that one process investigated to its end, undisturbed."""

    home: Path
    video: Path
    out: Path
    done: Done
    case_id: str


@pytest.fixture(scope="session")
def kept(tmp_path_factory) -> Kept:
    """Shared by all tests, which must leave it as it is."""
    root = tmp_path_factory.mktemp("kept")
    video = write_film(root / "yard [bold]gate.mp4", 400)
    command = (*PANDA, "investigate", video, "--case", "yard", "-q", "Does anyone fall?", "--out", root / "out")
    flags = ("--json", "--fail-on", "anomalous,normal,inconclusive")
    done = finished_process([*map(str, command), *flags], PANDA_HOME=str(root / "home"))
    return Kept(root / "home", video, root / "out", done, "yard")


@pytest.fixture
def finished(kept, home) -> Kept:
    """A copy of that case in the home of this test."""
    shutil.copytree(kept.home / "cases", home / "cases")
    return kept
