"""What becomes of a case that is killed at one of its model calls, and resumed."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panda_agent.backends import FakeServer, Ledger, Script
from panda_agent.backends.fake_server import Seen
from panda_agent.backends.ledger import FILE

if TYPE_CHECKING:
    from tests.crash.conftest import Harness

KINDS = ("before send", "after send", "after reply", "after commit", "checkpoint")
LOSES = {"before send": 0, "after send": 1, "after reply": 1}
"""Kinds that lose the reply of the call that is under way, with how often the server was asked for it by then."""
Moment = tuple[str, int]
"""A kind, and the number of the call, from 1."""


@dataclass(frozen=True)
class Served:
    """A case that asks a model, and the server that is its model: it outlives every child that is killed."""

    case: str
    """Its name in `warm.ASKING`."""
    calls: Mapping[str, int]
    """How many it makes of each purpose."""
    server: FakeServer

    @property
    def total(self) -> int:
        """Calls in all."""
        return sum(self.calls.values())

    @property
    def moments(self) -> list[Moment]:
        """Every step of every call."""
        return [(kind, n) for n in range(1, self.total + 1) for kind in KINDS]

    def model(self, limit: int = 1) -> tuple[str, str, int]:
        """What the harness is to work with, where so many calls may be under way."""
        return self.case, self.server.base_url, limit


def serving(rules: Iterable[Mapping[str, Any]], **script: Any) -> FakeServer:
    """A server that answers by content alone: what it is asked twice, it answers twice alike."""
    return FakeServer(Script.model_validate({"rules": [*rules], **script}))


@dataclass(frozen=True)
class Fate:
    """What became of it."""

    killed: bool
    finished: bool
    differs: tuple[str, ...]
    """What the case left behind that is not as in the undisturbed one."""
    calls: int
    """Calls that it has to make."""
    answered: int
    """Calls whose reply was in the ledger as it was killed, or had to be."""
    under_way: int
    """Calls that were noted then, and had no reply."""
    answered_again: int
    """Calls with a reply that the resumed run asked for."""
    twice: int
    """Requests that came to the server beyond one a call."""
    told: Mapping[str, int]
    """What run.json says of the model."""

    def problems(self, *, most: int = 1) -> list[str]:
        """What is wrong, where `most` calls may be under way at a time."""
        right = {
            "killed": self.killed,
            "finished": self.finished,
            "equal": self.finished and not self.differs,
            "nothing answered is asked again": self.answered_again == 0,
            f"at most {most} under way": self.under_way <= most,
            "nothing else is asked twice": self.twice <= self.under_way,
            "run.json tells": (self.told.get("calls"), self.told.get("repeated")) == (self.calls, self.under_way),
        }
        return [f"not so: {claim}; {self}" for claim, holds in right.items() if not holds]


@dataclass(frozen=True)
class Killer:
    """Kills cases at their calls, and takes them up again."""

    harness: Harness
    look_into: Callable[[Path], dict[str, Any]]

    def fate(
        self,
        served: Served,
        at: Moment,
        expected: Mapping[str, Any],
        *,
        limit: int = 1,
        mutation: str | None = None,
    ) -> Fate:
        """Of one case.

        Args:
            served: The case.
            at: Where it is killed.
            expected: What it leaves behind undisturbed.
            limit: Calls under way at a time.
            mutation: A defect to work with.
        """
        folder = self.harness.folder(f"{served.case}-{limit}-{mutation}-{at[0].replace(' ', '-')}-{at[1]}")
        before = len(served.server.asked)
        model = served.model(limit)
        killed = self.harness.run(folder, (f"call: {at[0]}", at[1]), model=model, mutation=mutation)
        noted, kept = _ledger_of(folder)
        answered = max(kept, _surely_answered(*at, limit))
        resumed = self.harness.run(folder, model=model, mutation=mutation)
        finished = resumed.code == 0
        left = self.look_into(folder) if finished else {}
        asked = _asked_by(served.server.asked[before:])
        fate = Fate(
            killed=killed.killed,
            finished=finished,
            differs=tuple(name for name, was in expected.items() if finished and left[name] != was),
            calls=served.total,
            answered=answered,
            under_way=noted - answered,
            answered_again=asked[resumed.pid] - (served.total - answered),
            twice=asked.total() - served.total,
            told=json.loads((folder / "out" / "run.json").read_text()).get("model", {}) if finished else {},
        )
        shutil.rmtree(folder)
        return fate


def failures_of(fates: Mapping[Moment, Fate]) -> list[str]:
    """What is wrong with cases that made one call at a time: a kill loses what its kind loses, and nothing else."""
    wrong = [f"{kind} {n}: {problem}" for (kind, n), fate in fates.items() for problem in fate.problems()]
    elsewhere = [
        f"{kind} {n}: it was another moment; {fate}"
        for (kind, n), fate in fates.items()
        if (fate.under_way, fate.twice) != (kind in LOSES, LOSES.get(kind, 0))
    ]
    return wrong + elsewhere


def figures_of(fates: Mapping[Moment, Fate]) -> str:
    """The fates in one line."""
    figures: Counter[str] = Counter(killed=0, finished=0, equal=0, answered_again=0, twice=0, repeated=0)
    for fate in fates.values():
        figures.update(killed=fate.killed, finished=fate.finished, equal=fate.finished and not fate.differs)
        figures.update(answered_again=fate.answered_again, twice=fate.twice, repeated=fate.told.get("repeated", 0))
    return f"{len(fates)} points around model calls: {dict(figures)}"


def _surely_answered(kind: str, n: int, limit: int) -> int:
    """Calls that were answered by then, whatever the ledger says: it may be the ledger that forgets."""
    if kind not in LOSES:
        return n
    return n - 1 if limit == 1 or kind == "after reply" else 0


def _ledger_of(folder: Path) -> tuple[int, int]:
    """Calls noted and calls answered, as the kill left them: a copy is read, so that whoever resumes finds it so."""
    copy = folder / "copy"
    copy.mkdir()
    for file in (folder / "home").glob(f"{FILE}*"):
        shutil.copy(file, copy)
    with closing(Ledger(copy / FILE)) as ledger:
        calls = ledger.calls()
    return len(calls), sum(call.state == "answered" for call in calls)


def _asked_by(requests: Iterable[Seen]) -> Counter[int]:
    """How much each process asked, by its id; the test card is no call."""
    return Counter(int(one.headers["x-run"]) for one in requests if one.purpose != "probe")
