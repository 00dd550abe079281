"""A model that plans, judges and reflects, online: its opinions of earlier clips don't depend on later ones."""

from __future__ import annotations

from panda_agent.backends import FakeServer, Script
from panda_agent.embedders import HashEmbedder
from panda_agent.reasoning.llm.reasoner import ModelReasoner
from tests.agent.conftest import opinion, step, when
from tests.online.cases import PREFIXES, investigated, last, same
from tests.online.conftest import prefix
from tests.online.test_captions import without_calls

FIGHTING = {"seen": "Two men fight.", "event": "fight", "answer": "yes", "score": 0.9, "status": "abnormal"}
REPLIES = [
    when("judge", opinion(**FIGHTING), nth=[2, 5]),
    when("judge", opinion(status="insufficient", score=0.5, answer="unclear"), nth=[3, 4]),
    when("judge", opinion()),
    when("reflect", step("look_faster")),
]


def case(frames, home, **more):
    """A case that a scripted model thinks through."""
    with FakeServer(Script.model_validate({"personality": "obedient", "rules": REPLIES})) as server:
        model = {"base_url": server.base_url, "frames": 3, "timeout": 5.0}
        done = investigated(frames, home, reasoner=ModelReasoner(embedder=HashEmbedder()), model=model, **more)
        return done, [seen.purpose for seen in server.asked]


def test_its_opinions_of_a_prefix_are_those_of_the_whole_by_then(film, home):
    whole, asked = case(film, home / "whole")
    assert {"judge", "reflect"} <= set(asked)
    assert {row.kind for row in whole[2]} >= {"opinion", "second_look"}
    for end in PREFIXES:
        part = prefix(film, end)
        done, _ = case(part, home / str(end))
        assert same(without_calls(whole), without_calls(done), last(part))
