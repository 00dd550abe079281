"""One page for a folder of videos, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from panda_agent.reporting.chart import Bar, area_below, path_of
from panda_agent.reporting.facts import duration
from panda_agent.reporting.html import environment
from panda_agent.reporting.json_files import json_bytes, write_atomic
from panda_agent.types import Verdict

_SEVERITY = {"high": 0, "medium": 1, "low": 2, None: 3}
_LABEL = {"anomalous": 0, "inconclusive": 1, "normal": 2}


@dataclass(frozen=True)
class Entry:
    """One video of the folder: its verdict, or why there is none."""

    name: str
    """How the video is called on the page."""
    verdict: Verdict | None = None
    report: Path | None = None
    """Its report.html, inside the folder of the summary."""
    error: str | None = None
    """Why it could not be investigated."""

    @property
    def label(self) -> str:
        """The verdict's label, or `failed`."""
        return "failed" if self.verdict is None else self.verdict.label


def write_summary(entries: Sequence[Entry], out: Path) -> dict[str, Path]:
    """Write summary.html and summary.json into a folder.

    Args:
        entries: The videos, in any order.
        out: The folder that also holds the reports.

    Returns:
        The paths by name: `summary`, `summary_json`.
    """
    ranked = sorted(entries, key=rank)
    page = (
        environment()
        .get_template("summary.html.j2")
        .render(
            rows=[_row(entry, out) for entry in ranked],
            tally={label: sum(e.label == label for e in ranked) for label in (*_LABEL, "failed")},
        )
    )
    files = {"summary": out / "summary.html", "summary_json": out / "summary.json"}
    write_atomic(files["summary"], page.encode("utf-8", "replace"))
    write_atomic(files["summary_json"], json_bytes({"videos": [_facts(entry, out) for entry in ranked]}))
    return files


def rank(entry: Entry) -> tuple[int, int, float, str]:
    """Sort key: severity, then label, then confidence. A failure stands with the inconclusive, before any normal."""
    v = entry.verdict
    if v is None:
        return _SEVERITY[None], 1, 0.0, entry.name
    return _SEVERITY[v.severity], _LABEL[v.label], -v.confidence, entry.name


def _facts(entry: Entry, out: Path) -> dict[str, Any]:
    v = entry.verdict
    facts: dict[str, Any] = {"video": entry.name, "label": entry.label, "report": _link(entry, out)}
    if v is None:
        return facts | {"error": entry.error}
    names = ("headline", "event_type", "severity", "confidence", "abstained_because")
    spans = [{"start": span.start, "end": span.end} for span in v.spans]
    return facts | {name: getattr(v, name) for name in names} | {"spans": spans}


def _row(entry: Entry, out: Path) -> dict[str, Any]:
    """What the page shows of a video."""
    row: dict[str, Any] = {"entry": entry, "v": entry.verdict, "link": _link(entry, out)}
    if entry.verdict is not None:
        seconds = duration(entry.verdict)
        curve = path_of(entry.verdict.score_timeline, seconds)
        row |= {"curve": curve, "area": area_below(curve), "seconds": seconds}
        row["spans"] = [
            Bar(1000 * s.start / seconds, max(1000 * (s.end - s.start) / seconds, 4.0), "") for s in entry.verdict.spans
        ]
    return row


def _link(entry: Entry, out: Path) -> str | None:
    """Relative address of a report. It starts with ./ so that no file name is taken for a scheme."""
    if entry.report is None:
        return None
    return "./" + quote(entry.report.relative_to(out).as_posix())
