"""`panda log`: what was done in a case, step by step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from panda_agent.cli.options import CaseId, Json

GIST = ("headline", "failed", "reason", "why", "scene", "tool")
"""Fields of a step that say what it was about, the best first."""


def log(case: CaseId, as_json: Json = False) -> None:
    """Show what was done in a case, step by step, with the time of day."""
    from rich.table import Table
    from rich.text import Text

    from panda_agent.cli.output import print_drawn, print_json
    from panda_agent.memory.case_store import CaseStore, case_folder
    from panda_agent.reporting.text import clean
    from panda_agent.settings import load_settings

    with CaseStore.open(case_folder(load_settings().root, case)) as store:
        rows = store.log_rows()
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(_time_of_day(row.at), Text(clean(_name(row.step))), Text(clean(_gist(row.data))))
    print_drawn(table)


def _name(step: str) -> str:
    """`judge 0.2`, which is kept, is `judge clip 1, look 3` to people, who count from 1."""
    parts = re.fullmatch(r"(\w+) (\d+)\.(\d+)", step)
    if parts is None:
        return step
    return f"{parts[1]} clip {int(parts[2]) + 1}" + (f", look {int(parts[3]) + 1}" if parts[3] != "0" else "")


def _gist(data: Mapping[str, Any]) -> str:
    from panda_agent.types import clock

    said = next((str(data[name]) for name in GIST if data.get(name)), "")
    if not {"status", "score", "span"} <= data.keys():
        return said
    return f"{clock(data['span']['start'])}–{clock(data['span']['end'])} {data['status']} ({data['score']:.2f}): {said}"


def _time_of_day(at: str) -> str:
    from datetime import datetime

    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
