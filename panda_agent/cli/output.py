"""Where words go: results to stdout, all else to stderr, and nothing that others wrote can drive the terminal."""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from typing import Any, TextIO

from panda_agent.errors import PandaError
from panda_agent.reporting.text import clean

MAX_LINE = 4000
"""Longest message, in characters."""


def say(text: str) -> None:
    """Write one line to stderr, whatever it quotes."""
    _write(sys.stderr, clean(text, MAX_LINE) + "\n")


def complain(error: PandaError) -> None:
    """Say in one line what is wrong and what to do next."""
    say(f"panda: {error}")


def print_json(value: Any) -> None:
    """Write JSON to stdout: sorted keys, numbers to 6 digits, ASCII only, so no terminal acts on what it quotes."""
    from panda_agent.reporting import json_bytes

    plain = json.loads(json_bytes(value))
    _write(sys.stdout, json.dumps(plain, sort_keys=True, indent=1) + "\n")


def print_plain(text: str) -> None:
    """Write our own text, e.g. a diagram, to stdout as it is."""
    _write(sys.stdout, text if text.endswith("\n") else text + "\n")


def print_drawn(*parts: Any) -> None:
    """Print what rich draws to stdout, without the blanks that it leaves at the ends of lines."""
    with stdout().capture() as drawn:
        stdout().print(*parts, sep="\n")
    print_plain("\n".join(line.rstrip() for line in drawn.get().splitlines()))


@cache
def stdout() -> Any:
    """The terminal, or the pipe, for results; see `_console`."""
    return _console(stderr=False)


@cache
def stderr() -> Any:
    """The terminal for progress; see `_console`."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Any:
    """A rich console that takes brackets, links and smileys in text for what they are, and minds NO_COLOR and pipes."""
    from rich.console import Console  # only now: the case is committed before this is loaded

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            silence(sys.stderr if stderr else sys.stdout)

    console = Terminal(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = 160  # a pipe has no width; long enough for one sentence a line
    return console


def silence(stream: TextIO) -> None:
    """Let what is written from now on vanish: whoever read it has gone, which is no error of ours."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        silence(stream)
