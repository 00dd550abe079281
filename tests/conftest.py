"""Shared by all tests: a home of their own, and where the real data lie."""

import os
from functools import lru_cache
from pathlib import Path

import pytest

from panda_agent.embedders import MiniLM
from panda_agent.perception.ocr import Ocr

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"


def pytest_addoption(parser):
    parser.addoption("--all-crash-points", action="store_true", help="kill at every point instead of every sixth")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Every test has its own PANDA_HOME, and none of the developer's settings."""
    folder = tmp_path / "home"
    for name in [name for name in os.environ if name.upper().startswith("PANDA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PANDA_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(scope="session")
def shared():
    """The folder of real videos; tests that need it are skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip(f"real data not found at {SHARED}")
    return SHARED.resolve()


@pytest.fixture(scope="session", autouse=True)
def _asked_once():
    """Two networks whose answers depend on nothing but their input; all tests of a process share what they said.

    Every home embeds the descriptions of its rule pack, and a sign is read in every frame of every prefix of a film.
    """
    encoder, read, seen = MiniLM(), Ocr.read, {}
    encode = lru_cache(maxsize=4096)(encoder._encode)

    def read_once(ocr, image):
        key = image.shape, image.tobytes()
        if key not in seen:
            seen[key] = read(ocr, image)
        return list(seen[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MiniLM, "_encode", lambda self, text: encode(text))
        patch.setattr(Ocr, "read", read_once)
        yield
