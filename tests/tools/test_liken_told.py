"""Descriptions likened to known ones."""

import pytest

from panda_agent import Settings
from panda_agent.embedders import HashEmbedder
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_spec
from panda_agent.tools.descriptions import Descriptions, doers_of
from panda_agent.tools.liken_told import LikenTold
from panda_agent.types import EventType, Evidence, TimeSpan

FIGHT = EventType(
    id="fight", title="Fight", statement="People fight.", benign="People play.", severity="high", prior=0.05,
    told=("Two men punch each other.", "Flames come out of a window."),
    told_benign=("Two people walk along a street.", "An empty room."),
)  # fmt: skip


def caption(second: float, told: str, **more: object) -> Evidence:
    return Evidence(
        id=f"e{second:g}", kind="caption", span=TimeSpan(start=second, end=second + 1), statement=told,
        data={"told": told, **more}, tool="t@1", family="caption",
    )  # fmt: skip


def run(rows: list[Evidence], tmp_path, **more: object):
    scope = Scope(reader=None, settings=Settings(home=tmp_path), home=tmp_path, filed=lambda **_: rows, **more)
    return list(LikenTold([FIGHT], HashEmbedder()).run(scope))


def test_its_spec_keeps_the_contract():
    check_spec(LikenTold([FIGHT], HashEmbedder()))


def test_nothing_told_files_nothing(tmp_path):
    assert run([], tmp_path) == []


def test_what_is_told_like_an_incident_stands_out(tmp_path):
    (row,) = run([caption(0, "Two people walk along a street."), caption(1, "Two men punch each other.")], tmp_path)
    low, high = (value for _, value in row.data["profile"][1:3])
    assert high > 0.7 > 0.3 > low
    assert row.data["wrong"] == "Two men punch each other."
    assert row.data["event"] == "fight"


def test_quoted_writing_and_pictures_with_writing_say_nothing(tmp_path):
    (row,) = run([caption(0, 'A wall reads "two men punch each other".')], tmp_path)
    assert row.data["peak"] < 0.5
    assert run([caption(0, "Two men punch each other.", visible_text=["SALE"])], tmp_path) == []


def test_who_is_not_there_does_nothing():
    said, encoder = ["A punch bag in a room with no men."], HashEmbedder()
    (like,) = Descriptions([FIGHT], encoder).like(said, encoder.embed(said))
    assert like.wrong == "Flames come out of a window."


@pytest.mark.parametrize(
    ("text", "doers"),
    [
        ("Two men are fighting beside a car.", ["people", "vehicles"]),
        ("There are two people and a car.", []),
        ("There are two people running.", ["people"]),
        ("The room is empty, without any people.", []),
        ("Smoke rises.", []),
    ],
)
def test_doers_are_who_is_said_to_do_something(text, doers):
    assert doers_of(text) == doers
