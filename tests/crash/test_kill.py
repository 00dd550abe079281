"""kill -9 at any point, then resume: the same verdict, byte for byte, and the same case behind it."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass

import pytest

from panda_agent.memory.case_store import list_cases
from panda_agent.types import Evidence

pytestmark = pytest.mark.crash
EVERY = 4
"""The part of the points that the normal suite tries."""
TWICE = 3
"""Every third case is killed again while it is resumed."""
BUSY = 10
"""Categories with more ticks than this are killed at a middle tick too."""


@dataclass(frozen=True)
class Point:
    """A tick to be killed at, and when it comes in an undisturbed run (n-th of all ticks)."""

    category: str
    n: int
    position: int


@pytest.fixture(scope="module")
def whole(harness):
    """A case that nobody disturbed."""
    return harness.whole("whole")


@pytest.fixture(scope="module")
def points(whole):
    """The first and the last tick of every category, and middle ones of busy categories; in order of time."""
    places = defaultdict(list)
    for position, category in enumerate(json.loads((whole / "trail.json").read_text()), 1):
        places[category].append(position)
    found = []
    for category, at in places.items():
        picks = {1, len(at)} | ({len(at) // 3, 2 * len(at) // 3} if len(at) > BUSY else set())
        found += [Point(category, n, at[n - 1]) for n in picks]
    return sorted(found, key=lambda point: point.position)


def test_the_case_is_rich_enough_to_be_worth_killing(whole, look_into):
    left = look_into(whole)
    verdict = json.loads(left["verdict.json"])
    assert left["status"] == "finished"
    assert verdict["cost"]["looks"] >= 4
    assert len({one["clip"] for one in left["judgements"]}) >= 3
    assert len({one["round"] for one in left["judgements"]}) >= 3
    assert len(verdict["explanation"]) >= 2
    assert set(left["passes"]) == {"observe_motion@1", "paths@1", "coverage@1"}


def test_two_undisturbed_runs_are_equal_wherever_they_lie(harness, whole, look_into):
    again = harness.whole("again")
    assert look_into(again) == look_into(whole)
    assert (again / "trail.json").read_text() == (whole / "trail.json").read_text()


@pytest.mark.timeout(1800)
def test_killed_at_any_point_and_resumed(harness, whole, points, look_into, request, capsys):
    full = request.config.getoption("--all-crash-points")
    chosen = list(enumerate(points))[:: 1 if full else EVERY]
    expected = look_into(whole)
    rows, failures = [], []
    for number, point in chosen:
        folder = harness.folder(f"point-{number}")
        again = 1 + 7 * number % 60 if number // EVERY % TWICE == 0 else None
        problems = _kill_and_resume(harness, folder, point, again, expected, look_into)
        rows.append((number, point, again, problems))
        failures += [f"{point}: {problem}" for problem in problems]
        shutil.rmtree(folder)
    with capsys.disabled():
        _print_table(rows)
    assert failures == []
    assert len(points) >= 20
    assert len(rows) >= len(points) // EVERY


def _kill_and_resume(harness, folder, point, again, expected, look_into):
    """What went wrong with a case that is killed at a point, perhaps killed again, and then resumed."""
    end = harness.run(folder, (point.category, point.n))
    problems = [] if end.killed else [f"not killed, but ended with {end.code}: {end.log}"]
    problems += _half_done(folder, expected)
    if again is not None:
        end = harness.run(folder, ("any", again))
        problems += [] if end.killed or end.code == 0 else [f"resume ended with {end.code}: {end.log}"]
        problems += _half_done(folder, expected)
    end = harness.run(folder)
    if end.code != 0:
        return [*problems, f"resume ended with {end.code}: {end.log}"]
    found = look_into(folder)
    return problems + [f"{name} differs" for name in expected if found[name] != expected[name]]


def _half_done(folder, expected):
    """What a killed case shows that it should not: half a file, half a pass, a case that can't be listed."""
    problems = []
    for name in ("verdict.json", "timeline.csv"):
        path = folder / "out" / name
        if path.exists() and path.read_bytes() != expected[name]:
            problems.append(f"half a {name}")
    report = folder / "out" / "report.html"
    if report.exists() and not report.read_text().rstrip().endswith("</html>"):
        problems.append("half a report.html")
    return problems


def _print_table(rows):
    print(f"\n{'point':>5} {'at':>4}  {'category':<32} {'killed again':<13} equal")
    for number, point, again, problems in rows:
        again_text = "" if again is None else f"at tick {again}"
        print(f"{number:>5} {point.position:>4}  {point.category:<28} {point.n:>3} {again_text:<13} {'; '.join(problems) or 'yes'}")
    print(f"{sum(not problems for *_, problems in rows)}/{len(rows)} resumed to the same bytes")
