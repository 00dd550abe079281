"""The case that is killed around its model calls: eight clips that are described, and four that are asked about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import aiosqlite
import httpx2

from panda_agent import Investigator
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.openai_chat import PURPOSE_HEADER
from panda_agent.settings import load_settings
from tests.made_up import Still

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


def investigator(folder: Path, url: str, concurrency: int) -> Investigator:
    """One whose case makes twelve calls: eight descriptions, side by side if they may, and four questions in turn."""
    (folder / "calls.yaml").write_text(RULES)
    settings = load_settings(
        home=folder / "home",
        rules=str(folder / "calls.yaml"),
        loop={"clip_seconds": 0.42, "rounds": 1},
        budget={"looks": 4},
        agent=dict.fromkeys(("perceive", "plan", "judge", "reflect", "conclude"), "rules"),
        model={"base_url": url, "frames": 2, "concurrency": concurrency, "image_side": 64},
    )
    return Investigator(settings, tools=[Still()])


def tick_calls(tick: Any) -> None:
    """Put a tick at every step of every call."""
    _tick_ledger(tick)
    _tick_requests(tick)
    _tick_checkpoints(tick)


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


def _tick_requests(tick: Any) -> None:
    """At the last byte of a request, before the first one of its response; the server learns which process asks."""
    handle = httpx2.AsyncHTTPTransport.handle_async_request

    async def follow(event: str, _: Any) -> None:
        if event == "http11.send_request_body.complete":
            tick("after send", "call")

    async def handled(transport: Any, request: Any) -> Any:
        request.headers["x-run"] = str(os.getpid())
        if request.headers.get(PURPOSE_HEADER, "probe") != "probe":
            request.extensions = {**request.extensions, "trace": follow}
        return await handle(transport, request)

    httpx2.AsyncHTTPTransport.handle_async_request = handled


def _tick_checkpoints(tick: Any) -> None:
    """Within writes of LangGraph, before they are committed: a write for each call, in turn.

    Several calls of one step are followed by the same write; those after it stand for the others, so that no two
    ticks are the same moment.
    """
    commit = aiosqlite.Connection.commit

    async def committing(connection: Any) -> Any:
        if tick.trail.count("call: checkpoint") < tick.trail.count("call: after commit"):
            tick("checkpoint", "call")
        return await commit(connection)

    aiosqlite.Connection.commit = committing
