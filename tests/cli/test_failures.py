"""What goes wrong inside ends in one sentence too."""

from __future__ import annotations

import pytest

from panda_agent.cli.mending import mend_import
from panda_agent.cli.output import say


def test_a_defect_leaves_one_sentence_and_a_file(inside, home, monkeypatch):
    def broken(text):
        raise KeyError("moment")

    monkeypatch.setattr("panda_agent.cli.inputs.moment_of", broken)
    done = inside("investigate", __file__)
    assert (done.code, done.out) == (5, "")
    (file,) = (home / "logs").glob("crash-*.txt")
    assert done.err == (
        "panda: something broke that should not: KeyError: 'moment'. "
        f"This is a defect of panda_agent; details in {file}.\n"
    )
    assert 'raise KeyError("moment")' in file.read_text()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "the disk is full. Make room"),
        (MemoryError(), "the machine ran out of memory."),
        (ImportError("libGL.so.1: cannot open shared object file", name="cv2"), "Run `apt-get install libgl1`"),
    ],
)
def test_a_fault_of_the_machine_is_not_called_a_defect(inside, home, monkeypatch, error, told):
    def broken(text):
        raise error

    monkeypatch.setattr("panda_agent.cli.inputs.moment_of", broken)
    done = inside("investigate", __file__)
    assert done.code == 5
    assert told in done.err
    assert "defect" not in done.err
    assert not (home / "logs").exists()


def test_missing_packages_are_named():
    assert "the Python package of lap is missing." in mend_import(
        ModuleNotFoundError("No module named 'lap'", name="lap")
    )


def test_nothing_quoted_drives_the_terminal(capsys):
    say("panda: \x1b]0;title\x07 \u202eabc\u2066 \x9b31m two\nlines")
    assert capsys.readouterr().err == "panda: [U+001B]]0;title[U+0007] [U+202E]abc[U+2066] [U+009B]31m two lines\n"


@pytest.mark.parametrize("command", [["config", "show"], ["config", "show", "--json"], ["--help"]])
def test_a_reader_that_leaves_is_no_error(begin, command):
    with begin(*command) as process:
        process.stdout.close()
        assert (process.wait(timeout=60), process.stderr.read()) == (0, b"")
