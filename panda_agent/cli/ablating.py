"""A suite is worked with a progress bar, its files are written, and its matrix is printed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from panda_agent.cli.ablate_files import BRIEF_HEAD, brief_table, findings_of, write_matrix
from panda_agent.cli.eval_files import write_files
from panda_agent.cli.evaluating import bar
from panda_agent.cli.output import print_json, print_plain, say
from panda_agent.cli.signals import drain
from panda_agent.cli.tables import print_table
from panda_agent.errors import PandaError
from panda_agent.evaluation.ablating import CELLS, Worked, ablate
from panda_agent.evaluation.cells import Ablation, ablation_of
from panda_agent.evaluation.matrix import Matrix, facts_of, matrix_of
from panda_agent.evaluation.pool import Done
from panda_agent.evaluation.run import Evaluated
from panda_agent.evaluation.suite import load_suite
from panda_agent.reporting.case_page import CasePages, page_name
from panda_agent.reporting.text import clean, counted
from panda_agent.settings import load_settings

CASES = "cases"
"""Folder of the pages of a cell's cases, inside its run folder."""


def ablate_suite(path: Path, out: Path | None, workers: int | None, as_json: bool) -> int:
    """Work a suite, write its files, print its matrix; the exit code says whether every cell has every verdict."""
    suite, data = load_suite(path), load_settings().data
    ablation = ablation_of(suite, path.parent, data)
    folder = out or Path("ablations") / path.stem
    drain.hint = "The same command goes on where it was."
    done = _worked(ablation, folder, data, workers or len(os.sched_getaffinity(0)))
    matrix = matrix_of(done, suite.reference)
    files = write_matrix(ablation, matrix, folder)
    if as_json:
        print_json({"cells": facts_of(matrix, findings_of(matrix)), "files": {k: str(v) for k, v in files.items()}})
    else:
        _print(ablation, matrix, files)
    return PandaError.exit_code if any(one.why or one.failures for one in done) else 0


def _worked(ablation: Ablation, folder: Path, data: Path | None, workers: int) -> list[Worked]:
    names, truth = list(ablation.cells), {one.name: one.spans for one in ablation.truths}
    began = time.monotonic()

    def finish(cell: str, done: Evaluated) -> None:
        nonlocal began
        link: Callable[[str], str] = lambda video: f"./{CASES}/{quote(page_name(video))}"  # noqa: E731
        write_files(done, time.monotonic() - began, link)
        began = time.monotonic()
        say(f"cell {names.index(cell) + 1} of {len(names)}: {cell}: {counted(len(done.videos), 'video')}")

    with bar() as show:

        def watch(cell: str, done: int, total: int, last: Done | None) -> None:
            show(done + total * names.index(cell), total * len(names), clean(cell, 40))

        return ablate(
            ablation,
            folder,
            data=data,
            workers=workers,
            watch=watch,
            finish=finish,
            keep=lambda cell: CasePages((folder / CELLS / cell / CASES).absolute(), cell, truth),
            counted=ablation.suite.on is not None,
        )


def _print(ablation: Ablation, matrix: Matrix, files: dict[str, Path]) -> None:
    suite = ablation.suite
    skipped = sum(line.cell.skipped for line in matrix.lines)
    known = f" · {counted(skipped, 'cell')} finished before" if skipped else ""
    print_plain(f"{clean(suite.title)} · {counted(len(ablation.truths), 'video')} · against {suite.reference}{known}")
    print_plain("")
    print_table(BRIEF_HEAD, brief_table(matrix))
    print_plain(f"* can be told from 0 after Holm's correction for {counted(matrix.comparisons, 'comparison')}")
    print_plain("")
    told = findings_of(matrix)
    print_table(None, [(line.cell.name, told[line.cell.name]) for line in matrix.lines])
    print_plain("")
    for line in matrix.lines:
        for one in line.cell.failures:
            say(f"panda: {line.cell.name}: {one['video']} failed and has no score: {one['why']}")
    places = {"matrix": "page", "tables": "markdown", "data": "json"}
    print_table(None, [(name, str(files[key])) for name, key in places.items()])
