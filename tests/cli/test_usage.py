"""Wrong input ends in one sentence and the right exit code, before any work is done."""

from __future__ import annotations

import pytest

from panda_agent.memory.case_store import CaseRecord, CaseStore

ZONE = "{name: a, points: [[0, 0], [1, 0], [1, 1]]}"


def one_line(text: str) -> str:
    """The only line of a text."""
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    return text[:-1]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("investigat",), "No such command 'investigat'. Did you mean 'investigate'? See `panda --help`."),
        (("investigate",), "There is no video to investigate. Name one, or a folder, or give --recording."),
        (("investigate", "FILM", "--color"), "No such option: --color"),
        (("investigate", "FILM", "--tier", "gold"), "'gold' is not one of 'auto', 'bare', 'weights', 'model'"),
        (("investigate", "FILM", "--tier", "weights"), "No folder of weights is set (PANDA_WEIGHTS)."),
        (("investigate", "FILM", "--tier", "model"), "The tier 'model' needs a model endpoint, and none is set."),
        (("investigate", "FILM", "--recording", "x.jsonl"), "There is no file or folder x.jsonl. Check the path."),
        (("investigate", "FILM", "--rules", "nothing"), "There is no rule pack 'nothing'."),
        (
            ("investigate", "FILM", "--fail-on", "odd"),
            "--fail-on knows no label 'odd'. Labels are ",
        ),
        (("investigate", "FILM", "--started-at", "noon"), "--started-at 'noon' is no ISO time."),
        (("investigate", "FILM", "--started-at", "2026-11-25"), "has no time of day."),
        (("investigate", "FILM", "--normal", "gone.mp4"), "There is no file or folder gone.mp4. Check the path."),
        (("investigate", "FILM", "--out", "FILM"), "can't be made: File exists. Choose another --out."),
        (("investigate", "FILM", "--case", "../x"), "'../x' is no case id."),
        (("investigate", "FILM", "FILM", "gone.mp4"), "There is no file or folder gone.mp4. Check the path."),
        (("investigate", "."), "Videos are found by suffix, and not in subfolders."),
        (("investigate", "FILM", "--workers", "0"), "Invalid value for '--workers'"),
        (("resume", "../x"), "'../x' is no case id."),
        (("cases", "purge", "--older", "30"), "'30' is no age. Write a whole number and a unit: 90m, 12h, 30d, 8w."),
        (("memory", "rm", ".."), "There is no memory '..'."),
    ],
)
def test_usage_errors_exit_with_2(inside, film, tmp_path, args, told):
    (tmp_path / "empty").mkdir()
    if args == ("investigate", "."):
        args = ("investigate", tmp_path / "empty")
    done = inside(*(film if arg == "FILM" else arg for arg in args))
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err).startswith("panda: ")
    assert told in done.err
    assert not (tmp_path / "home/cases").exists()


@pytest.mark.parametrize(
    ("name", "content", "code", "told"),
    [
        ("gone.mp4", None, 2, "There is no file or folder gone.mp4."),
        ("empty.mp4", b"", 3, "empty.mp4 is empty (0 bytes)."),
        ("notes.mp4", b"dear diary, " * 99, 3, "notes.mp4 is no video that FFmpeg can read."),
        ("two\nlines\x1b[31m.mp4", b"", 3, "two\\nlines\\x1b[31m.mp4"),
        ("‮gpj.mp4", b"", 3, "\\u202egpj.mp4"),
        ("-rf.mp4", b"", 3, "-rf.mp4 is empty (0 bytes)."),
    ],
)
def test_a_file_that_is_missing_is_usage_and_one_that_is_broken_is_video(inside, tmp_path, name, content, code, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = inside("investigate", "--", name)
    assert (done.code, done.out) == (code, "")
    assert told in one_line(done.err)
    assert "\x1b" not in done.err


def test_settings_that_name_what_is_not_there_are_refused_too(inside, film, monkeypatch):
    monkeypatch.setenv("PANDA_TIER", "model")
    assert inside("investigate", film).code == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[{name: door, points: [[0, 0], [1, 0]]}]", "zone 1 'door': zone 'door' needs at least 3 points, it has 2."),
        ("[{name: door, type: line, points: [[0, 0], [3, 0]]}]", "points are shares of the picture, 0 to 1"),
        ("[{name: door, points: 5}]", "zone 1 'door' points: Input should be a valid tuple."),
        ("[{name: door}, 5]", "zone 1 'door' points: Field required."),
        ("[{name: door, points: [[0, 0], [1, 0], [1, 1]], colour: red}]", "zone 1 'door' colour: Extra inputs"),
        ("{name: door}", "must be a list of zones."),
        ("[{name: a", "is no YAML or JSON: line 1, column 10: expected ',' or '}'"),
        (
            "[{name: a, points: [[0, 0], [1, 0], [1, 1]]}, {name: a, points: [[0, 0], [1, 0], [1, 1]]}]",
            "names two zones 'a'.",
        ),
        (None, "The zones file zones.yaml can't be read: No such file or directory."),
    ],
)
def test_zones_that_are_wrong_are_named(inside, film, tmp_path, content, told):
    if content is not None:
        (tmp_path / "zones.yaml").write_text(content)
    done = inside("investigate", film, "--zones", "zones.yaml")
    assert done.code == 2
    assert told in one_line(done.err)


@pytest.mark.parametrize("command", [("resume",), ("report",), ("log",), ("cases", "show"), ("cases", "rm")])
def test_an_unknown_case_is_usage_and_its_neighbours_are_named(inside, home, command):
    for case_id in ("gate-1", "gate-2", "other"):
        CaseStore.create(home / "cases" / case_id, CaseRecord(case_id=case_id, video="walk.mp4")).close()
    done = inside(*command, "gate-3")
    assert (done.code, done.out) == (2, "")
    assert "There is no case 'gate-3'. Nearest: gate-" in one_line(done.err)


def test_rules_that_no_tool_can_feed_are_refused_and_leave_no_case(inside, film, tmp_path):
    """They are checked after the case is committed, since the tools are heavy to load."""
    pack = tmp_path / "pack.yaml"
    pack.write_text(
        "id: mine\ntitle: Mine\nversion: 1\nscenes: [street]\nevent_types:\n"
        "  - {id: smell, title: Smell, statement: It smells., benign: It does not., severity: low, prior: 0.02}\n"
        "rules:\n  - {id: smoke-smelt, event_type: smell, when: [{kind: smell}], weight: 1, question: q,\n"
        "     explanation: e, fires: [{}], must_not: [{}]}\n"
    )
    done = inside("investigate", film, "--rules", pack)
    assert done.code == 2
    assert "Rule 'smoke-smelt' needs evidence of kind 'smell', which no tool makes." in done.err
    assert inside("cases", "list", "--json").out.strip() == "[]"
