"""Tables as files: CSV that no spreadsheet runs, and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from panda_agent.reporting.csv_files import guard
from panda_agent.reporting.evaluation import Table


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as CSV, UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[_cell(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8", "replace")


def markdown(table: Table) -> str:
    """A table under its title and note."""
    rows = [table.head, ["---"] + ["---:"] * (len(table.head) - 1), *table.rows]
    body = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"## {table.title}\n\n{table.note}\n\n{body}\n"


def _cell(text: str) -> str:
    """Names can be anything and are guarded; a signed number is no formula."""
    return text if text[:1] in "+-" and text[1:2].isdigit() else guard(text)
