"""A scripted model behind a real server on loopback, and cases worked with it."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from panda_agent import Investigator, Verdict
from panda_agent.backends import FakeServer, Script
from panda_agent.memory.case_store import CaseStore, LogRow, case_folder
from panda_agent.settings import Settings, load_settings

CALM = {
    "seen": "People walk across the place.",
    "event": "none",
    "matched": [],
    "reason": "They walk calmly.",
    "letters": ["A"],
    "status": "normal",
    "score": 0.05,
    "answer": "no",
}
"""An opinion of ordinary life."""
NO_STEP = {"why": "It is clear.", "tool": "none", "input": {}, "region": "whole", "new_rule": None, "new_check": None}


def opinion(**changes) -> dict:
    return CALM | changes


def step(tool: str, **changes) -> dict:
    return NO_STEP | {"why": f"Would {tool} help?", "tool": tool} | changes


def when(purpose: str, answer: dict | None = None, **how) -> dict:
    nth = {"nth": how.pop("nth")} if "nth" in how else {}
    return {"when": {"purpose": purpose, **nth}, **({} if answer is None else {"json": answer}), **how}


class Worked:
    """A case that was worked with a scripted model."""

    def __init__(self, case_id: str, verdict: Verdict, asked: list, settings: Settings) -> None:
        self.case_id, self.verdict, self.asked, self.settings = case_id, verdict, asked, settings

    def purposes(self) -> list[str]:
        return [one.purpose for one in self.asked]

    def said(self, purpose: str) -> list[str]:
        """What the model was told, each time it was asked for that purpose."""
        return ["\n".join(part["text"] for part in parts if part["type"] == "text") for parts in self._parts(purpose)]

    def pictures(self, purpose: str) -> list[int]:
        """How many pictures it was shown, each time."""
        return [sum(part["type"] == "image_url" for part in parts) for parts in self._parts(purpose)]

    def _parts(self, purpose: str) -> list[list[dict]]:
        users = [
            next(one["content"] for one in seen.body["messages"] if one["role"] == "user")
            for seen in self.asked
            if seen.purpose == purpose
        ]
        return [[{"type": "text", "text": one}] if isinstance(one, str) else one for one in users]

    def log(self) -> list[LogRow]:
        with closing(self.store()) as store:
            return store.log_rows()

    def store(self) -> CaseStore:
        return CaseStore.open(case_folder(self.settings.root, self.case_id))


def worked(
    home: Path, source, replies: list[dict], *, case: str = "case", personality: str = "obedient", **given
) -> Worked:
    """Work a case with scripted replies; what is not of the request is a setting."""
    model = given.pop("model", {})
    tools, reasoner = given.pop("tools", ()), given.pop("reasoner", None)
    request = {name: given.pop(name) for name in ("question", "recording", "normal") if name in given}
    with FakeServer(Script.model_validate({"personality": personality, "rules": replies})) as server:
        settings = load_settings(home=home, model={"base_url": server.base_url, "frames": 3} | model, **given)
        verdict = Investigator(settings, tools=tools, reasoner=reasoner).investigate(source, case_id=case, **request)
        return Worked(case, verdict, list(server.asked), settings)


@pytest.fixture
def work(home):
    """Work a case in this test's own home: `work(video, rules, **settings)`."""
    return partial(worked, home)


@pytest.fixture
def clip(shared) -> Path:
    """A real clip: men fight, two seconds."""
    return shared / "data" / "clips" / "SCFD_fi001.mp4"
