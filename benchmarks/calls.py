"""How much time the agent adds to a model's: many asks of a model that takes 0.2 s, over real HTTP, with the ledger.

    .venv/bin/python -m benchmarks.calls [--asks 48] [--limit 8] [--seconds 0.2] [--pictures 8] [--picture-bytes 60000]

The model is a scripted one in a process of its own. The best possible time is asks / limit × seconds; the last line is
the ratio to it. A second pass answers everything from the ledger.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from panda_agent.backends.calls import Answer, ModelCalls
from panda_agent.backends.fake_server import FakeServer
from panda_agent.backends.ledger import Ledger
from panda_agent.backends.openai_chat import OpenAIBackend
from panda_agent.backends.protocol import Ask, Picture, Profile
from panda_agent.backends.script import Rule, Script
from panda_agent.settings import BudgetSettings, ModelSettings
from panda_agent.types.time import Model


class Seen(Model):
    """What the model is to say."""

    description: str
    letters: list[str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asks", type=int, default=48)
    parser.add_argument("--limit", type=int, default=8, help="requests under way at a time")
    parser.add_argument("--seconds", type=float, default=0.2, help="that the model takes")
    parser.add_argument("--pictures", type=int, default=8, help="an ask")
    parser.add_argument("--picture-bytes", type=int, default=60_000)
    args = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, args.seconds))
    server.start()
    try:
        measure(ours.recv(), args)
    finally:
        ours.send("stop")
        server.join()


def serve(pipe: Connection, seconds: float) -> None:
    with FakeServer(Script(personality="obedient", rules=(Rule(delay=seconds),))) as server:
        pipe.send(server.base_url)
        pipe.recv()
        print(f"{len(server.asked)} requests came, at most {server.peak} at a time")


def measure(url: str, args: argparse.Namespace) -> None:
    best = args.asks / args.limit * args.seconds
    with tempfile.TemporaryDirectory() as home, closing(Ledger.of(Path(home))) as ledger:
        settings = ModelSettings(base_url=url, name="scripted", concurrency=args.limit)
        budget, profile = BudgetSettings(calls=2 * args.asks + 2), Profile(url=url, model="scripted")
        backend = OpenAIBackend(settings)
        with closing(ModelCalls(backend, ledger, "bench", settings, budget, profile, lambda: None)) as calls:
            timed(calls, [ask(-1, args)])  # imports, and the first connection
            took = timed(calls, [ask(i, args) for i in range(args.asks)])
            again = timed(calls, [ask(i, args) for i in range(args.asks)])
            spent = calls.spent()
    print(f"{args.asks} asks of {args.pictures} pictures: {took:.3f} s; from the ledger: {again:.3f} s; {spent}")
    print(f"ratio to {best:.2f} s: {took / best:.3f}")


def timed(calls: ModelCalls, asks: list[Ask]) -> float:
    began = time.perf_counter()
    outcomes = calls.read(asks, Seen)
    took = time.perf_counter() - began
    assert all(isinstance(one, Answer) for one in outcomes), outcomes
    return took


def ask(i: int, args: argparse.Namespace) -> Ask:
    rng = np.random.default_rng(i + 1)
    pictures = tuple(
        Picture(letter=chr(ord("A") + n), jpeg=b"\xff\xd8\xff" + rng.bytes(args.picture_bytes), width=768, height=432)
        for n in range(args.pictures)
    )
    shape = Seen.model_json_schema()
    return Ask(purpose="caption", system="You describe.", text=f"What is there? {i}", pictures=pictures, shape=shape)


if __name__ == "__main__":
    main()
