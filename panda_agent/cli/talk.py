"""The session in which a case is talked about: at a terminal with history and completion, or from a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panda_agent.cli.output import print_plain, say, stderr
from panda_agent.conversation.forms import FORMS
from panda_agent.conversation.turns import Reply
from panda_agent.errors import BackendError, UserError
from panda_agent.reporting.text import clean

if TYPE_CHECKING:
    from panda_agent.conversation.session import Conversation

HISTORY = "history"
"""Under PANDA_HOME: what was typed, for the arrow keys."""
KEPT = 1000
"""Lines of it."""
PROMPT = "panda> "


def talk(conversation: Conversation, home: Path) -> None:
    """Answer lines until `quit` or the end of the input; what can't be answered is said, and the session goes on."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        for line in sys.stdin:
            if line.strip() and not line.lstrip().startswith("#"):
                print_plain(f"\n> {clean(line)}")
                if _turn(conversation, line):
                    return
        return
    print_plain("Ask, or type `help`; `quit` or Ctrl-D ends.")
    with _editing(home / HISTORY, conversation):
        for line in _typed():
            if line.strip() and _turn(conversation, line):
                return


def told(reply: Reply) -> list[str]:
    """The lines of a reply, harmless to a terminal."""
    lead = [] if reply.understood is None else [f"understood as: {reply.understood}"]
    return [_cleaned(line) for line in (*lead, *reply.lines)]


def _cleaned(line: str) -> str:
    """A line with its indent, and no sign in it that would drive a terminal."""
    return line[: len(line) - len(line.lstrip(" "))] + clean(line)


def _turn(conversation: Conversation, line: str) -> bool:
    """Answer one line; True where it ends the session."""
    try:
        with _waiting():
            reply = conversation.say(line)
    except (UserError, BackendError) as error:
        print_plain(clean(str(error)))
        return False
    if reply.lines:
        print_plain("\n".join(told(reply)))
    return reply.done


@contextmanager
def _waiting() -> Iterator[None]:
    """At a terminal, a sign of life."""
    if not stderr().is_terminal:
        yield
        return
    with stderr().status("…"):
        yield


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input(PROMPT)
        except EOFError:
            print_plain("")
            return


@contextmanager
def _editing(history: Path, conversation: Conversation) -> Iterator[None]:
    """Arrow keys, history and Tab, where Python has readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    try:
        readline.read_history_file(history)
    except OSError:  # none yet, or not readable: a session without history is one
        readline.clear_history()
    readline.set_history_length(KEPT)
    readline.set_completer_delims(" ,\t")
    readline.set_completer(_completer(readline, conversation))
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(None)
        _keep(readline, history)


def _keep(readline: Any, history: Path) -> None:
    try:
        history.parent.mkdir(parents=True, exist_ok=True)
        readline.write_history_file(history)
        history.chmod(0o600)
    except OSError as error:
        say(f"note: the history was not kept: {error.strerror}.")


def _completer(readline: Any, conversation: Conversation) -> Callable[[str, int], str | None]:
    names: list[str] = []

    def complete(word: str, n: int) -> str | None:
        if not names:
            names.extend(conversation.names())
        found = matches(readline.get_line_buffer()[: readline.get_begidx()], word, names)
        return found[n] if n < len(found) else None

    return complete


def matches(before: str, word: str, names: Sequence[str]) -> list[str]:
    """What a word at the cursor may become: the words of a form at the start of a line, ids and names behind them.

    Args:
        before: The line up to the word.
        word: What is typed of it.
        names: Ids and names of the case.
    """
    start = before.lower()
    forms = [form.name for form in FORMS if form.name.lower().startswith(start)]
    words = [name[len(before) :].split(" ")[0] for name in forms]
    pool = words if start == "" else [*words, *names]
    return [f"{one} " for one in dict.fromkeys(pool) if one and one.lower().startswith(word.lower())]
