"""A folder of videos: one bad video stops nobody, and the worst comes first."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from panda_agent.cli.many import _safe, _unlike
from panda_agent.memory.cases import list_cases


def test_a_folder_is_worked_off_with_its_bad_ones(panda, film_of, home, tmp_path):
    folder = tmp_path / "cam"
    folder.mkdir()
    film_of(folder / "-rf 视频\n1.mp4", 30)
    (folder / "cut.mp4").write_bytes((folder / "-rf 视频\n1.mp4").read_bytes()[:3000])
    (folder / "notes.txt").write_text("no video")
    done = panda("investigate", folder, "--out", tmp_path / "out", "--workers", 2, "--json")
    assert done.code == 3, done.err
    told = json.loads(done.out)
    bad, good = told["videos"]
    assert (bad["label"], bad["exit_code"]) == ("failed", 3)
    assert "index (moov) is missing" in bad["error"]
    assert good["label"] in ("normal", "anomalous", "inconclusive")
    assert Path(good["report"]).parent == tmp_path / "out/rf-视频-1"
    assert told["summary"] == str(tmp_path / "out/summary.html")
    assert [entry["label"] for entry in json.loads((tmp_path / "out/summary.json").read_text())["videos"]] == [
        "failed",
        good["label"],
    ]
    assert [case.case_id for case in list_cases(home)] == [good["case_id"]]
    assert done.err.splitlines()[0].startswith("2 videos · tier bare")
    assert "panda: cut.mp4: " in done.err


def test_a_signal_pauses_what_runs_and_begins_nothing_more(begin, kept, home, tmp_path):
    folder = tmp_path / "cam"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        os.link(kept.video, folder / name)
    process = begin("investigate", folder, "--out", tmp_path / "out", "--json")
    while not list((home / "cases").glob("a-*/case.db")) and process.poll() is None:
        os.sched_yield()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 143, err.decode()
    errors = {Path(video["video"]).name: video["error"] for video in json.loads(out)["videos"]}
    assert errors == {"a.mp4": "Paused.", "b.mp4": "Not begun."}
    (case,) = list_cases(home)
    assert f"panda: a.mp4: Paused. Go on with `panda resume {case.case_id}`." in err.decode()


@pytest.mark.parametrize(
    ("name", "safe"), [("04", "04"), ("../..", "video"), ("a b/c", "a-b-c"), ("-rf", "rf"), (".hidden", "hidden")]
)
def test_folders_have_safe_names(name, safe):
    assert _safe(name) == safe


def test_folders_of_one_name_are_counted():
    taken: set[str] = set()
    assert [_unlike(name, taken) for name in ("a", "A", "a", "b")] == ["a", "A-2", "a-3", "b"]
