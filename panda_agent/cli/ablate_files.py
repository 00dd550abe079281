"""What an ablation leaves beside the runs of its cells: ablation.json, tables, and the page of its matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panda_agent.cli.ablate_page import page_of
from panda_agent.cli.table_files import csv_bytes, markdown
from panda_agent.evaluation.catalogue import MEASURES, UNDEFINED, Form, interval, signed, written
from panda_agent.evaluation.cells import Ablation
from panda_agent.evaluation.files import dump
from panda_agent.evaluation.findings import finding_of
from panda_agent.evaluation.matrix import COMPARED, Gap, Line, Matrix, facts_of
from panda_agent.reporting import write_atomic
from panda_agent.reporting.ablation import render_ablation
from panda_agent.reporting.evaluation import Table

BRIEF_HEAD = ("cell", "AUC micro", "less reference", "AUC within", "less reference", "right", "changed", "failed")
WRITTEN = (
    *("micro_auc", "within_video_auc", "ap", "event_map", "mean_tiou", "events_detected", "false_alarms_per_hour"),
    *("video_accuracy", "coverage", "looks_per_minute", "calls_per_minute", "tokens_per_minute", "money_per_minute"),
)


def findings_of(matrix: Matrix) -> dict[str, str]:
    """What each cell came to."""
    return {line.cell.name: finding_of(line, matrix) for line in matrix.lines}


def write_matrix(ablation: Ablation, matrix: Matrix, out: Path) -> dict[str, Path]:
    """Write the files of an ablation into its folder.

    Returns:
        The paths by name.
    """
    files = {"json": out / "ablation.json", "markdown": out / "ablation.md"}
    files |= {"csv": out / "ablation.csv", "page": out / "ablation.html"}
    told, table = findings_of(matrix), matrix_table(matrix, WRITTEN)
    facts = {
        "title": ablation.suite.title,
        "suite": ablation.suite.model_dump(mode="json", exclude_defaults=True),
        "videos": [one.name for one in ablation.truths],
        "reference": ablation.suite.reference,
        "comparisons": matrix.comparisons,
        "cells": facts_of(matrix, told),
    }
    write_atomic(files["json"], dump(facts))
    write_atomic(files["csv"], csv_bytes([table.head, *table.rows]))
    lines = "".join(f"- {name}: {finding}\n" for name, finding in told.items())
    text = f"# {ablation.suite.title}\n\n{markdown(table)}\n## What came of it\n\n{lines}"
    write_atomic(files["markdown"], text.encode("utf-8", "replace"))
    write_atomic(files["page"], render_ablation(page_of(ablation, matrix, told)).encode("utf-8", "replace"))
    return files


def matrix_table(matrix: Matrix, names: Sequence[str]) -> Table:
    """A row a cell: its figures, and after those that are compared the difference with its interval."""
    columns = [one for one in MEASURES if one.name in names]
    head = ["cell"]
    for one in columns:
        head += [one.title, *(("difference", "95 % interval", "p, Holm") if one.name in COMPARED else ())]
    head += ["verdicts changed", "processor seconds a minute", "failed", "misses"]
    note = (
        f"Per cent unless a unit stands there. {matrix.comparisons} comparisons; "
        "* can be told from 0 after Holm's correction for them."
    )
    return Table("Matrix", note, head, [_row(line, [(one.name, one.form) for one in columns]) for line in matrix.lines])


def brief_table(matrix: Matrix) -> list[tuple[str, ...]]:
    """What a terminal has room for."""
    rows = []
    for line in matrix.lines:
        metrics, told = line.cell.metrics or {}, [line.cell.name]
        for name in COMPARED:
            gap = None if line.against is None else line.against.gaps[name]
            difference, low_high, sure = _gap(gap)
            if low_high:
                difference = f"{difference} ({low_high}){sure[5:]}"
            told += [written(metrics.get(name)), "none" if gap is not None and gap.difference == 0 else difference]
        rows.append((*told, written(metrics.get("video_accuracy")), _verdicts(line), _failed(line)))
    return rows


def _row(line: Line, columns: Sequence[tuple[str, Form]]) -> list[str]:
    metrics, row = line.cell.metrics or {}, [line.cell.name]
    for name, form in columns:
        row.append(written(metrics.get(name), form))
        if name in COMPARED:
            row += _gap(None if line.against is None else line.against.gaps[name])
    return [*row, _verdicts(line), written(line.seconds_per_minute, "number"), _failed(line), str(line.cell.misses)]


def _verdicts(line: Line) -> str:
    return UNDEFINED if line.against is None else f"{line.against.verdicts} of {line.against.videos}"


def _failed(line: Line) -> str:
    return "all" if line.cell.metrics is None else str(len(line.cell.failures))


def _gap(gap: Gap | None) -> tuple[str, str, str]:
    if gap is None or gap.difference is None:
        return "", "", ""
    star = " *" if gap.apart else ""
    sure = "" if gap.corrected is None else f"{gap.corrected:.3f}{star}"
    return signed(gap.difference), interval(gap.interval, sign=True), sure
