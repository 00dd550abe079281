"""`panda ask`, `panda fork`, `panda log --diff` and `--full`, and `investigate -i`: in a pipe and on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

from panda_agent.cli.talk import matches

from .conftest import PANDA

FACT = "I know there was a fall from 0:03 to 0:05"


class Terminal:
    """A process that has a terminal on all three sides, and somebody who types."""

    def __init__(self, *args: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [*PANDA, *args], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, text: str) -> str:
        """Read until a text is seen; return what was shown since the last call."""
        deadline = time.monotonic() + 120
        while text not in self.plain and time.monotonic() < deadline:
            if select.select([self._ours], [], [], 1.0)[0]:
                self.seen += os.read(self._ours, 65536).decode(errors="replace")
        assert text in self.plain, self.plain
        shown, _, rest = self.plain.partition(text)
        self.seen = rest
        return shown + text

    def end(self) -> int:
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    os.read(self._ours, 65536)
                except OSError:  # the other side was closed
                    break
        code = self.process.wait(timeout=60)
        os.close(self._ours)
        return code

    @property
    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.seen)


def test_a_session_on_a_terminal_with_completion_and_history(finished, home):
    terminal = Terminal("ask", "yard")
    terminal.until("panda> ")
    terminal.type("undo\n")
    terminal.until("There is nothing to take back.")
    terminal.until("panda> ")
    terminal.type("verd\t\n")
    assert "Version 1 of 1, by the investigation." in terminal.until("panda> ")
    terminal.type("show fall.dr\t\n")
    assert "speaks for fall" in terminal.until("panda> ")
    terminal.type("nonsense\n")
    assert "That is none of the forms." in terminal.until("panda> ")
    terminal.type("\x04")
    assert terminal.end() == 0
    history = (home / "history").read_text()
    assert "undo" in history
    assert "nonsense" in history
    assert (home / "history").stat().st_mode & 0o077 == 0
    again = Terminal("ask", "yard")
    again.until("panda> ")
    again.type("\x1b[A")  # the arrow up
    again.until("nonsense")
    time.sleep(1.0)  # readline hears a signal only while it waits for a key
    again.process.send_signal(signal.SIGINT)
    assert again.end() == 130


def test_a_script_of_turns_is_a_readable_transcript(finished, inside, home):
    turns = f"# a comment\nwhy 0:03\n\n{FACT}\nshow nothing\ngibberish\nundo\nquit\nwhy\n"
    done = subprocess.run(
        [*PANDA, "ask", "yard"], input=turns, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0
    asked = [line for line in done.stdout.splitlines() if line.startswith("> ")]
    assert asked == ["> why 0:03", f"> {FACT}", "> show nothing", "> gibberish", "> undo", "> quit"]
    assert "Version 2: " in done.stdout
    assert "There is no row of evidence, and no rule, 'nothing'." in done.stdout
    assert "Version 3: " in done.stdout
    rows = json.loads(inside("log", "yard", "--json").out)
    assert [row["data"]["turn"] for row in rows if row["step"].startswith("talk ")] == [FACT, f"undo: {FACT}"]


def test_one_turn_is_answered_and_exits(finished, inside):
    assert inside("ask", "yard", "why 0:03").code == 0
    told = json.loads(inside("ask", "yard", "verdict", FACT, "--json").out)
    assert [one["version"] for one in told] == [None, 2]
    assert inside("ask", "yard", "gibberish").code == 2
    wrong = inside("ask", "yard", "show nothing")
    assert (wrong.code, wrong.out) == (2, "")
    assert inside("ask", "nowhere", "why").code == 2


def test_a_turn_that_names_what_is_missing_does_not_keep_the_others_from_an_answer(finished, inside):
    done = inside("ask", "yard", "show nonsense", "why 0:01")
    assert done.code == 2
    assert "nonsense" in done.err
    assert "At 0:01.0" in done.out


def test_diff_tells_what_moved_and_full_tells_all(finished, inside):
    assert inside("ask", "yard", FACT).code == 0
    diff = inside("log", "yard", "--diff", "1", "2")
    assert f"version 2, by {FACT}" in diff.out
    assert re.search(r"belief +fall .*supported", diff.out)
    moved = json.loads(inside("log", "yard", "--diff", "1", "2", "--json").out)["moved"]
    assert {"label", "span", "belief", "rule", "evidence"} <= {row["what"] for row in moved}
    assert inside("log", "yard", "--diff", "1", "3").code == 2
    full = inside("log", "yard", "--full").out
    assert "pass observe_motion@1" in full
    assert re.search(r"talk 1 .*\n  filed e\w+ human 0:03.0–0:05.0: A person says: ", full)
    steps = json.loads(inside("log", "yard", "--full", "--json").out)
    assert {"step", "at", "data", "input", "fired", "calls", "filed"} == set(steps[0])


def test_what_a_person_types_can_t_drive_the_terminal(finished, inside):
    assert inside("ask", "yard", "I know \x1b[2J it is \x07 fine").code == 0
    out = (
        inside("ask", "yard", "I know \x1b]0;owned\x07 it fell from 0:03 to 0:05").out
        + inside("log", "yard", "--full").out
    )
    assert "\x1b" not in out
    assert "\x07" not in out


def test_fork_prints_the_verdict_of_a_new_case(finished, panda):
    done = panda("fork", "yard", "--at", "conclude", "--as", "again", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert told["case_id"] == "again"
    assert told["provenance"]["forked"] == {"case": "yard", "at": "conclude"}
    assert "case again, forked from yard at conclude" in done.err
    assert panda("fork", "yard", "--as", "again").code == 2


def test_interactive_investigates_and_then_talks(film):
    command = [*PANDA, "investigate", "-i", str(film), "--case", "live"]
    done = subprocess.run(command, input="verdict\nquit\n", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    verdict, _, talked = done.stdout.partition("\n> verdict\n")
    assert verdict.startswith("walk.mp4")
    assert talked.startswith("Version 1 of 1, by the investigation.")
    assert subprocess.run([*command[:-1], "x", "--json"], capture_output=True, timeout=60, check=False).returncode == 2


def test_words_of_forms_are_completed_at_the_start_and_ids_behind_them():
    names = ["e12ab", "fight.energy", "left"]
    assert matches("", "w", names) == ["why ", "what ", "without "]
    assert matches("what ", "i", names) == ["if "]
    assert matches("show ", "e", names) == ["e12ab "]
    assert matches("look at ", "l", names) == ["left "]
    assert matches("", "e", names) == []
