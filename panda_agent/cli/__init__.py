"""The command line. `main` is the entry point `panda`; each command is one module."""

from __future__ import annotations

import sys


def main() -> int:
    """Run `panda` with the arguments of the process, and return its exit code."""
    from panda_agent.cli.process import run

    return run(sys.argv[1:])
