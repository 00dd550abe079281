"""What breaks other agents: a planner that goes round in circles, odd numbers, and checkpoints of strangers."""

from __future__ import annotations

import importlib
import json
import sqlite3
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from panda_agent import Investigator, graph
from panda_agent.checkpoints import FILE
from panda_agent.errors import StoreError
from panda_agent.investigator import run_sync
from panda_agent.memory.case_store import CaseStore
from panda_agent.perception.observation import Observation
from panda_agent.reasoning.rules.reasoner import RulesReasoner
from panda_agent.settings import load_settings
from panda_agent.tools import ToolSpec
from panda_agent.tools.observe_motion import ObserveMotion
from panda_agent.types import Judgement, Reflection, TimeSpan


def frames():
    for i in range(24):
        yield i / 4, np.full((48, 64, 3), 9 * i, np.uint8)


class Sense:
    """Sees what it was told to see, at every look."""

    def __init__(self, *seen, name="observe_motion", stage="overview"):
        spec = ObserveMotion.spec.model_copy(update={"name": name, "stage": stage})
        self.spec = (
            spec if stage == "overview" else ToolSpec(name=name, about="", family="motion", stage=stage, makes={})
        )
        self.seen, self.runs = seen, 0

    def run(self, scope):
        self.runs += 1
        for _ in scope.reader.frames(span=scope.span):
            scope.check()
        yield from self.seen


def seen(**data):
    return Observation("agitation", TimeSpan(start=1, end=2), "Something shakes.", {"agitation": 1.0, **data})


class Circler(RulesReasoner):
    """Never content, and always of one mind about what to do next."""

    def judge(self, clip, plan, brief):
        return Judgement(
            clip=clip.index, span=clip.span, status="insufficient", score=0.5, reason="?", cites=(), round=clip.round
        )

    def reflect(self, clip, judgement, plan, brief):
        return Reflection(why="once more", tool="zoom")


@pytest.mark.parametrize(
    ("budget", "looks", "told"),
    [
        ({"looks": 7}, 7, "budget: 7 second looks are used up"),
        ({"looks": None, "steps": 30}, 9, "budget: 30 steps are used up"),
    ],
)
def test_row_32_a_planner_in_circles_meets_its_budget_and_a_verdict(home, budget, looks, told):
    zoom = Sense(seen(), name="zoom", stage="second look")
    investigator = Investigator(
        load_settings(budget=budget, loop={"rounds": 10}), tools=[Sense(seen()), zoom], reasoner=Circler()
    )
    verdict = investigator.investigate(frames(), case_id="round")
    assert (zoom.runs, verdict.cost.looks) == (looks, looks)
    assert any(told in warning for warning in verdict.warnings) or told in str(verdict.abstained_because)
    assert len(verdict.judgements) >= 1
    with CaseStore.open(home / "cases/round") as store:
        rows = store.evidence(kind="agitation")
        assert len({row.id for row in rows}) == len(rows)  # the same look at the same clip is filed once, as known
        assert {row.revision for row in rows} == {0}


ODD = [np.float32(0.5), np.int64(3), np.zeros(2), np.zeros(1, "i4,f4"), float("nan")]


@pytest.mark.parametrize("value", ODD, ids=[type(value).__name__ + str(np.shape(value)) for value in ODD])
def test_row_33_what_is_no_json_is_refused_where_it_comes_in(home, value):
    """A tool of one's own may slip; it is told which field it is, and nothing odd is kept."""
    investigator = Investigator(load_settings(), tools=[Sense(seen(clip=value))])
    with pytest.raises((StoreError, ValueError), match=r"data\.clip|Out of range float"):
        investigator.investigate(frames(), case_id="numpy")
    with CaseStore.open(home / "cases/numpy") as store:
        assert store.evidence() == []
    assert_plain(home / "cases/numpy")


