"""What a run leaves beside its scores: tables, plots, a page, and what may differ between two runs of the same."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panda_agent.cli.eval_page import page_of, plots_of
from panda_agent.cli.table_files import csv_bytes, markdown
from panda_agent.evaluation.catalogue import (
    BASELINES_HEAD,
    FIGURES_HEAD,
    PUBLISHED_HEAD,
    baselines_table,
    figures_table,
    published_table,
)
from panda_agent.evaluation.folder import METRICS
from panda_agent.evaluation.metrics.ranking import roc_auc
from panda_agent.evaluation.metrics.videos import is_right
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.run import Evaluated
from panda_agent.evaluation.splits import is_dev
from panda_agent.reporting import json_bytes, write_atomic
from panda_agent.reporting.evaluation import Table, render_evaluation

VIDEOS_HEAD = (
    "video",
    "split",
    "truth",
    "anomalous_frames",
    "frames",
    "label",
    "right",
    "event_type",
    "confidence",
    "auc",
)


def write_files(done: Evaluated, seconds: float, link: Callable[[str], str] | None = None) -> dict[str, Path]:
    """Write tables, plots and the page of a finished run into its folder.

    Args:
        done: The run.
        seconds: How long this call took.
        link: The address of the page of a video's case, from the run folder; None where cases have none.

    Returns:
        The paths by name.
    """
    out, tables, plots = done.folder.path, tables_of(done), plots_of(done)
    files = {"metrics": out / METRICS, "page": out / "evaluation.html", "run": out / "run.json"}
    for name, table in tables.items():
        write_atomic(out / "tables" / f"{name}.csv", csv_bytes([table.head, *table.rows]))
    write_atomic(out / "tables" / "videos.csv", csv_bytes([VIDEOS_HEAD, *map(_of_video, done.videos)]))
    write_atomic(out / "tables.md", _markdown(done, list(tables.values())).encode())
    for name, plot in plots.items():
        write_atomic(out / "plots" / f"{name}.svg", plot.svg.encode())
    page = page_of(done, list(tables.values()), list(plots.values()), link)
    write_atomic(files["page"], render_evaluation(page).encode("utf-8", "replace"))
    write_atomic(files["run"], json_bytes(_run_facts(done, seconds)))
    return files


def tables_of(done: Evaluated) -> dict[str, Table]:
    """The tables of a run, by the name of their file."""
    metrics = done.metrics
    note = "Per cent unless a unit stands there. Intervals: 95 % of paired draws over videos."
    tables = {
        "figures": Table("Figures", note, FIGURES_HEAD, figures_table(metrics)),
        "baselines": Table(
            "Baselines",
            "On the same observations. * is the best that knows no label of the video; the oracle knows it.",
            BASELINES_HEAD,
            baselines_table(metrics),
        ),
    }
    if metrics["published"]:
        told = "As their authors print them; not measured here."
        tables["published"] = Table("Published", told, PUBLISHED_HEAD, published_table(metrics))
    return tables


def _of_video(one: Judged) -> tuple[str, ...]:
    within, r = roc_auc(one.truth.labels, one.scored.scores), one.result
    truth = one.truth.kind or ("anomalous" if one.truth.anomalous else "normal")
    return (
        *(r.video, "dev" if is_dev(r.video) else "held", truth, str(one.truth.anomalous_frames), str(one.truth.frames)),
        *(r.label, "yes" if is_right(one) else "no", r.event_type or "", f"{r.confidence:.4f}"),
        "" if within is None else f"{within:.6f}",
    )


def _markdown(done: Evaluated, tables: Sequence[Table]) -> str:
    metrics = done.metrics
    parts = [
        f"# {metrics['title']}\n\n{metrics['n_videos']} videos, {metrics['n_frames']} frames, tier {metrics['tier']}.\n"
    ]
    parts += [markdown(table) for table in tables]
    parts += [f"Failed: {one.name}.\n" for one in done.failures]
    return "\n".join(parts)


def _run_facts(done: Evaluated, seconds: float) -> dict[str, Any]:
    spent = done.folder.seconds()
    minutes = sum(one.truth.seconds for one in done.videos) / 60
    total = sum(spent.get(one.name, 0.0) for one in done.videos)
    return {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "seconds_of_this_call": round(seconds, 1),
        "processor_seconds_of_cases": round(total, 1),
        "processor_seconds_per_minute": total / minutes if minutes else None,
    }
