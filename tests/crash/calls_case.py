"""The case that is killed around its model calls: six clips that are described, and six that are asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from panda_agent import Investigator
from panda_agent.backends.ledger import Ledger
from panda_agent.perception.observation import Observation
from panda_agent.settings import load_settings
from panda_agent.tools import Scope, ToolSpec

RULES = """
id: calls
version: 1
title: A description leaves a doubt that a question settles.
scenes: [street]
event_types:
  - {id: fight, title: Fight, statement: People fight., benign: They play., severity: high, prior: 0.05}
rules:
  - id: fight.told
    event_type: fight
    when: [{kind: caption, where: ['told mentions ["fight"]']}]
    weight: 2.5
    question: Does anyone fight?
    explanation: "It is said: {told}"
    fires: [{kind: caption, at: [0, 1], told: Two men fight.}]
    must_not: [{kind: caption, at: [0, 1], told: Nobody fights.}]
  - id: fight.confirmed
    event_type: fight
    when: [{kind: answer, where: ["p >= 0.5"]}]
    strength: {field: p, low: 0.5, high: 0.9}
    weight: 4.0
    question: Is it so?
    explanation: "{answered}"
    fires: [{kind: answer, at: [0, 1], p: 0.9, answered: "yes"}]
    must_not: [{kind: answer, at: [0, 1], p: 0.1, answered: "no"}]
"""


class Still:
    """In the place of the motion filters: the calls are what matters here."""

    spec = ToolSpec(name="observe_motion", about="Sees.", family="motion", makes={"agitation": ("agitation",)})

    def run(self, scope: Scope) -> Iterator[Observation]:
        for _ in scope.reader.frames():
            scope.check()
        return iter(())


def investigator(folder: Path, url: str, concurrency: int) -> Investigator:
    """One whose case makes twelve calls."""
    (folder / "calls.yaml").write_text(RULES)
    settings = load_settings(
        home=folder / "home",
        rules=str(folder / "calls.yaml"),
        loop={"clip_seconds": 0.6, "rounds": 1},
        model={"base_url": url, "frames": 2, "concurrency": concurrency, "image_side": 64},
    )
    return Investigator(settings, tools=[Still()])


def tick_calls(tick: Any) -> None:
    """Put a tick at every step of every call."""
    _tick_ledger(tick)
    handle = httpx2.AsyncHTTPTransport.handle_async_request

    async def handled(transport: Any, request: Any) -> Any:
        response = await handle(transport, request)
        if request.headers.get("x-panda-purpose") in ("caption", "question"):
            tick("after send", "call")
        return response

    httpx2.AsyncHTTPTransport.handle_async_request = handled
    put = AsyncSqliteSaver.aput
    due = 0

    async def ticking(saver: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal due
        for _ in range(tick.trail.count("call: after commit") - due):
            due += 1
            tick("checkpoint", "call")
        return await put(saver, *args, **kwargs)

    AsyncSqliteSaver.aput = ticking


def _tick_ledger(tick: Any) -> None:
    begin, keep = Ledger.begin, Ledger.keep_reply

    def begun(ledger: Ledger, *args: Any, **kwargs: Any) -> Any:
        kept = begin(ledger, *args, **kwargs)
        if kept is None:
            tick("before send", "call")
        return kept

    def keeping(ledger: Ledger, *args: Any, **kwargs: Any) -> Any:
        tick("after reply", "call")
        kept = keep(ledger, *args, **kwargs)
        tick("after commit", "call")
        return kept

    Ledger.begin, Ledger.keep_reply = begun, keeping
