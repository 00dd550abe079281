"""How the command line begins: at once, and with nothing heavy."""

from __future__ import annotations

import json

import pytest

HEAVY = {"torch", "cv2", "av", "numpy", "langgraph", "ultralytics", "faiss", "jinja2"}
AFTER_COMMIT = {"torch", "cv2", "torchvision", "langgraph", "ultralytics", "faiss", "lap", "openai", "rich.progress"}
"""PyAV is not among them: a file that is no video is refused before there is a case."""
TELL = "print(json.dumps([sorted(sys.modules), time.process_time()]))"


def test_help_loads_nothing_heavy_and_takes_under_a_second(script):
    done = script(f"import json, sys, time; from panda_agent.cli.process import run; run(['--help']); {TELL}")
    *text, last = done.out.splitlines()
    modules, seconds = json.loads(last)
    assert not HEAVY & set(modules)
    assert seconds < 1.0  # of processor time, so that a busy machine can't fail this
    assert "investigate" in "\n".join(text)


def test_the_case_is_committed_within_a_second_and_before_anything_heavy(script, film, home):
    """What matters is the order; and of time only that of the processor, which a busy machine can't lengthen."""
    done = script(
        "import json, pathlib, sys, time\n"
        "from panda_agent.cli import one, process\n"
        "from panda_agent.memory.case_store import CaseStore\n"
        "from panda_agent.memory.record import peek\n"
        "commit = CaseStore.create.__func__\n"
        "seen = []\n"
        "def create(cls, folder, record):\n"
        "    store = commit(cls, folder, record)\n"
        "    seen.append([peek(folder).question, sorted(sys.modules), time.process_time()])\n"
        "    return store\n"
        "CaseStore.create = classmethod(create)\n"
        "one.finish = lambda investigator, case_id: sys.exit(print(json.dumps(seen[0])))\n"
        f"process.run(['investigate', {str(film)!r}, '--case', 'early', '-q', 'Does anyone fall?'])"
    )
    question, modules, seconds = json.loads(done.out)
    assert question == "Does anyone fall?"
    assert not AFTER_COMMIT & set(modules)
    assert seconds < 1.0
    assert done.err.startswith("case early · resume with: panda resume early\n")


@pytest.mark.parametrize("args", [(), ("--help",), ("-h",), ("cases", "-h"), ("memory", "-h"), ("config", "-h")])
def test_help_is_given_on_stdout(inside, args):
    done = inside(*args)
    assert (done.code, done.err) == (0, "")
    assert "Usage: panda" in done.out


def test_every_command_has_json(inside):
    commands = [
        "investigate",
        "resume",
        "report",
        "log",
        "doctor",
        "graph",
        "config show",
        "memory list",
        "memory show",
    ]
    for command in (*commands, "memory rm", "cases list", "cases show", "cases rm", "cases purge"):
        assert "--json" in inside(*command.split(), "--help").out, command


def test_the_version_is_told(inside):
    assert inside("--version").out.startswith("panda_agent 0.")
