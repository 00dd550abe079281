"""An online case worked again from its recording."""

from __future__ import annotations

from panda_agent import Investigator
from panda_agent.recorder import Recorder
from tests.online.conftest import prefix, settings


def test_a_recording_tells_when_things_were_known(film, home, tmp_path):
    recorder = Recorder()
    inv = Investigator(settings(home), keep=recorder.keep)
    live = inv.investigate(iter(prefix(film, 6.0)), case_id="live")
    recorder.write(inv.desk.case("live"), tmp_path / "case.rec")
    again = Investigator(settings(tmp_path / "other")).investigate(recording=tmp_path / "case.rec")
    assert max(point.score for point in live.score_timeline) > 0.4
    assert again.score_timeline == live.score_timeline
    assert again.judgements == live.judgements
    assert [row.known_at for row in again.evidence_rows] == [row.known_at for row in live.evidence_rows]


def test_what_was_recorded_offline_is_no_answer_online(film, home, tmp_path):
    recorder = Recorder()
    inv = Investigator(settings(home, loop={"mode": "offline"}), keep=recorder.keep)
    inv.investigate(iter(prefix(film, 6.0)), case_id="live")
    recorder.write(inv.desk.case("live"), tmp_path / "case.rec")
    again = Investigator(settings(tmp_path / "other")).investigate(recording=tmp_path / "case.rec")
    assert again.label == "inconclusive"
    assert any("holds no look" in warning for warning in again.warnings)
