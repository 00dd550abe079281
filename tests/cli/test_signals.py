"""Ctrl-C and SIGTERM in the middle of a case, on a real terminal and without one."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable

from panda_agent.memory.record import peek


class Terminal:
    """A process whose stderr is a terminal."""

    def __init__(self, begin: Callable[..., subprocess.Popen[bytes]], *args: object) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        self.process = begin(*args, stderr=theirs, env=environment, start_new_session=True)
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> str:
        """Read until a text is seen; return all that was."""
        deadline = time.monotonic() + 120
        while text not in self.seen and time.monotonic() < deadline:
            self._read(1.0)
        assert text in self.seen, self.seen
        return self.seen

    def end(self) -> tuple[int, str, str]:
        """Read to the end: exit code, stdout, and everything the terminal showed."""
        while self._read(120):
            continue
        out, _ = self.process.communicate(timeout=120)
        os.close(self._ours)
        return self.process.returncode, out.decode(), self.seen

    def _read(self, wait: float) -> bool:
        if not select.select([self._ours], [], [], wait)[0]:
            return True
        try:
            self.seen += os.read(self._ours, 65536).decode(errors="replace")
        except OSError:  # the other side was closed
            return False
        return True


def plain(text: str) -> str:
    """What a terminal showed, without escapes."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_ctrl_c_pauses_and_the_resumed_verdict_is_the_undisturbed_one(begin, panda, kept, home, tmp_path):
    command = ("investigate", kept.video, "--case", "again", "-q", "Does anyone fall?", "--out", tmp_path / "out")
    terminal = Terminal(begin, *command)
    assert plain(terminal.until("watching")).startswith("case again · resume with: panda resume again")
    terminal.process.send_signal(signal.SIGINT)
    code, out, seen = terminal.end()
    assert (code, out) == (130, "")
    assert "pausing; Ctrl-C again quits at once" in plain(seen)
    assert "panda: Case again was paused. Go on with `panda resume again`." in plain(seen)
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")  # the cursor is back
    assert peek(home / "cases/again").status == "paused"

    done = panda("resume", "again", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["files"]["verdict"] == str(tmp_path / "out/verdict.json")
    assert (tmp_path / "out/verdict.json").read_bytes() == (kept.out / "verdict.json").read_bytes()
    assert peek(home / "cases/again").status == "finished"


def test_sigterm_drains_quietly_without_a_terminal(begin, kept, home):
    with begin("investigate", kept.video, "--case", "term") as process:
        while not (home / "cases/term/graph.db").exists() and process.poll() is None:
            os.sched_yield()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (143, b"")
    first, tier, last = err.decode().splitlines()
    assert first == "case term · resume with: panda resume term"
    assert tier.startswith("tier bare")
    assert last == "panda: Case term was paused. Go on with `panda resume term`."
    assert peek(home / "cases/term").status == "paused"


def test_a_signal_at_the_very_start_of_a_case_says_how_to_resume_too(begin, panda, kept, home):
    with begin("investigate", kept.video, "--case", "early", "-q", "Does anyone fall?", bufsize=0) as process:
        assert process.stderr.readline().startswith(b"case early")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (143, b"")
    assert err.decode().splitlines()[-1].endswith("Go on with `panda resume early`.")
    done = panda("resume", "early", "--out", home / "out")
    assert done.code == 0, done.err
    assert (home / "out/verdict.json").read_bytes() == (kept.out / "verdict.json").read_bytes()


def test_a_case_that_one_process_works_on_is_refused_to_others_but_may_be_looked_at(begin, panda, kept, home):
    with begin("investigate", kept.video, "--case", "busy") as first:
        while not (home / "cases/busy/graph.db").exists() and first.poll() is None:
            os.sched_yield()
        first.send_signal(signal.SIGSTOP)
        for command in (("resume",), ("cases", "rm")):
            done = panda(*command, "busy")
            assert (done.code, done.out) == (2, "")
            assert f"Case busy is being worked on by another process (pid {first.pid})." in done.err
        done = panda("cases", "purge", "--older", "0m")
        assert (done.code, done.out, done.err) == (0, "", "note: case busy is being worked on and was left alone.\n")
        assert panda("log", "busy").code == panda("cases", "show", "busy").code == 0
        first.send_signal(signal.SIGCONT)
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=120)
    assert first.returncode == 143
    assert panda("cases", "rm", "busy").out == "removed busy\n"


def test_a_second_ctrl_c_quits_at_once(begin, kept):
    terminal = Terminal(begin, "investigate", kept.video, "--case", "twice")
    terminal.until("resume with")
    terminal.process.send_signal(signal.SIGINT)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end()[0] == 130


def test_a_signal_before_there_is_a_case_stops(script):
    done = script(
        "import os, signal\n"
        "from panda_agent.cli import inputs, process\n"
        "inputs.videos_of = lambda places: os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(process.run(['investigate', 'x.mp4']))"
    )
    assert (done.out, done.err) == ("143\n", "panda: stopped.\n")
