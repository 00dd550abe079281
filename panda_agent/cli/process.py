"""The process boundary: whatever happens inside, one clear sentence and the right exit code come out.

0 done, whatever the label · 2 usage · 3 video · 4 model · 5 internal · 10 a label of --fail-on ·
130 and 143 stopped by Ctrl-C and SIGTERM, to be resumed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from panda_agent.cli.output import complain, say
from panda_agent.cli.signals import Stopped, drain
from panda_agent.errors import CasePaused, PandaError


def run(args: Sequence[str]) -> int:
    """Run one command and return the exit code of the process."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal that can't show a letter
    with drain:
        return _guarded(args)


def _guarded(args: Sequence[str]) -> int:
    from panda_agent.cli.app import app

    try:
        code = app(args=list(args), prog_name="panda", standalone_mode=False)
    except Stopped:
        say(f"panda: stopped. {drain.hint}".rstrip())
        return drain.code
    except CasePaused as error:
        complain(error)
        return drain.code or error.exit_code
    except PandaError as error:
        complain(error)
        return error.exit_code
    except typer.TyperException as error:
        said = error.format_message().replace("Value error, ", "")  # pydantic's word for it
        say(f"panda: {said} {_help_hint(error)}")
        return 2
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # whoever read the help has gone, which rich ends by an exit
            return 0
        raise
    except Exception as error:  # the process boundary: nobody above could handle it
        from panda_agent.cli.crash import describe_crash

        say(f"panda: {describe_crash(error, args)}")
        return PandaError.exit_code
    return code if isinstance(code, int) else 0


def _help_hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"See `{context.command_path if context else 'panda'} --help`."
