"""Plain tables for stdout: drawn on a terminal, aligned columns in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from panda_agent.cli.output import print_drawn, stdout
from panda_agent.reporting.text import clean


def print_table(head: Sequence[str] | None, rows: Iterable[Sequence[str | Text]], *, brief: bool = False) -> None:
    """Print rows under a head; plain strings are untrusted, a Text is ours.

    Args:
        head: Names of the columns; None shows rows of a name and a value.
        rows: The first cell of a row is never broken.
        brief: Keep each row to one line, at the cost of its last cell, and break none of the others.
    """
    table = Table(
        box=box.SIMPLE_HEAD if head and stdout().is_terminal else None, show_header=head is not None, pad_edge=False
    )
    width = len(head) if head else 2
    for i in range(width):
        last = i == width - 1
        table.add_column(
            head[i] if head else "",
            style="cyan" if i == 0 else None,
            no_wrap=i == 0 or (brief and not last),
            overflow="fold",
        )
    for row in rows:
        *cells, tail = (cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row)
        if brief:
            tail.no_wrap, tail.overflow = True, "ellipsis"
        table.add_row(*cells, tail)
    print_drawn(table)
