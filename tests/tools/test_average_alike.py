"""Flags averaged over moments that are described alike."""

import pytest

from panda_agent import Settings
from panda_agent.embedders import HashEmbedder
from panda_agent.tools.average_alike import AverageAlike
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_spec
from panda_agent.types import Evidence, TimeSpan

FIGHT, WALK = "Two men punch each other beside a car.", "A woman walks past an empty shop."


def row(kind: str, start: float, end: float, **data: object) -> Evidence:
    return Evidence(
        id=f"{kind}{start:g}", kind=kind, span=TimeSpan(start=start, end=end), statement=kind, data=data,
        tool="t@1", family="caption",
    )  # fmt: skip


def told(*texts: str) -> list[Evidence]:
    return [row("caption", second, second + 1, told=text) for second, text in enumerate(texts)]


def flags(*values: float, **more: object) -> Evidence:
    points = [[at, value] for second, value in enumerate(values) for at in (second, second + 0.999)]
    return row("score", 0, len(values), profile=points, yes_no=1, system="a captioner", mean=0.5, peak=1.0, **more)


def run(rows: list[Evidence], tmp_path, **settings: object):
    filed = lambda kind, **_: [one for one in rows if one.kind == kind]  # noqa: E731
    scope = Scope(reader=None, settings=Settings(home=tmp_path, **settings), home=tmp_path, filed=filed)
    return list(AverageAlike(HashEmbedder()).run(scope))


def test_its_spec_keeps_the_contract():
    check_spec(AverageAlike(HashEmbedder()))


def test_a_moment_takes_the_mean_of_those_told_in_the_same_words(tmp_path):
    (found,) = run([*told(FIGHT, WALK, FIGHT, WALK), flags(1, 0, 0, 0)], tmp_path)
    assert [value for _, value in found.data["profile"]] == pytest.approx([0.5, 0.5, 0, 0, 0.5, 0.5, 0, 0], abs=0.02)
    assert found.data["mean"] == pytest.approx(0.25, abs=0.02)


def test_it_takes_the_place_of_the_row_it_averages(tmp_path):
    (found,) = run([*told(FIGHT, WALK), flags(1, 0)], tmp_path)
    assert (found.kind, found.data["supersedes"], found.data["system"]) == ("score", "score0", "a captioner")


def test_what_is_described_by_nobody_keeps_its_own_flag(tmp_path):
    (found,) = run([*told(FIGHT, WALK)[:1], flags(0, 1)], tmp_path)
    assert [value for _, value in found.data["profile"]] == [0, 0, 1, 1]


def test_the_order_of_rows_does_not_count(tmp_path):
    rows = [*told(FIGHT, WALK, FIGHT), flags(1, 0, 0)]
    assert run(rows, tmp_path) == run(rows[::-1], tmp_path)


@pytest.mark.parametrize(
    "rows",
    [
        [flags(1, 0)],
        told(FIGHT, WALK),
        [*told(FIGHT, WALK), flags(1, 0, supersedes="e1")],
        [*told(FIGHT, WALK), row("score", 0, 2, profile=[[0, 0.3], [2, 0.9]], yes_no=0)],
        [*told(FIGHT, WALK), row("score", 0, 2, yes_no=1)],
        [row("caption", 0, 1, told=FIGHT, visible_text=["SALE"]), flags(1)],
    ],
    ids=[
        "no descriptions",
        "no flags",
        "its own row",
        "scores of a detector",
        "flags without a course",
        "writing in the picture",
    ],
)
def test_where_there_is_nothing_to_average_nothing_is_filed(rows, tmp_path):
    assert run(rows, tmp_path) == []


def test_online_no_moment_is_judged_by_later_ones(tmp_path):
    assert run([*told(FIGHT, WALK), flags(1, 0)], tmp_path, loop={"mode": "online"}) == []
