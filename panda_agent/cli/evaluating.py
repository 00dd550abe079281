"""A row is worked with a progress bar, its files are written, and its tables are printed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from panda_agent.cli.eval_files import write_files
from panda_agent.cli.output import print_json, print_plain, say, stderr
from panda_agent.cli.signals import drain
from panda_agent.cli.tables import print_table
from panda_agent.embedders import VECTORS
from panda_agent.errors import PandaError, UserError
from panda_agent.evaluation.catalogue import (
    BASELINES_HEAD,
    FIGURES_HEAD,
    PUBLISHED_HEAD,
    baselines_table,
    figures_table,
    published_table,
)
from panda_agent.evaluation.rows import Row, own_row, row_of
from panda_agent.evaluation.run import Evaluated, Watch, evaluate
from panda_agent.reporting.text import clean
from panda_agent.settings import Tier, load_settings


def evaluate_row(
    name: str,
    out: Path | None,
    tier: Tier,
    workers: int | None,
    recordings: Path | None,
    truth: str | None,
    as_json: bool,
) -> int:
    """Evaluate one row, write its files, print its tables; the exit code says whether every video has a verdict."""
    row = _own(recordings, truth) if name == "own" else row_of(name)
    if name != "own" and (recordings or truth):
        raise UserError("--recordings and --truth are for `panda eval own`.", hint=f"Leave them out for {name}.")
    folder = out or Path("eval") / row.name
    drain.hint = "The same command goes on where it was."
    began, settings = time.monotonic(), load_settings()
    with _watching() as watch:
        done = evaluate(
            row,
            folder,
            data=settings.data,
            tier=tier,
            workers=workers or len(os.sched_getaffinity(0)),
            watch=watch,
            counted=name != "own",
            vectors=settings.root / VECTORS,
        )
    files = write_files(done, time.monotonic() - began)
    if as_json:
        print_json({**done.metrics, "files": {key: str(path) for key, path in files.items()}})
    else:
        _print(done, files)
    return PandaError.exit_code if done.failures else 0


def _own(recordings: Path | None, truth: str | None) -> Row:
    if recordings is None or truth is None:
        raise UserError("`panda eval own` needs --recordings and --truth.", hint="See docs/evaluation.md.")
    return own_row(recordings, truth)


def _print(done: Evaluated, files: dict[str, Path]) -> None:
    metrics = done.metrics
    print_plain(f"{clean(metrics['title'])} · {metrics['n_videos']} videos · {metrics['tier']}")
    print_plain("")
    print_table(FIGURES_HEAD, [_bold(row) for row in figures_table(metrics)])
    print_plain("")
    print_table(BASELINES_HEAD, [_bold(row) if i == 0 else row for i, row in enumerate(baselines_table(metrics))])
    print_plain("* the best of those that know nothing of the video's label; gains are paired, over videos")
    print_plain("")
    if metrics["published"]:
        print_table(PUBLISHED_HEAD, published_table(metrics))
        print_plain("")
    for one in done.failures:
        say(f"panda: {one.name} failed and has no score: {one.why}")
    print_table(None, [("metrics", str(files["metrics"])), ("page", str(files["page"]))])


def _bold(row: tuple[str, ...]) -> tuple[str | Text, ...]:
    return (row[0], Text(row[1], style="bold"), *row[2:])


@contextmanager
def _watching() -> Iterator[Watch]:
    with bar() as show:
        yield lambda done, total, last: show(done, total, "videos" if last is None else clean(last.name, 40))


@contextmanager
def bar() -> Iterator[Callable[[int, int, str], None]]:
    """A bar over all videos, given how many are done, how many there are, and words; only on a terminal."""
    columns = (
        SpinnerColumn("dots"),
        TextColumn("{task.description}", markup=False),
        BarColumn(30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=stderr(), transient=True, disable=not stderr().is_terminal) as drawn:
        task = drawn.add_task("videos", total=None)
        yield lambda done, total, said: drawn.update(task, completed=done, total=total, description=said)
