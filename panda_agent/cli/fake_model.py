"""`panda fake-model`: a scripted model endpoint on this machine, to try things without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Script = Annotated[Path, typer.Option(help="What it answers: a YAML file.", metavar="FILE", show_default=False)]
Port = Annotated[int, typer.Option(help="Where it listens; 0 takes a free port.", metavar="N", min=0, max=65535)]


def fake_model(script: Script, port: Port = 0) -> None:
    """Serve a scripted model on this machine until Ctrl-C; the first line of output is its address."""
    import threading

    from panda_agent.backends.fake_server import FakeServer
    from panda_agent.backends.script import load_script
    from panda_agent.cli.output import print_plain, say

    with FakeServer(load_script(script), port) as server:
        print_plain(server.base_url)
        say(f"Use it by PANDA_MODEL__BASE_URL={server.base_url}; Ctrl-C ends it.")
        threading.Event().wait()  # a signal raises Stopped here