@pytest.mark.parametrize(("value", "plain"), [(np.float64(0.5), 0.5), (np.bool_(True), True)])
def test_row_33_what_is_as_good_as_plain_becomes_plain(home, value, plain):
    Investigator(load_settings(), tools=[Sense(seen(clip=value))]).investigate(frames(), case_id="numpy")
    with CaseStore.open(home / "cases/numpy") as store:
        (row,) = store.evidence(kind="agitation")
    assert row.data["clip"] == plain
    assert type(row.data["clip"]) is type(plain)


def test_row_33_the_state_is_plain_json_after_every_step(home):
    Investigator(load_settings(), tools=[Sense(seen())]).investigate(frames(), case_id="plain")
    assert assert_plain(home / "cases/plain") > 8


def assert_plain(folder):
    """Every value of every checkpoint survives JSON as it is; how many checkpoints there were."""
    with sqlite3.connect(folder / FILE) as db:
        kept = db.execute("SELECT type, checkpoint FROM checkpoints").fetchall()
        written = db.execute("SELECT type, value FROM writes WHERE channel != '__error__'").fetchall()
    db.close()
    read = JsonPlusSerializer(allowed_msgpack_modules=None).loads_typed
    values = [read(row)["channel_values"] for row in kept] + [read(row) for row in written]
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    return len(kept)


@settings(deadline=None, max_examples=60)
@given(
    cursor=st.integers(0, 10**6),
    clips=st.integers(0, 10**6),
    looks=st.integers(0, 10**4),
    stopped=st.none() | st.text(),
)
def test_row_32_every_state_has_a_way_on(cursor, clips, looks, stopped):
    state = {"cursor": cursor, "clips": clips, "looks": looks, "stopped": stopped, "settled": True}
    assert graph.more_clips(state) == ("reason" if cursor < clips and not stopped else "conclude")
    assert graph.is_settled(state) == graph.is_there_a_way(state) == "record"


PLANTED = """
import dataclasses
import pathlib

pathlib.Path(__file__).with_suffix(".ran").touch()


@dataclasses.dataclass
class Thing:
    value: str = "planted"
"""


def test_row_34_a_planted_checkpoint_imports_nothing(home, tmp_path, monkeypatch, caplog):
    """The type that a stranger wrote into the file is not looked up, and the case goes on with what is plain."""

    async def leave():
        events = investigator.resume("gate")
        async for event in events:
            if event.type == "judged":
                break
        await events.aclose()

    investigator = Investigator(load_settings(), tools=[Sense(seen())])
    investigator.open(frames(), case_id="gate")
    run_sync(leave())

    (tmp_path / "planted_module.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(str(tmp_path))
    plant(home / "cases/gate" / FILE, importlib.import_module("planted_module").Thing())
    marker = tmp_path / "planted_module.ran"
    marker.unlink()
    del sys.modules["planted_module"]

    async def go_on():
        return [event.type async for event in Investigator(load_settings(), tools=[Sense(seen())]).resume("gate")]

    assert run_sync(go_on())[-1] == "verdict_reached"
    assert not marker.exists()
    assert "planted_module" not in sys.modules


def plant(path, thing):
    """Put an object of a type into the newest checkpoint, as LangGraph itself would write it."""
    plain = JsonPlusSerializer()
    with sqlite3.connect(path) as db:
        key, *typed = db.execute(
            "SELECT checkpoint_id, type, checkpoint FROM checkpoints ORDER BY checkpoint_id DESC LIMIT 1"
        ).fetchone()
        checkpoint = plain.loads_typed(typed)
        assert "used" in checkpoint["channel_values"]
        checkpoint["channel_values"]["used"] = [thing]
        kind, body = plain.dumps_typed(checkpoint)
        assert type(thing).__module__.encode() in body
        db.execute("UPDATE checkpoints SET type = ?, checkpoint = ? WHERE checkpoint_id = ?", (kind, body, key))
    db.close()
