"""`panda eval` and `panda compare` as commands: files, tables, exit codes, and clear words where data are missing."""

import json
import re

import pytest

from tests.evaluation.small import write_pack, write_small


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return write_small(tmp_path_factory.mktemp("own"))


@pytest.fixture(autouse=True)
def rules(monkeypatch, tmp_path):
    monkeypatch.setenv("PANDA_RULES", str(write_pack(tmp_path)))


@pytest.fixture
def evaluated(panda, own, tmp_path):
    recordings, truth = own
    args = ("eval", "own", "--recordings", recordings, "--truth", truth, "--workers", "1")
    done = panda(*args, "--out", tmp_path / "a")
    assert done.code == 0, done.err
    return args, tmp_path / "a", done


def test_a_run_prints_its_tables_and_leaves_its_files(evaluated, panda, tmp_path):
    args, folder, done = evaluated
    for words in (
        "AUC, micro",
        "within",
        "95 % interval",
        "dev",
        "held",
        "position in the video",
        "true label of the video",
    ):
        assert words in done.out
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files >= {
        *("settings.json", "versions.json", "scores.jsonl", "metrics.json", "tables.md", "evaluation.html"),
        *("tables/figures.csv", "tables/baselines.csv", "tables/videos.csv", "plots/roc.svg"),
    }
    page = (folder / "evaluation.html").read_text()
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)

    again = panda(*args, "--out", folder, "--json")
    assert again.code == 0
    assert json.loads(again.out)["micro_auc"] == json.loads((folder / "metrics.json").read_text())["micro_auc"]

    same = panda("compare", folder, folder)
    assert same.code == 0
    assert "not distinguishable" in same.out
    assert json.loads(panda("compare", folder, folder, "--json").out)["all"]["same"] is True


def test_a_name_with_markup_is_shown_as_it_is(panda, own, tmp_path):
    recordings, _ = own
    folder = tmp_path / "rec"
    folder.mkdir()
    name = "<b>=1+1"
    (folder / f"{name}.rec").write_bytes((recordings / "calm.rec").read_bytes())
    (folder / "fight.rec").write_bytes((recordings / "fight.rec").read_bytes())
    truth = tmp_path / "t.csv"
    truth.write_text(f"{name},,\nfight,6,14\n")
    done = panda("eval", "own", "--recordings", folder, "--truth", truth, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "&lt;b&gt;=1+1" in (tmp_path / "run" / "evaluation.html").read_text()
    assert (
        "<b>" not in (tmp_path / "run" / "evaluation.html").read_text().split("<h2>Videos", 1)[1].split("<section>")[0]
    )


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("eval", "ucf-krime"), "There is no row 'ucf-krime'"),
        (("eval", "own"), "needs --recordings and --truth"),
        (("eval", "ucf-crime"), "PANDA_DATA"),
        (("compare", "a", "b"), "is no run folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(panda, args, words):
    done = panda(*args)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_recording_that_is_damaged_gives_exit_code_5_and_is_named(panda, own, tmp_path):
    recordings, truth = own
    folder = tmp_path / "rec"
    folder.mkdir()
    for path in recordings.glob("*.rec"):
        (folder / path.name).write_bytes(path.read_bytes())
    damaged = (folder / "late.rec").read_bytes()
    (folder / "late.rec").write_bytes(damaged[: len(damaged) // 2])
    failed = panda("eval", "own", "--recordings", folder, "--truth", truth, "--out", tmp_path / "run")
    assert failed.code == 5
    assert "late" in failed.err
