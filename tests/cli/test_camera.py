"""`panda camera`: look at what is known of a camera, mark, take back, forget."""

from __future__ import annotations

import json

import pytest

from panda_agent.cli.camera import seconds_of
from panda_agent.errors import UserError
from panda_agent.memory.camera import CameraMemory
from panda_agent.memory.camera_marks import MarkedRow
from panda_agent.memory.case_store import CaseStore, case_folder
from panda_agent.types import Region, TimeSpan

SPAN = TimeSpan(start=2, end=6)


@pytest.fixture
def gate(home, kept):
    """A camera with one mark and one case."""
    memory = CameraMemory.of(home, "gate 1")
    lamp = MarkedRow(kind="flicker", region=Region(x0=0, y0=0, x1=0.2, y1=0.2))
    memory.mark_normal("yard", SPAN, "fire", [lamp], "[bold]the lamp")
    return memory


def test_nothing_known_says_how_to_begin(inside):
    assert "--camera NAME" in inside("camera", "list").err
    assert json.loads(inside("camera", "list", "--json").out) == []


def test_cameras_are_listed_and_shown(inside, gate):
    assert "0 cases, 1 false alarm marked as normal, 0 rules kept" in inside("camera", "list").out
    told = inside("camera", "show", "gate 1").out
    assert 'fire (flicker) at 0:02.0–0:06.0 of case yard is normal here: "[bold]the lamp"' in " ".join(told.split())
    shown = json.loads(inside("camera", "show", "gate 1", "--json").out)
    assert shown["marks"][0]["note"] == "[bold]the lamp"
    assert shown["sha256"] == gate.sha256()


def test_a_mark_is_taken_back_and_a_camera_forgotten(inside, gate):
    mark = gate.marks()[0].id
    assert inside("camera", "unmark", "gate 1", mark).out == f"removed {mark}\n"
    assert gate.marks() == []
    assert json.loads(inside("camera", "forget", "gate 1", "--json").out) == {"removed": ["gate 1"]}
    assert not gate.exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("show", "gate"), "There is no camera 'gate'. Nearest: gate 1."),
        (("unmark", "gate 1", "m9"), "Camera 'gate 1' has no mark 'm9'. See `panda camera show 'gate 1'`."),
        (("forget", "../gate 1"), "There is no camera '../gate 1'."),
        (("mark", "nobody", "1", "2"), "There is no case 'nobody'."),
        (("mark", "yard", "9", "2"), "2 lies before 9. Give the earlier time first."),
        (("mark", "yard", "noon", "2"), "'noon' is no time."),
        (("mark", "yard", "1", "2"), "Case 'yard' was opened without a camera. Name it with --camera."),
        (("mark", "yard", "1", "2", "--camera", "gate 1"), "Nothing that can be known again speaks for anything"),
    ],
)
def test_errors_are_one_sentence_with_a_hint(inside, gate, finished, args, told):
    done = inside("camera", *args)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_a_memory_that_can_t_be_read_is_listed_with_the_reason(inside, home):
    torn = home / "cameras" / "torn" / "memory.db"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"no database" * 100)
    assert "can't be used" in json.loads(inside("camera", "list", "--json").out)[0]["problem"]
    assert inside("camera", "forget", "torn").code == 0


def test_investigate_remembers_the_case_and_keeps_its_camera(panda, film, home):
    done = panda("investigate", film, "--camera", "gate 1", "--case", "mon", "--json")
    assert done.code == 0, done.err
    (line,) = CameraMemory.of(home, "gate 1").cases()
    assert (line.case_id, line.video) == ("mon", str(film))
    with CaseStore.open(case_folder(home, "mon")) as store:
        assert store.record.settings["camera"] == "gate 1"
        assert store.record.hashes["camera"] == CameraMemory.of(home, "gate 1").sha256()
    other = panda("investigate", film, "--camera", "yard", "--case", "mon")
    assert "with other settings" in other.err


def test_a_name_that_is_none_is_refused_before_any_work(inside, film, home):
    done = inside("investigate", film, "--camera", " ")
    assert (done.code, done.out) == (2, "")
    assert "is no name for a camera" in done.err
    assert not (home / "cases").exists()


def test_times_are_read_as_people_write_them():
    assert [seconds_of(text) for text in ("12.5", "1:02", "1:02:03.5")] == [12.5, 62.0, 3723.5]
    for text in ("", "-1", "1:2:3:4", "nan", "1e3"):
        with pytest.raises(UserError):
            seconds_of(text)
