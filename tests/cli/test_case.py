"""One case from the first line to the last file, and what can be asked of it afterwards."""

from __future__ import annotations

import csv
import json

import pytest

from panda_agent.memory.lock import working_on
from panda_agent.types import Verdict

FILES = {"verdict.json", "run.json", "report.html", "timeline.csv"}


def test_stdout_is_the_result_and_stderr_says_how_to_resume(kept):
    assert kept.done.code == 10, kept.done.err  # --fail-on names every label
    told = json.loads(kept.done.out)
    assert told["label"] in ("anomalous", "normal", "inconclusive")
    assert told["case_id"] == "yard"
    assert told["question"] == "Does anyone fall?"
    assert set(told["files"]) == {"verdict", "run", "report", "timeline"}
    first, second = kept.done.err.splitlines()
    assert first == "case yard · resume with: panda resume yard"
    assert second.startswith("tier bare (auto found nothing more: ")


def test_the_files_are_written(kept):
    assert {path.name for path in kept.out.iterdir()} == FILES
    verdict = Verdict.from_json(kept.out / "verdict.json")
    run = json.loads((kept.out / "run.json").read_text())
    assert run["case_id"] == "yard"
    assert run["video"] == str(kept.video)
    assert run["seconds"] > 0
    assert run["opened"] < run["finished"]
    assert len(list(csv.DictReader((kept.out / "timeline.csv").read_text().splitlines()))) == len(
        verdict.score_timeline
    )
    assert "yard [bold]gate.mp4" in (kept.out / "report.html").read_text()


