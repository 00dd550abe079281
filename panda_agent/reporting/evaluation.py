"""evaluation.html: one page for a run over a data set: figures, baselines, plots, and every video beside its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panda_agent.reporting.chart import Bar, area_below, path_of
from panda_agent.reporting.html import environment
from panda_agent.types import ScorePoint

MOST_POINTS = 120
"""Points of a small curve: each the highest of its stretch."""


@dataclass(frozen=True)
class Table:
    """Rows of text under a head; the first column is a name, the others are numbers."""

    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A plot, as SVG that is ours."""

    svg: str
    caption: str


@dataclass(frozen=True)
class VideoRow:
    """One video: what was said of it, and what is true."""

    name: str
    label: str
    """The verdict's label, or `failed`."""
    right: bool
    note: str
    seconds: float
    timeline: Sequence[tuple[float, float]] = ()
    true_spans: Sequence[tuple[float, float]] = ()
    href: str = ""
    """The page of its case, from this page, where there is one."""


@dataclass(frozen=True)
class Page:
    """Everything that the page shows."""

    title: str
    headline: str
    facts: Sequence[tuple[str, str, str]]
    """(name, value, what stands small below it)."""
    tables: Sequence[Table]
    figures: Sequence[Figure]
    videos: Sequence[VideoRow]
    provenance: Mapping[str, Any]


def render_evaluation(page: Page) -> str:
    """Render the page; what it quotes of others is escaped and cleaned."""
    rows = [_drawn(one) for one in page.videos]
    return environment().get_template("evaluation.html.j2").render(page=page, rows=rows)


def _drawn(one: VideoRow) -> dict[str, Any]:
    """The small curve of a video, with bars where something happens."""
    if not one.timeline:
        return {"it": one, "curve": "", "area": "", "spans": []}
    seconds = max(one.seconds, 1e-6)
    size = -(-len(one.timeline) // MOST_POINTS)
    buckets = (one.timeline[i : i + size] for i in range(0, len(one.timeline), size))
    points = [ScorePoint(t=min(t, seconds), score=score) for t, score in (max(b, key=lambda p: p[1]) for b in buckets)]
    curve = path_of(points, seconds)
    spans = [Bar(1000 * start / seconds, max(1000 * (end - start) / seconds, 3.0), "") for start, end in one.true_spans]
    return {"it": one, "curve": curve, "area": area_below(curve), "spans": spans}
