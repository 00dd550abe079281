"""How a clip differs from the rest of its video: a fight that was filmed among walkers, and walkers among walkers."""

from __future__ import annotations

import pytest

from panda_agent import Investigator
from panda_agent.errors import ToolError
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.compare_clips import CompareClips
from panda_agent.tools.contract import check_tool
from panda_agent.types import Evidence, TimeSpan
from panda_agent.video import VideoReader


def row(kind, start, end, score=None, **data) -> Evidence:
    span = TimeSpan(start=start, end=end)
    return Evidence(id=f"e{kind}{start}", kind=kind, span=span, statement=".", data=data, score=score, tool="t@1")


def compared(film, home, rows, span):
    scope = Scope(VideoReader(film), Settings(home=home), home, span=span, filed=lambda **_: rows)
    (seen,) = CompareClips().run(scope)
    return seen


WALKERS = [row("track", i * 0.5, i * 0.5 + 1.0, speed_ratio=1.0) for i in range(11)]


def test_what_strays_is_named_with_its_numbers(film, tmp_path):
    rows = [*WALKERS, row("agitation", 2.1, 2.9, agitation=3.0), row("unusual", 2.0, 3.0, 0.8)]
    seen = compared(film, tmp_path, rows, TimeSpan(start=2.0, end=3.0))
    assert seen.data["differs"] == ["agitation"]
    assert seen.data["measures"]["agitation"] == {"value": 3.0, "usual": 0.0, "z": 10.0}
    assert seen.data["windows"] == 5
    assert seen.statement == (
        "0:02.0 to 0:03.0 against 5 other windows of this video: agitation 3 where 0 is usual; "
        "motion strays from what is normal (score 0.80)."
    )


def test_nothing_that_differs_is_said_too(film, tmp_path):
    seen = compared(film, tmp_path, WALKERS, TimeSpan(start=3.0, end=4.0))
    assert seen.data["differs"] == []
    assert seen.statement.endswith("no measure differs.")


def test_less_than_usual_is_a_difference(film, tmp_path):
    crowd = [row("track", t, t + 0.9, speed_ratio=1.0) for t in (0, 1, 2, 4, 5) for _ in range(6)]
    seen = compared(film, tmp_path, crowd, TimeSpan(start=3.0, end=4.0))
    assert "moving things" in seen.data["differs"]
    assert seen.data["measures"]["moving things"]["z"] < -3


@pytest.mark.parametrize("span", [None, TimeSpan(start=1, end=1), TimeSpan(start=0, end=5)])
def test_without_enough_to_compare_with_it_says_so(span, film, tmp_path):
    with pytest.raises(ToolError, match=r"needs one clip|too few"):
        compared(film, tmp_path, WALKERS, span)


def test_on_a_real_case(film, tmp_path):
    """Something thrashes about from 2 s on, so calm is what differs."""
    investigator = Investigator(Settings(home=tmp_path))
    investigator.investigate(film, case_id="yard")
    case = investigator.desk.case("yard")
    for start, differs in ((0.5, True), (3.5, False)):
        scope = Scope(
            case.reader, case.settings, tmp_path, filed=case.store.evidence, span=TimeSpan(start=start, end=start + 0.5)
        )
        (seen,) = CompareClips().run(scope)
        assert ("agitation" in seen.data["differs"]) is differs


def test_it_keeps_the_contract(film, tmp_path):
    check_tool(CompareClips(), film, tmp_path, span=TimeSpan(start=2.0, end=3.0))
