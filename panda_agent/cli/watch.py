"""The live view of a running case, on stderr and on terminals only: a progress bar, and findings as they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from panda_agent.cli.order import WATCHING
from panda_agent.cli.output import stderr
from panda_agent.reasoning.rules.engine import weigh
from panda_agent.reporting.text import clean, counted
from panda_agent.types import Event, Evidence, EvidenceFound, Judged, Planned, Reflected, Rule, clock
from panda_agent.types import Progress as Step

_STEPS = {WATCHING: "watching"}
"""What the long steps are called on the screen."""
WORTH = 1.0
"""Log-odds by which a rule must move belief on a finding for it to be worth a line."""


@contextmanager
def watching(rules: Sequence[Rule]) -> Iterator[Callable[[Event], None]]:
    """Show a case live; on anything but a terminal, say nothing.

    Args:
        rules: The rules of the case: what one of them fires on is a finding worth a line.
    """
    if not stderr().is_terminal:
        yield _ignore
        return
    with Progress(
        SpinnerColumn("dots"),
        TextColumn("{task.description}", markup=False),
        BarColumn(30),
        Amount(),
        console=stderr(),
        transient=True,
    ) as bar:
        yield Watch(bar, rules)


def _ignore(event: Event) -> None:
    """Nobody watches."""


class Watch:
    """Turns events into lines above a progress bar."""

    def __init__(self, bar: Progress, rules: Sequence[Rule]) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None)
        self._rules = [rule for rule in rules if rule.supports == "anomaly"]

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Step():
                step = _STEPS.get(event.step, clean(event.step))
                self._bar.update(
                    self._task,
                    description=step,
                    completed=event.done,
                    total=event.total,
                    seconds=event.step == WATCHING,
                )
            case EvidenceFound(evidence=row) if self._matters(row):
                self._line(row.span.start, clean(row.statement), "default")
            case Planned():
                self._bar.update(self._task, description="judging", completed=0, seconds=True)
                self._line(
                    None,
                    f"plan: {counted(len(event.rules), 'rule')} for this scene. {clean(event.scene.overview)}",
                    "dim",
                )
            case Judged(judgement=judgement):
                self._bar.update(self._task, completed=judgement.span.end)
                if judgement.changed is not None:
                    self._line(judgement.span.start, clean(judgement.changed), "italic")
            case Reflected(tool=str(tool)):
                self._line(None, f"looking again ({clean(tool)}): {clean(event.why)}", "dim")

    def _matters(self, row: Evidence) -> bool:
        return any(firing.weight >= WORTH for firing in weigh(self._rules, [row], misses=False).fired())

    def _line(self, time: float | None, text: str, style: str) -> None:
        row = Table.grid(padding=(0, 2))
        row.add_column(width=9, justify="right", style="cyan")
        row.add_row("" if time is None else clock(time), Text(text, style=style))
        self._bar.console.print(row)


class Amount(TextColumn):
    """How much is done of how much: seconds of video where the task says so, else things."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        """Write `0:12.0 of 1:30.0`, or `3 of 16`."""
        if task.total is None and not task.completed:
            return Text("")
        told = clock if task.fields.get("seconds") else "{:.0f}".format
        return Text(told(task.completed) + ("" if task.total is None else f" of {told(task.total)}"), style="cyan")
