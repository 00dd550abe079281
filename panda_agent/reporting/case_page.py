"""A small page of one case among many: its verdict, its score over time, and each sentence with what it cites.

No pictures and no media: a suite of an ablation leaves thousands of these. `html` has the whole report.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from panda_agent.reporting.chart import Bar, area_below, path_of, ticks_of
from panda_agent.reporting.facts import duration, exhibits, threshold
from panda_agent.reporting.html import environment, numbered
from panda_agent.reporting.json_files import write_atomic
from panda_agent.types import Verdict

MOST_CITES = 6
"""Pieces of evidence of one sentence that are laid out."""
MOST_FIRED = 20
"""Rules that are listed."""
Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class CasePages:
    """Writes a page a case into a folder; can be handed to another process."""

    folder: Path
    cell: str
    """What the cases were worked as."""
    truth: Mapping[str, Spans]
    """By the name of a video, the seconds that are anomalous."""

    def __call__(self, name: str, verdict: Verdict) -> None:
        """Write the page of one case."""
        page = render_case(name, verdict, self.cell, self.truth.get(name, ()))
        write_atomic(self.folder / page_name(name), page.encode("utf-8", "replace"))


def page_name(video: str) -> str:
    """A file name for whatever a video is called."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", video)[:60].strip("-")
    return f"{readable}.{hashlib.sha256(video.encode('utf-8', 'replace')).hexdigest()[:8]}.html"


def render_case(name: str, v: Verdict, cell: str, truth: Spans) -> str:
    """Render the page; what it quotes of others is escaped and cleaned.

    Args:
        name: The video's name.
        v: The verdict.
        cell: What the case was worked as.
        truth: The seconds that are anomalous.
    """
    seconds, shown = max(duration(v), 1e-6), exhibits(v)
    sentences = [*(one.cites for one in v.explanation), *(one.cites for one in v.rejected_alternatives)]
    told = {cite for cites in sentences for cite in cites[:MOST_CITES]}
    rows = {cite: it for cite, it in shown.items() if cite in told}
    curve = path_of(v.score_timeline, seconds)
    return (
        environment()
        .get_template("case.html.j2")
        .render(
            v=v,
            name=name,
            cell=cell,
            seconds=seconds,
            curve=curve,
            area=area_below(curve),
            threshold=threshold(v),
            ticks=ticks_of(seconds),
            spans=_bars([(span.start, span.end) for span in v.spans], seconds),
            truth=_bars(truth, seconds),
            rows=rows,
            more=len(shown) - len(rows),
            most=MOST_CITES,
            fired=[(line, numbered(line.why, shown)) for line in v.trace if line.outcome == "fired"][:MOST_FIRED],
        )
    )


def _bars(spans: Spans, seconds: float) -> list[Bar]:
    return [Bar(1000 * start / seconds, max(1000 * (end - start) / seconds, 3.0), "") for start, end in spans]
