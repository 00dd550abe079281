"""One verdict, however often, with whatever hash seed, and however many videos are worked on beside it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from panda_agent.backends import FakeServer, Script
from tests.cli.conftest import write_film

pytestmark = pytest.mark.crash
FIGHT = {
    "seen": "One strikes the other.",
    "event": "fight",
    "matched": [],
    "reason": "One strikes the other.",
    "letters": ["A"],
    "status": "abnormal",
    "score": 0.8,
    "answer": "yes",
}
RUNS = [(seed, workers) for _ in range(5) for workers in (1, 4) for seed in ("0", "1")]
IN_THE_SUITE = [("0", 1), ("1", 4)]


def verdicts(videos: Path, out: Path, url: str, seed: str, workers: int) -> dict[str, str]:
    """The hash of each video's verdict, worked by a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PANDA_")}
    env |= {"PYTHONHASHSEED": seed, "PANDA_HOME": str(out / "home"), "PANDA_MODEL__BASE_URL": url}
    command = [sys.executable, "-m", "panda_agent.cli", "investigate", str(videos), "--out", str(out / "out")]
    done = subprocess.run([*command, "--workers", str(workers)], env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    files = sorted((out / "out").rglob("verdict.json"))
    assert len(files) == len(list(videos.iterdir()))
    assert all(json.loads(file.read_text())["provenance"]["reasoner"] == "model@1" for file in files)
    return {file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.timeout(3600)
def test_one_verdict_over_runs_seeds_and_workers(tmp_path, request):
    """The model answers by what it is asked, never by when."""
    videos = tmp_path / "videos"
    videos.mkdir()
    for name, frames in (("a", 40), ("b", 60)):
        write_film(videos / f"{name}.mp4", frames)
    rules = [{"when": {"purpose": "judge", "contains": "0:02"}, "json": FIGHT}]
    runs = RUNS if request.config.getoption("--all-crash-points") else IN_THE_SUITE
    with FakeServer(Script.model_validate({"personality": "obedient", "rules": rules})) as server:
        found = [
            verdicts(videos, tmp_path / str(i), server.base_url, seed, workers)
            for i, (seed, workers) in enumerate(runs)
        ]
    assert found[0]
    assert all(one == found[0] for one in found)
