"""Online, what is said of a prefix is what was said of the whole by then. The frames are the same, so exactly."""

from __future__ import annotations

import pytest

from panda_agent import Investigator, Verdict
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.tools import Scope, ToolSpec
from panda_agent.types import TimeSpan
from panda_agent.video import CausalFootage
from tests.online.cases import PREFIXES, investigated, last, same, told_by
from tests.online.conftest import film_file, prefix, yard


@pytest.fixture(scope="module")
def whole(film, tmp_path_factory):
    """The online case of the whole film."""
    return investigated(film, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("end", PREFIXES)
def test_a_case_of_a_prefix_is_the_case_of_the_whole_up_to_there(film, whole, home, end):
    part = prefix(film, end)
    case = investigated(part, home)
    assert same(whole, case, last(part))
    assert sum(one.span.end <= last(part) for one in case[1]) == int(last(part) / 2)


def test_the_film_gives_them_something_to_differ_in(whole):
    verdict, _, rows = whole
    assert max(point.score for point in verdict.score_timeline) > 0.4
    assert {"agitation", "normality", "facts", "scene"} <= {row.kind for row in rows}
    assert any(row.data.get("so_far") for row in rows)
    assert all(row.known_at >= row.span.end - 0.001 for row in rows)


@pytest.fixture(scope="module")
def normal(tmp_path_factory):
    """The yard without what thrashes about in it."""
    quiet = [pair for pair in yard(8.0) if not 2.9 < pair[0] < 6.2]
    return film_file(tmp_path_factory.mktemp("normal") / "quiet.mp4", quiet)


@pytest.fixture(scope="module")
def compared(film, normal, tmp_path_factory):
    """The online case of the whole film, beside a normal video."""
    return investigated(film, tmp_path_factory.mktemp("compared"), normal=[normal])


@pytest.mark.parametrize("end", PREFIXES)
def test_so_it_is_beside_normal_videos(film, normal, compared, home, end):
    part = prefix(film, end)
    case = investigated(part, home, normal=[normal])
    assert same(compared, case, last(part))
    live = [row for row in case[2] if row.data.get("live") and row.kind == "normality"]
    assert len(live) >= int(end)
    assert all(row.data["given"] == 1 for row in live)


def test_what_normal_videos_do_not_explain_counts_at_its_own_moment(compared, whole):
    """The curve against normal videos comes as the frames do: it is high while something thrashes about from 3 s on."""
    score = {point.t: point.score for point in compared[0].score_timeline}
    plain = {point.t: point.score for point in whole[0].score_timeline}
    assert max(value for t, value in score.items() if 3.0 <= t <= 3.9) > 0.6
    assert max(value for t, value in plain.items() if t <= 3.9) < 0.6
    assert max(value for t, value in score.items() if 1.5 <= t <= 2.9) < 0.5


def test_the_mode_is_told_with_the_verdict(whole):
    assert whole[0].provenance["settings"]["loop"]["mode"] == "online"


def test_offline_nothing_is_said_of_when_it_was_known(film, home):
    verdict: Verdict = Investigator(Settings(home=home)).investigate(iter(prefix(film, 6.0)))
    assert all(row.known_at is None for row in verdict.evidence_rows)
    assert all(line.known_at is None for line in verdict.trace)
    assert not any(row.data.get("so_far") or row.data.get("live") for row in verdict.evidence_rows)


class Counter:
    """Says at every second how many frames the video has."""

    spec = ToolSpec(name="counter", about="Counts.", family="motion", makes={"count": ("frames",)})

    def run(self, scope: Scope):
        frames = self.known(scope)
        for frame in scope.reader.frames(max_fps=1):
            yield self.row(frame.time, frames)

    def known(self, scope: Scope) -> int:
        """Reads the video first, and is late for it."""
        return sum(1 for _ in scope.reader.frames())

    def row(self, at: float, frames: int) -> Observation:
        return Observation("count", TimeSpan(start=at, end=at), f"{frames} frames.", {"frames": frames})


class Peeker(Counter):
    """The same, behind the back of the footage that keeps count."""

    def known(self, scope: Scope) -> int:
        assert isinstance(scope.reader, CausalFootage)
        return sum(1 for _ in scope.reader.behind.frames())


class Guesser(Counter):
    """Goes by the length that the header declares."""

    def known(self, scope: Scope) -> int:
        return round(10 * (scope.reader.info.declared_duration or 0.0))


def counted(tool, film, runs, end):
    part = prefix(film, end)
    return [
        [row.model_dump_json() for row in rows if row.known_at <= last(part)]
        for rows in (runs.overview(tool, film), runs.overview(tool, part))
    ]


def test_a_tool_that_peeks_is_caught(film, whole, home):
    part = prefix(film, 8.0)
    cases = [investigated(frames, home / str(len(frames)), tools=[Peeker()]) for frames in (film, part)]
    assert not same(*cases, last(part))
    assert told_by(cases[0], last(part))[0] == told_by(whole, last(part))[0]  # only its rows gave it away


def test_a_tool_that_reads_everything_first_is_late_and_counts_for_nothing(film, runs):
    full, part = counted(Counter(), film, runs, 8.0)
    assert full == part == []


def test_no_tool_can_go_by_the_declared_length(film, runs, tmp_path):
    full, part = counted(Guesser(), film, runs, 8.0)
    assert full == part != []
    file = CausalFootage(runs.file(film_file(tmp_path / "film.mp4", film)))
    assert file.behind.info.declared_duration == pytest.approx(13.0)
    assert file.info.declared_duration is None


def test_rows_that_are_dated_too_early_are_caught(film, whole, home, monkeypatch):
    """Were it enough that something happened for it to be known, the case of a prefix would say something else."""
    monkeypatch.setattr(Scope, "known_at", property(lambda scope: 0.0))
    part = prefix(film, 4.4)
    cases = [investigated(frames, home / str(len(frames))) for frames in (film, part)]
    assert not same(*cases, last(part))
