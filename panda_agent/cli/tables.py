"""Plain tables for stdout: drawn on a terminal, aligned columns in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from panda_agent.cli.output import print_drawn, stdout
from panda_agent.reporting.text import clean


def print_table(head: Sequence[str] | None, rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows under a head, the first column never broken; plain strings are untrusted, a Text is ours."""
    table = Table(
        box=box.SIMPLE_HEAD if head and stdout().is_terminal else None, show_header=head is not None, pad_edge=False
    )
    width = len(head) if head else 2
    for i in range(width):
        table.add_column(head[i] if head else "", style="cyan" if i == 0 else None, no_wrap=i == 0, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
    print_drawn(table)
