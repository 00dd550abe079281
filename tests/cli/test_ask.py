"""A case that waits for a person, where nobody sits at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from .conftest import PANDA


@pytest.fixture(autouse=True)
def _only_a_person_can_tell(monkeypatch):
    monkeypatch.setenv("PANDA_LOOP__UNSURE", "0.49")
    monkeypatch.setenv("PANDA_AGENT__TOOLS", '["ask_human"]')


def test_it_waits_and_goes_on_with_an_answer(film, panda):
    done = panda("investigate", film, "--ask", "--case", "yard")
    assert (done.code, done.out) == (130, "")
    assert "Case yard waits for you: is it so at 0:00.0" in done.err
    assert "Answer with `panda resume yard --answer yes|no|unclear`." in done.err
    answers = 0
    while done.code == 130:
        done = panda("resume", "yard", "--answer", "no")
        answers += 1
    assert done.code == 0
    assert 1 <= answers <= 9
    assert "NORMAL" in done.out


def test_at_a_terminal_the_question_ends_when_its_time_is_over(film, monkeypatch):
    monkeypatch.setenv("PANDA_LOOP__ASK_TIMEOUT", "0.5")
    ours, theirs = pty.openpty()
    command = [*PANDA, "investigate", str(film), "--ask", "--case", "yard"]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=120)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0
    assert b"Nobody answered in time: it stays undecided." in err
    assert out
