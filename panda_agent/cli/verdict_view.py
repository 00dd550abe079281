"""A verdict as a person reads it: what, when, why, what else it might have been, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from panda_agent.cli.files import Delivered
from panda_agent.cli.output import print_drawn, stdout
from panda_agent.reporting.facts import TOLD_AS
from panda_agent.reporting.text import clean, likelihood, plain
from panda_agent.types import Verdict, clock

WIDEST = 110
"""Longest line of a framed verdict; longer ones are hard to read."""
COLOURS = {"anomalous": "red", "inconclusive": "yellow", "normal": "green", "failed": "magenta"}
Row = tuple[str, Text]


def show_verdict(done: Delivered) -> None:
    """Print a verdict: framed on a terminal, bare in a pipe."""
    body = Group(*_parts(done))
    title = Text(clean(done.name), style="bold")
    if not stdout().is_terminal:
        print_drawn(title, body)
        return
    colour = COLOURS[done.verdict.label]
    width = min(stdout().width, WIDEST)
    print_drawn(Panel(body, title=title, title_align="left", border_style=colour, padding=(1, 2), width=width))


def _parts(done: Delivered) -> Iterator[RenderableType]:
    v = done.verdict
    yield _label(v)
    yield Text(clean(v.headline), style="bold")
    yield from _rows(None, _facts(v))
    yield from _rows(
        "Account",
        [
            (TOLD_AS[passage.role] if i == 0 else "", _cited(claim.text, claim.cites))
            for passage in v.account
            for i, claim in enumerate(passage.sentences)
        ],
    )
    yield from _rows("Because", [(str(c.span), _cited(c.text, c.cites)) for c in v.explanation])
    yield from _rows(
        "Set aside", [(f"{r.belief:.2f}", _cited(f"{r.statement} {r.why}", r.cites)) for r in v.rejected_alternatives]
    )
    yield from _rows("Mind", [("•", Text(clean(warning))) for warning in v.warnings])
    names = ("report", "verdict", "annotated", "clips")
    yield from _rows(
        None, [(name.capitalize(), Text(clean(str(done.files[name])))) for name in names if name in done.files]
    )


def _label(v: Verdict) -> Text:
    """Label, severity and confidence in one line."""
    text = Text(v.label.upper(), style=f"bold {COLOURS[v.label]}")
    severity = "" if v.severity is None else f"{v.severity} severity, "
    return text.append(
        f"  {severity}{likelihood(v.confidence)} to be right ({v.confidence:.2f})", style="not bold default"
    )


def _facts(v: Verdict) -> Iterator[Row]:
    if v.question is not None:
        yield "Question", Text(clean(v.question))
        yield "Answer", Text(clean(v.answer or "none"))
    if v.abstained_because is not None:
        yield "Open", Text(clean(v.abstained_because))
    for i, span in enumerate(v.spans):
        told = f"{clock(span.start)}–{clock(span.end)}  {plain(span.event_type)}, belief up to {span.peak:.2f}"
        yield "" if i else "When", Text(clean(told))


def _cited(text: str, cites: Iterable[str]) -> Text:
    told, listed = Text(clean(text)), ", ".join(map(clean, cites))
    return told.append(f" [{listed}]", style="dim") if listed else told


def _rows(title: str | None, rows: Iterable[Row]) -> Iterator[RenderableType]:
    """A heading over rows of two columns, the first as narrow as it can be; nothing where there are no rows."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for left, right in rows:
        table.add_row(left, right)
    if table.row_count:
        yield Text("" if title is None else f"\n{title}", style="bold")
        yield table if title is None else Padding(table, (0, 0, 0, 2))
