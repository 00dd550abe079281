"""A case that is left half-way and taken up again asks nothing twice and comes to the same verdict."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from panda_agent import Investigator
from panda_agent.backends import FakeServer, Script
from panda_agent.embedders import HashEmbedder
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from panda_agent.settings import load_settings
from panda_agent.types import VerdictReached
from tests.agent.conftest import opinion, step, when
from tests.made_up import Glance, Still

FIGHT = opinion(event="fight", status="abnormal", score=0.9, answer="yes", reason="One strikes the other.")
REPLIES = [when("reflect", step("zoom")), when("judge", FIGHT)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A few seconds of noise, as a file: an iterator can't be read again."""
    import av

    path = tmp_path_factory.mktemp("film") / "noise.mp4"
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(30):
            frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def investigator(home, url: str) -> Investigator:
    settings = load_settings(home=home, model={"base_url": url, "frames": 2})
    return Investigator(settings, tools=[Still(), Glance()], reasoner=ModelReasoner(embedder=HashEmbedder()))


async def leave_after(worker: Investigator, film, events: int) -> None:
    seen = 0
    stream = worker.stream(film, case_id="case")
    async for _ in stream:
        seen += 1
        if seen == events:
            break
    await stream.aclose()


async def finish(worker: Investigator):
    async for event in worker.resume("case"):
        if isinstance(event, VerdictReached):
            return event.verdict
    return None


@pytest.mark.parametrize("events", [2, 9, 13, 17, 22])
def test_what_was_answered_is_not_asked_again(tmp_path, film, events):
    with FakeServer(Script.model_validate({"personality": "obedient", "rules": REPLIES})) as server:
        whole = investigator(tmp_path / "whole", server.base_url).investigate(film, case_id="case")
        once = [one.purpose for one in server.asked]
        asyncio.run(leave_after(investigator(tmp_path / "left", server.base_url), film, events))
        resumed = asyncio.run(finish(investigator(tmp_path / "left", server.base_url)))
        again = [one.purpose for one in server.asked][len(once) :]
    assert {"perceive", "plan", "judge", "reflect", "conclude", "caption"} <= set(once)
    assert sorted(again) == sorted(once)
    assert resumed.model_dump(mode="json") == whole.model_dump(mode="json")
