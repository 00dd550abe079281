"""A run: the same bytes with one worker and two, goes on after a kill, and never turns a failure into a score."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from panda_agent.errors import UserError
from panda_agent.evaluation.comparing import compare
from panda_agent.evaluation.folder import RunFolder
from panda_agent.evaluation.looks import note_look
from panda_agent.evaluation.run import evaluate
from tests.evaluation.small import small_row

KEYS = {
    *("micro_auc", "macro_auc", "abnormal_only_auc", "within_video_auc", "ap", "pr_auc_trapz", "pixel_auc"),
    *("looks_share", "tier", "n_videos", "n_frames", "dev", "held", "baselines", "ci"),
}
SAME = ("metrics.json", "scores.jsonl", "settings.json", "truth.jsonl", "versions.json")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return small_row(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def done(small, tmp_path_factory):
    """The finished run, with one worker."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PANDA_HOME", str(tmp_path_factory.mktemp("home")))
    yield evaluate(small, tmp_path_factory.mktemp("one") / "run", data=None, workers=1, counted=False)
    patch.undo()


def test_metrics_hold_every_name_that_others_rely_on(done):
    told = json.loads((done.folder.path / "metrics.json").read_text())
    assert set(told) >= KEYS
    assert told["n_videos"] == 3
    assert told["pixel_auc"] is None
    assert told["micro_auc"] > 0.9
    assert told["within_video_auc"] > 0.9
    assert set(told["dev"]) >= {"micro_auc", "n_videos", "baselines", "ci"}
    assert told["dev"]["n_videos"] + told["held"]["n_videos"] == 3


def test_two_workers_give_the_same_bytes(done, small, tmp_path):
    again = evaluate(small, tmp_path / "two", data=None, workers=2, counted=False)
    for name in SAME:
        assert (again.folder.path / name).read_bytes() == (done.folder.path / name).read_bytes(), name
    assert not (again.folder.path / "work").exists()
    compared = compare(done.folder, again.folder)
    assert compared.same
    assert [one.told_apart for one in compared.differences if one.interval] == [False] * 6


def test_a_torn_line_is_worked_again_and_finished_videos_are_not(done, small, tmp_path):
    folder = tmp_path / "torn"
    folder.mkdir()
    for name in SAME:
        (folder / name).write_bytes((done.folder.path / name).read_bytes())
    lines = (folder / "scores.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "scores.jsonl").write_bytes(lines[0] + lines[1][: len(lines[1]) // 2])
    worked = []
    evaluate(small, folder, data=None, counted=False, watch=lambda n, total, last: worked.append(last and last.name))
    assert sorted(filter(None, worked)) == ["fight", "late"]
    assert (folder / "scores.jsonl").read_bytes() == (done.folder.path / "scores.jsonl").read_bytes()


def test_a_run_with_other_settings_is_refused(done, small):
    other = replace(small, settings={"rules": "campus"})
    with pytest.raises(UserError, match="other settings"):
        evaluate(other, done.folder.path, data=None, counted=False)


def test_a_run_of_other_code_is_refused(done, small, tmp_path):
    folder = RunFolder(tmp_path / "old")
    asked = json.loads((done.folder.path / "settings.json").read_text())
    asked.pop("hash")
    folder.begin(asked, {"code": "of yesterday"})
    with pytest.raises(UserError, match="another version of the code"):
        folder.begin(asked, {"code": "of today"})


def test_a_video_that_fails_is_listed_and_has_no_score(small, tmp_path):
    recordings = tmp_path / "broken"
    recordings.mkdir()
    for path in small.source.folder.glob("*.rec"):
        (recordings / path.name).write_bytes(path.read_bytes())
    broken = replace(small, source=replace(small.source, folder=recordings))
    (recordings / "late.rec").write_bytes(b"no recording")
    run = evaluate(broken, tmp_path / "run", data=None, counted=False)
    assert [one.name for one in run.failures] == ["late"]
    assert run.metrics["n_videos"] == 2
    assert run.metrics["failures"][0]["video"] == "late"
    assert set(run.folder.results()) == {"calm", "fight"}


def test_truth_and_recordings_must_be_of_the_same_videos(small, tmp_path):
    truth = tmp_path / "truth.csv"
    truth.write_text("calm,,\nfight,6,14\n")
    from panda_agent.evaluation.datasets.own import own_dataset

    with pytest.raises(UserError, match="has no row for 'late'"):
        own_dataset(small.source, truth).load(None)
    truth.write_text("calm,,\nfight,14,6\nlate,1,2\n")
    with pytest.raises(UserError, match="Line 2"):
        own_dataset(small.source, truth).load(None)


def test_each_look_leaves_a_line_with_dev_and_held(done, tmp_path):
    for _ in range(2):
        path = note_look(tmp_path, row="own", commit="abc", settings="123", metrics=done.metrics)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0]["all"]["n_videos"] == 3
    assert lines[0]["dev"]["n_videos"] == done.metrics["dev"]["n_videos"]


def test_a_killed_run_goes_on_to_the_same_bytes(done, small, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom tests.evaluation.small import small_row\n"
        "from panda_agent.evaluation.run import evaluate\n"
        "if __name__ == '__main__':\n"
        "    evaluate(small_row(Path(sys.argv[1])), Path(sys.argv[2]), data=None, counted=False)\n"
    )
    folder = tmp_path / "killed"
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, str(script), str(small.source.folder.parent), str(folder)],
        env={**os.environ, "PYTHONPATH": root},
        cwd=tmp_path,
    )
    scores = folder / "scores.jsonl"
    deadline = time.monotonic() + 120
    while not scores.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert scores.exists()
    evaluate(small, folder, data=None, counted=False)
    for name in SAME:
        assert (folder / name).read_bytes() == (done.folder.path / name).read_bytes(), name
