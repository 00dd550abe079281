"""The warm process that forks children to be killed, and what a case looks like afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from panda_agent.memory.case_store import CaseStore
from tests.crash.fates import Killer

HERE = Path(__file__).resolve().parent
FILES = ("verdict.json", "timeline.csv")
"""What must be equal, byte for byte; report.html and run.json name the case and its paths."""
INPUTS = ("yard.mp4", "normal.mp4", "pack.yaml")
At = tuple[str, int]


@dataclass(frozen=True)
class End:
    """What became of a child."""

    pid: int
    code: int | None
    """Exit code, minus the signal that ended it, or None while it is only stopped."""
    log: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Harness:
    """Runs a case in a fork of the warm process."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._errors = (root / "warm.txt").open("w")
        self._warm = subprocess.Popen(
            [sys.executable, str(HERE / "warm.py"), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # OpenBLAS starts its threads on import; a fork would leave them behind.
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": str(HERE.parents[1]),
            },
        )
        assert self._ask({"folder": str(root), "render": True})["code"] == 0, (root / "log.txt").read_text()

    def folder(self, name: str) -> Path:
        """A place of its own for one case: nothing in a verdict may depend on where things lie."""
        folder = self._root / name
        folder.mkdir()
        for file in INPUTS:
            shutil.copy(self._root / file, folder / file)
        return folder

    def run(
        self,
        folder: Path,
        at: At | None = None,
        *,
        send: signal.Signals = signal.SIGKILL,
        frames: bool = False,
        mutation: str | None = None,
        model: tuple[str, str, int] | None = None,
    ) -> End:
        """Work on the case of a folder until the child ends, or gets its signal at a tick.

        Args:
            folder: Of the case.
            at: The tick.
            send: The signal.
            frames: The case is about frames, not about a file.
            mutation: A defect to work with.
            model: A case that asks one (see `warm.ASKING`), the address, and how many calls may be under way.
        """
        order = {
            "folder": str(folder),
            "at": at,
            "signal": send,
            "frames": frames,
            "mutation": mutation,
            "model": model,
        }
        end = self._ask(order)
        return End(end["pid"], end["code"], (folder / "log.txt").read_text())

    def kill(self, pid: int) -> None:
        """End a child that was only stopped."""
        self._ask({"kill": pid})

    def whole(self, name: str, **given: Any) -> Path:
        """The folder of a run that nobody disturbed."""
        folder = self.folder(name)
        end = self.run(folder, **given)
        assert end.code == 0, end.log
        return folder

    def close(self) -> None:
        self._warm.stdin.close()  # type: ignore[union-attr]
        self._warm.wait(30)
        self._warm.stdout.close()  # type: ignore[union-attr]
        self._errors.close()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        self._warm.stdin.write(json.dumps(order) + "\n")  # type: ignore[union-attr]
        self._warm.stdin.flush()  # type: ignore[union-attr]
        line = self._warm.stdout.readline()  # type: ignore[union-attr]
        assert line, (self._root / "warm.txt").read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer


def contents(folder: Path) -> dict[str, Any]:
    """Everything a finished case leaves behind that must not depend on how often it was killed."""
    with CaseStore.open(folder / "home" / "cases" / folder.name) as store:
        return {
            **{name: (folder / "out" / name).read_bytes() for name in FILES},
            "status": store.record.status,
            "passes": store.passes(),
            "evidence": [row.model_dump(mode="json") for row in store.evidence()],
            "judgements": [one.model_dump(mode="json") for one in store.judgements(every_round=True)],
            "log": [(line.step, line.data) for line in store.log_rows()],
        }


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    if sys.platform != "linux":
        pytest.skip("forks, and looks into /proc")
    made = Harness(tmp_path_factory.mktemp("crash"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def look_into() -> Any:
    return contents


@pytest.fixture(scope="session")
def killer(harness: Harness) -> Killer:
    return Killer(harness, contents)
