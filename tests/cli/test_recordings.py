"""`panda record`, `--recording` and `--dry-run` from a shell's point of view."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def recorded(film, tmp_path, panda):
    done = panda("record", film, "--out", tmp_path / "case.rec")
    assert (done.code, done.out) == (0, "")
    assert "replay it with: panda investigate --recording" in done.err
    return tmp_path / "case.rec"


def test_a_recording_needs_no_video(film, recorded, tmp_path, panda):
    live = panda("investigate", film, "--out", tmp_path / "live", "--json")
    film.rename(tmp_path / "gone.mp4")
    replayed = panda("investigate", "--recording", recorded, "--out", tmp_path / "replayed", "--json")
    assert (live.code, replayed.code) == (0, 0)
    assert (tmp_path / "live/verdict.json").read_bytes() == (tmp_path / "replayed/verdict.json").read_bytes()
    assert "replayed from case.rec" in replayed.err


def test_captions_are_imported(tmp_path, inside):
    rows = [{"video": name, "frame": i, "description": "Two men fight."} for name in ("a", "b/c") for i in range(40)]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert inside("record", tmp_path / "c.jsonl", "--fps", "5", "--out", tmp_path / "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.rec", "b-c.rec"]
    lost = inside("record", tmp_path / "c.jsonl", "--fps", "5", "--video", "z", "--out", tmp_path / "z.rec")
    assert lost.code == 2
    assert "tells of no video 'z'. It tells of 2: a, b/c" in lost.err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("investigate", "--recording", "FILM"), "is damaged, or none"),
        (("investigate", "FILM", "FILM2", "--recording", "FILM"), "--recording is of one video"),
        (("record", "gone.mp4", "--out", "x.rec"), "There is no file or folder gone.mp4"),
        (("record", "FILM", "--out", "."), "--out . is a folder"),
    ],
)
def test_what_can_not_be_is_one_sentence(film, tmp_path, inside, args, told):
    other = tmp_path / "other.mp4"
    other.write_bytes(film.read_bytes())
    names = {"FILM": film, "FILM2": other}
    done = inside(*(names.get(arg, arg) for arg in args))
    assert done.code != 0
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_dry_run_opens_no_case(film, home, inside, monkeypatch):
    monkeypatch.setenv("PANDA_MODEL__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PANDA_MODEL__PRICE_IN", "1.5")
    done = inside("investigate", film, "--dry-run", "--json")
    (told,) = json.loads(done.out)
    assert done.code == 0
    assert (told["tier"], told["descriptions"]) == ("model", told["clips"])
    assert told["tokens"] > 0
    assert told["money"] > 0
    assert not (home / "cases").exists()
