"""timeline.csv: one row a moment, for spreadsheets and plots."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable

from panda_agent.reporting.facts import blind_spans
from panda_agent.reporting.text import clean
from panda_agent.types import AnomalySpan, Evidence, Verdict

COLUMNS = ("t", "score", "label", "event_types", "evidence")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def timeline_csv(v: Verdict) -> bytes:
    """Write the score timeline as CSV (UTF-8): seconds, score, label at that moment, event types, active evidence.

    The label is `anomalous` inside a span, `not seen` where there was no picture, else `normal`, or `inconclusive`
    where the verdict is.
    """
    blind = blind_spans(v)
    near = _by_second(v)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in v.score_timeline:
        spans = [span for span in v.spans if span.start <= point.t <= span.end]
        unseen = any(span.start < point.t < span.end for span in blind)
        active = [row.cite for row in near[int(point.t)] if row.span.start <= point.t <= row.span.end]
        types = sorted({span.event_type for span in spans})
        writer.writerow([f"{point.t:.3f}", f"{point.score:.6f}", _label(v, spans, unseen), _cell(types), _cell(active)])
    return text.getvalue().encode("utf-8")


def _by_second(v: Verdict) -> dict[int, list[Evidence]]:
    """The evidence that touches each second: testing every row at every moment would take minutes for a long video."""
    near: dict[int, list[Evidence]] = defaultdict(list)
    for row in v.evidence_rows:
        for second in range(int(row.span.start), int(row.span.end) + 1):
            near[second].append(row)
    return near


def _label(v: Verdict, spans: list[AnomalySpan], unseen: bool) -> str:
    if spans:
        return "anomalous"
    if unseen:
        return "not seen"
    return "inconclusive" if v.label == "inconclusive" else "normal"


def _cell(items: Iterable[str]) -> str:
    """Join texts in one cell that no spreadsheet takes for a formula."""
    return guard(" ".join(clean(item) for item in items))


def guard(text: str) -> str:
    """Prefix what a spreadsheet would run (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
