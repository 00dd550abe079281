"""A question for whoever sits at the terminal, when a case waits for a person."""

from __future__ import annotations

import select
import sys
from datetime import UTC, datetime

from panda_agent.cli.output import say
from panda_agent.errors import CasePaused
from panda_agent.reporting.text import clean
from panda_agent.types import HumanAsked

WORDS = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "u": "unclear", "unclear": "unclear", "": "unclear"}


def ask_person(asked: HumanAsked) -> dict[str, str]:
    """Put the question on stderr and read the answer from the terminal.

    Raises:
        CasePaused: There is no terminal, or it was closed; the case waits.
    """
    if not sys.stdin.isatty():
        raise _waits(asked)
    say(f"{asked.span}: which is true?")
    say(f"  (y)es      {clean(asked.statement)}")
    say(f"  (n)o       {clean(asked.benign)}")
    say("  (u)nclear")
    try:
        while (answer := WORDS.get(_line(asked, "y, n or u: ").lower())) is None:
            say("Answer y, n or u.")
    except TimeoutError:
        say("\nNobody answered in time: it stays undecided.")
        return {"answer": "unclear", "by": "nobody"}
    return {"answer": answer, "note": _line(asked, "in your own words, or Enter: ", hurry=False)}


def _line(asked: HumanAsked, prompt: str, *, hurry: bool = True) -> str:
    """A line that was typed.

    Raises:
        TimeoutError: The question's time is over.
        CasePaused: The terminal was closed.
    """
    print(prompt, end="", file=sys.stderr, flush=True)
    if hurry and asked.deadline is not None:
        _wait(asked.deadline)
    line = sys.stdin.readline()
    if not line:
        raise _waits(asked)
    return line.strip()


def _wait(deadline: str) -> None:
    """Wait until something is typed.

    Raises:
        TimeoutError: Nothing was, up to the deadline.
    """
    left = (datetime.fromisoformat(deadline) - datetime.now(UTC)).total_seconds()
    if sys.platform != "win32" and not select.select([sys.stdin], [], [], max(0.0, left))[0]:
        raise TimeoutError


def _waits(asked: HumanAsked) -> CasePaused:
    return CasePaused(
        f"Case {asked.case_id} waits for you: is it so at {asked.span} that {clean(asked.statement)}",
        hint=f"Answer with `panda resume {asked.case_id} --answer yes|no|unclear`."
        + (f" From {asked.deadline} on `panda resume {asked.case_id}` goes on without." if asked.deadline else ""),
    )
