"""kill -9 at any point, then resume: the same verdict, byte for byte, and the same case behind it."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import dataclass

import pytest

pytestmark = pytest.mark.crash
EVERY = 6
"""The part of the points that the normal suite tries."""
TWICE = 3
"""Every third case is killed again while it is resumed."""
BUSY = 10
"""Ticks that make a category a busy one."""


@dataclass(frozen=True)
class Point:
    """A tick to be killed at, and when it comes in an undisturbed run (n-th of all ticks)."""

    category: str
    n: int
    position: int


@pytest.fixture
def step(request):
    """1 to try everything, as `make crash` does."""
    return 1 if request.config.getoption("--all-crash-points") else EVERY


@pytest.fixture(scope="module")
def whole(harness):
    """A case that nobody disturbed."""
    return harness.whole("whole")


@pytest.fixture(scope="module")
def points(whole):
    """The first and the last tick of every category, of busy ones the middle and the last; in order of time."""
    places = defaultdict(list)
    for position, category in enumerate(json.loads((whole / "trail.json").read_text()), 1):
        places[category].append(position)
    found = []
    for category, at in places.items():
        picks = {len(at) // 2 if len(at) > BUSY else 1, len(at)}
        found += [Point(category, n, at[n - 1]) for n in picks]
    return sorted(found, key=lambda point: point.position)


def test_the_case_is_rich_enough_to_be_worth_killing(whole, look_into):
    left = look_into(whole)
    verdict = json.loads(left["verdict.json"])
    assert left["status"] == "finished"
    assert verdict["label"] == "anomalous"
    assert verdict["cost"]["looks"] == 3
    assert len({one["clip"] for one in left["judgements"]}) == 3
    assert len({one["round"] for one in left["judgements"]}) >= 3
    assert set(left["passes"]) == {"observe_motion@1", "light_meter@1", "caption_clip@1", "coverage@1"}
    assert {row["kind"] for row in left["evidence"]} >= {"track", "agitation", "normality", "brightness", "second_look"}


def test_two_undisturbed_runs_are_equal_wherever_they_lie(harness, whole, look_into):
    again = harness.whole("again")
    assert look_into(again) == look_into(whole)
    assert (again / "trail.json").read_text() == (whole / "trail.json").read_text()


@pytest.mark.timeout(1800)
def test_killed_at_any_point_and_resumed(harness, whole, points, look_into, step, capsys):
    expected = look_into(whole)
    lines, failures = [], []
    for number, point in list(enumerate(points))[::step]:
        folder = harness.folder(f"point-{number}")
        again = 1 + 7 * number % 60 if number // EVERY % TWICE == 0 else None
        fate, problems = _kill_and_resume(harness, folder, point, again, expected, look_into)
        lines.append(f"{number:>5} {point.position:>5}  {point.category:<30} {point.n:>3}  {fate:<24} {not problems}")
        failures += [f"{point}: {problem}" for problem in problems]
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\n{'point':>5} {'tick':>5}  {'category':<30} {'n':>3}  {'resumed':<24} equal", *lines, sep="\n")
    assert failures == []
    assert len(points) >= 20
    assert len(lines) >= len(points) // EVERY


ITERATOR = [
    ("perceive: after transaction", 1),  # all frames are kept, but not yet noted as such
    ("perceive: before coverage", 1),
    ("perceive: after transaction", 2),
    ("act: frame", 20),
    ("perceive: frame", 50),  # while the frames are taken
]


def test_frames_from_an_iterator_come_to_the_same_verdict(harness, look_into, step):
    expected = look_into(harness.whole("streamed", frames=True))
    for number, at in list(enumerate(ITERATOR))[::step]:
        folder = harness.folder(f"streamed-{number}")
        assert harness.run(folder, at, frames=True).killed
        end = harness.run(folder, frames=True)
        assert end.code == 0, (at, end.log)
        assert look_into(folder) == expected, at


DEFECTS = [
    ("commit_row_by_row", ("perceive: in transaction", 5)),
    ("finish_in_two_steps", ("conclude: after transaction", 3)),
    ("number_what_is_seen", ("act: after transaction", 2)),
    ("note_the_time", None),
    ("count_looks_in_the_database", ("reflect: after transaction", 3)),
]


def test_the_harness_notices_defects(harness, look_into, step):
    """Undisturbed, all but the one that tells the time go unnoticed; one kill shows them."""
    for mutation, at in DEFECTS[:: min(step, 4)]:
        unhurt = look_into(harness.whole(f"{mutation}-whole", mutation=mutation))
        folder = harness.folder(mutation)
        if at is not None:
            assert harness.run(folder, at, mutation=mutation).killed
        end = harness.run(folder, mutation=mutation)
        assert end.code == 0, end.log
        assert look_into(folder) != unhurt, mutation


def _kill_and_resume(harness, folder, point, again, expected, look_into):
    """Kill a case at a point, perhaps once more while it is resumed; how it went on, and what was wrong."""
    end = harness.run(folder, (point.category, point.n))
    problems = [] if end.killed else [f"not killed, but ended with {end.code}: {end.log}"]
    problems += _half_done(folder, expected)
    fate = "yes"
    if again is not None:
        end = harness.run(folder, ("any", again))
        fate = f"killed at tick {again}, yes" if end.killed else "yes, twice"
        problems += [] if end.killed or end.code == 0 else [f"resume ended with {end.code}: {end.log}"]
        problems += _half_done(folder, expected)
    end = harness.run(folder)
    if end.code != 0:
        return "no", [*problems, f"resume ended with {end.code}: {end.log}"]
    found = look_into(folder)
    return fate, problems + [f"{name} differs" for name in expected if found[name] != expected[name]]


def _half_done(folder, expected):
    """Half a file, which a killed case must never show."""
    problems = []
    for name in ("verdict.json", "timeline.csv"):
        path = folder / "out" / name
        if path.exists() and path.read_bytes() != expected[name]:
            problems.append(f"half a {name}")
    report = folder / "out" / "report.html"
    if report.exists() and not report.read_text().rstrip().endswith("</html>"):
        problems.append("half a report.html")
    return problems
