"""Many videos: a case each, one summary page, the worst first; a bad video doesn't stop the others."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from panda_agent.cli.order import FAILED_ON, WATCHING, Order
from panda_agent.cli.output import print_json, say, stderr
from panda_agent.cli.signals import drain
from panda_agent.cli.tables import print_table
from panda_agent.cli.verdict_view import COLOURS
from panda_agent.cli.watch import Amount
from panda_agent.cli.workers import Job, Outcome, run_jobs
from panda_agent.reporting.summary import Entry, rank, write_summary
from panda_agent.reporting.text import clean
from panda_agent.types import Progress as Step

HEAD = ("video", "label", "severity", "confidence", "headline")


def investigate_many(videos: Sequence[Path], order: Order, workers: int) -> int:
    """Investigate videos, write a summary, print a table sorted by severity, and return the worst exit code."""
    out = _folder(videos, order)
    say(f"{len(videos)} videos · {order.tier}")
    jobs = _jobs(videos, order, out)
    with drain.asking(lambda: None):
        outcomes = list(_worked(jobs, workers))
    outcomes.sort(key=lambda outcome: rank(_entry(outcome)))
    files = write_summary([_entry(outcome) for outcome in outcomes], out)
    if order.as_json:
        print_json({"videos": [_facts(outcome) for outcome in outcomes], "summary": str(files["summary"])})
    else:
        print_table(HEAD, [_row(outcome) for outcome in outcomes])
        print_table(None, [("summary", str(files["summary"]))])
    return _worst(outcomes)


def _folder(videos: Sequence[Path], order: Order) -> Path:
    """Where the summary lies, and the reports in folders beside it."""
    if "out" in order.wish:
        return Path(order.wish["out"])
    return order.settings.root / "summaries" / f"{_safe(videos[0].absolute().parent.name)}-{secrets.token_hex(3)}"


def _jobs(videos: Sequence[Path], order: Order, out: Path) -> list[Job]:
    common = os.path.commonpath([video.absolute().parent for video in videos])
    jobs: list[Job] = []
    taken: set[str] = set()
    for number, video in enumerate(videos):
        folder = _unlike(_safe(video.stem), taken)
        wish = {**order.wish, "out": str(out.absolute() / folder)}
        jobs.append(Job(number, os.path.relpath(video.absolute(), common), video, replace(order, wish=wish)))
    return jobs


def _safe(name: str) -> str:
    """A file name as the name of a folder: letters of any script, digits, dots, dashes."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "video"


def _unlike(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free.casefold())
    return free


def _worked(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    with _bars(len(jobs)) as bars:
        for job, message in run_jobs(jobs, workers):
            bars.show(job, message)
            if isinstance(message, Outcome):
                yield message


class _Bars:
    """One bar for all, one for each video that is worked on, and a line for each that is done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._all = progress.add_task("videos", total=total)
        self._tasks: dict[int, TaskID] = {}

    def show(self, job: Job, message: Step | Outcome) -> None:
        if isinstance(message, Step):
            if job.number not in self._tasks:
                self._tasks[job.number] = self._progress.add_task(clean(job.name, 40), total=None)
            self._progress.update(
                self._tasks[job.number], completed=message.done, total=message.total, seconds=message.step == WATCHING
            )
            return
        if job.number in self._tasks:
            self._progress.remove_task(self._tasks.pop(job.number))
        self._progress.advance(self._all)
        self._line(message)

    def _line(self, outcome: Outcome) -> None:
        done = outcome.done
        told = f"{outcome.error} {outcome.hint or ''}" if done is None else done.verdict.headline
        if stderr().is_terminal:
            line = Text(f"{_label(outcome):>12}  ", style=COLOURS[_label(outcome)])
            line.append(f"{clean(outcome.job.name)}  ", style="default").append(clean(told), style="dim")
            self._progress.console.print(line)
        elif done is None:
            say(f"panda: {outcome.job.name}: {told}")


@contextmanager
def _bars(total: int) -> Iterator[_Bars]:
    columns = (SpinnerColumn("dots"), TextColumn("{task.description}", markup=False), BarColumn(30), Amount())
    with Progress(*columns, console=stderr(), transient=True, disable=not stderr().is_terminal) as progress:
        yield _Bars(progress, total)


def _label(outcome: Outcome) -> str:
    return _entry(outcome).label


def _entry(outcome: Outcome) -> Entry:
    if outcome.done is None:
        return Entry(name=outcome.job.name, error=outcome.error)
    return Entry(name=outcome.job.name, verdict=outcome.done.verdict, report=outcome.done.files["report"])


def _row(outcome: Outcome) -> tuple[str | Text, ...]:
    label = Text(_label(outcome), style=COLOURS[_label(outcome)])
    if outcome.done is None:
        return outcome.job.name, label, "", "", outcome.error or ""
    v = outcome.done.verdict
    return outcome.job.name, label, v.severity or "", f"{v.confidence:.2f}", v.headline


def _facts(outcome: Outcome) -> dict[str, Any]:
    facts: dict[str, Any] = {"video": str(outcome.job.video), "exit_code": outcome.code, "case_id": outcome.case_id}
    if outcome.done is None:
        return {**facts, "label": "failed", "error": outcome.error, "hint": outcome.hint}
    names = {"label", "headline", "event_type", "severity", "confidence", "spans", "abstained_because"}
    return {**facts, **outcome.done.verdict.model_dump(include=names), "report": str(outcome.done.files["report"])}


def _worst(outcomes: Sequence[Outcome]) -> int:
    """128 + the signal if one came; else the highest error; else 10 where a label of --fail-on was given."""
    codes = {outcome.code for outcome in outcomes}
    return drain.code or max(codes - {FAILED_ON}, default=0) or max(codes)