def test_a_finished_case_writes_its_files_again(inside, finished, tmp_path):
    done = inside("resume", "yard", "--out", tmp_path / "again", "--json")
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in (tmp_path / "again").iterdir()} == FILES
    for name in ("verdict.json", "run.json", "timeline.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (finished.out / name).read_bytes(), name


def test_resume_remembers_where_the_files_were_wanted(inside, finished, home):
    files = json.loads(inside("resume", "yard", "--json").out)["files"]
    assert files["verdict"] == str(finished.out / "verdict.json")


def test_the_summary_for_people_has_no_colour_in_a_pipe_and_takes_names_for_names(inside, finished, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    done = inside("resume", "yard")
    assert "\x1b" not in done.out
    assert "yard [bold]gate.mp4" in done.out
    verdict = Verdict.from_json(finished.out / "verdict.json")
    flat = " ".join(done.out.split())
    assert verdict.label.upper() in flat
    for claim in verdict.explanation:
        assert f"{' '.join(claim.text.split())} [{', '.join(claim.cites)}]" in flat
    for rejected in verdict.rejected_alternatives:
        assert " ".join(rejected.statement.split()) in flat
    assert str(finished.out / "report.html") in done.out
    assert not [line for line in done.out.splitlines() if line != line.rstrip()]


def test_report_writes_elsewhere_and_adds_videos(inside, finished, tmp_path):
    done = inside("report", "yard", "--out", tmp_path / "more", "--annotated", "--blur", "--json")
    assert done.code == 0, done.err
    files = json.loads(done.out)["files"]
    assert files["annotated"] == str(tmp_path / "more/annotated.mp4")
    assert (tmp_path / "more/annotated.mp4").stat().st_size > 10_000


def test_a_report_without_its_video_is_written_and_says_so(inside, finished, home, tmp_path):
    from panda_agent.memory.case_store import CaseStore

    with CaseStore.open(home / "cases/yard") as store:
        store.amend(path=str(tmp_path / "moved away.mp4"))
    done = inside("resume", "yard", "--out", tmp_path / "again")
    assert done.code == 0
    assert done.err.startswith("note: the report has no pictures: There is no file")
    assert (tmp_path / "again/verdict.json").read_bytes() == (finished.out / "verdict.json").read_bytes()


def test_the_same_case_is_taken_up_and_another_is_refused(inside, finished, film, monkeypatch):
    same = ("investigate", finished.video, "--case", "yard", "-q", "Does anyone fall?")
    assert inside(*same, "--json").code == 0
    for other, told in (
        (("investigate", film, *same[2:]), "with another video."),
        ((*same[:4], "-q", "Is it dark?"), "with another question."),
        ((*same, "--normal", film), "with other --normal."),
        ((*same, "--started-at", "2026-11-25T22:30"), "with another --started-at."),
        ((*same[:4], "--rules", "street"), "with another question and other settings."),
    ):
        done = inside(*other)
        assert done.code == 2
        assert f"There is a case 'yard' already, {told} Choose another --case" in done.err


def test_log_show_and_list_tell_of_the_case(inside, finished):
    steps = json.loads(inside("log", "yard", "--json").out)
    assert [steps[0]["step"], steps[-1]["step"]] == ["plan", "conclude"]
    told = inside("log", "yard").out
    assert "judge clip 1 " in told
    assert "0:00.0–0:05.0" in told
    assert "conclude" in told
    shown = json.loads(inside("cases", "show", "yard", "--json").out)
    assert shown["status"] == "finished"
    assert shown["evidence"]["scene"] == 1
    assert "yard [bold]gate.mp4" in inside("cases", "show", "yard").out
    listed = json.loads(inside("cases", "list", "--json").out)
    assert [(case["case_id"], case["label"], case["headline"]) for case in listed] == [
        ("yard", shown["label"], shown["headline"])
    ]
    head, row = inside("cases", "list").out.splitlines()
    assert head.split() == ["case", "opened", "(UTC)", "result", "about"]
    assert row.startswith("yard")
    assert shown["label"] in row.split()
    assert row.endswith(f"  {shown['headline']} · yard [bold]gate.mp4")


def test_cases_are_removed_and_purged(inside, finished, home):
    assert json.loads(inside("cases", "purge", "--older", "30d", "--json").out) == {"removed": []}
    assert inside("cases", "purge", "--older", "30d").err == "No case is older than 30d.\n"
    assert json.loads(inside("cases", "rm", "yard", "--json").out) == {"removed": ["yard"]}
    assert not (home / "cases/yard").exists()
    assert "There are no cases yet" in inside("cases", "list").err


def test_a_case_that_is_worked_on_is_left_alone(inside, finished, home):
    with working_on(home / "cases/yard"):
        done = inside("cases", "rm", "yard")
    assert done.code == 2
    assert "Case yard is being worked on by" in done.err
    assert (home / "cases/yard").exists()


@pytest.mark.parametrize("origin", [True, False])
def test_config_tells_values_and_where_they_come_from(inside, home, tmp_path, monkeypatch, origin):
    (tmp_path / "panda.toml").write_text("[loop]\nrounds = 2\n")
    monkeypatch.setenv("PANDA_RULES", "street")
    done = inside("config", "show", "--json", *(["--origin"] if origin else []))
    told = json.loads(done.out)
    if origin:
        assert told["loop.rounds"] == {"value": 2, "origin": "panda.toml"}
        assert told["rules"] == {"value": "street", "origin": "environment"}
        assert told["tier"] == {"value": "auto", "origin": "default"}
        assert "panda.toml" in inside("config", "show", "--origin").out
    else:
        assert told["home"] == str(home)


def test_the_graph_is_mermaid(inside):
    text = inside("graph").out
    assert "graph TD;" in text
    drawn = json.loads(inside("graph", "--json").out)
    assert {"from": "reflect", "to": "act", "conditional": True} in drawn["edges"]
    assert drawn["mermaid"] == text


def test_memories_are_listed_shown_and_removed(inside, home):
    import numpy as np

    from panda_agent.memory.normality import NormalityMemory

    rows = np.ones((6, 5), np.float32)
    NormalityMemory(rows, rows[0], 1.0, ("ab12",)).save(home / "normality/m1")
    (home / "normality/m2").mkdir()
    whole, broken = json.loads(inside("memory", "list", "--json").out)
    assert (whole["memory"], whole["count"]) == ("m1", 6)
    assert "There is no readable normality memory" in broken["problem"]
    assert "m2" in inside("memory", "list").out
    assert "learnt from 1 video: 6 moments of motion" in inside("memory", "list").out
    assert "ab12" in inside("memory", "show", "m1").out
    assert inside("memory", "rm", "m2").out == "removed m2\n"
    assert not (home / "normality/m2").exists()
