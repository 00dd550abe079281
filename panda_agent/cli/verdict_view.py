"""A verdict as a person reads it: what, when, why, what else it might have been, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from panda_agent.cli.files import Delivered
from panda_agent.cli.output import stdout
from panda_agent.reporting.text import clean, likelihood, plain
from panda_agent.types import Verdict, clock

COLOURS = {"anomalous": "red", "inconclusive": "yellow", "normal": "green", "failed": "magenta"}
Row = tuple[str, str]


def show_verdict(done: Delivered) -> None:
    """Print a verdict: framed on a terminal, bare in a pipe."""
    console = stdout()
    body = Group(*_parts(done))
    colour = COLOURS[done.verdict.label]
    title = Text(clean(done.name), style="bold")
    if console.is_terminal:
        console.print(Panel(body, title=title, title_align="left", border_style=colour, padding=(1, 2), width=_width(console)))
    else:
        console.print(title, body, sep="\n")


def headline(v: Verdict) -> Text:
    """Label, severity and confidence in one line."""
    text = Text(v.label.upper(), style=f"bold {COLOURS[v.label]}")
    if v.severity is not None:
        text.append(f"  {v.severity} severity", style="bold")
    return text.append(f"  {likelihood(v.confidence)} to be right ({v.confidence:.2f})", style="not bold default")


def when(v: Verdict) -> str:
    """The anomalous stretches in short form."""
    return ", ".join(f"{clock(span.start)}–{clock(span.end)}" for span in v.spans)


def _width(console: Any) -> int:
    return min(int(console.width), 110)


def _parts(done: Delivered) -> Iterator[RenderableType]:
    v = done.verdict
    yield headline(v)
    yield Text(clean(v.headline), style="bold")
    if v.question is not None:
        yield from _section("Question", [("", v.question)])
        yield from _section("Answer", [("", v.answer or "none")])
    if v.abstained_because is not None:
        yield from _section("Why no answer", [("", v.abstained_because)])
    spans = [(f"{clock(s.start)}–{clock(s.end)}", f"{plain(s.event_type)}, belief up to {s.peak:.2f}") for s in v.spans]
    yield from _section("When", spans)
    yield from _section("Because", [(str(c.span), f"{c.text} {_cites(c.cites)}") for c in v.explanation])
    rejected = [(f"{r.belief:.2f}", f"{r.statement} {r.why} {_cites(r.cites)}") for r in v.rejected_alternatives]
    yield from _section("Set aside", rejected)
    yield from _section("Mind", [("•", warning) for warning in v.warnings])
    yield from _section("Files", _files(done))


def _files(done: Delivered) -> list[Row]:
    return [(name, str(path)) for name, path in done.files.items() if name not in ("run", "timeline")]


def _cites(cites: Iterable[str]) -> str:
    return f"[{', '.join(cites)}]"


def _section(title: str, rows: Iterable[Row]) -> Iterator[RenderableType]:
    """A heading over rows of two columns, the first as narrow as it can be; nothing where there are no rows."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for left, right in rows:
        table.add_row(Text(clean(left)), Text(clean(right)))
    if table.row_count:
        yield Text(f"\n{title}", style="bold")
        yield Padding(table, (0, 0, 0, 2))
