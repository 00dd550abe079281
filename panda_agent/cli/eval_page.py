"""evaluation.html of a finished run: what stands at its head, its plots, and every video beside its truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from panda_agent.evaluation.baselines import baselines
from panda_agent.evaluation.catalogue import interval, ordered, signed, written
from panda_agent.evaluation.curves import roc_points
from panda_agent.evaluation.folder import SETTINGS, VERSIONS
from panda_agent.evaluation.metrics.ranking import roc_auc
from panda_agent.evaluation.metrics.videos import is_right, reliability
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.run import Evaluated
from panda_agent.reporting.evaluation import Figure, Page, Table, VideoRow
from panda_agent.reporting.plots import Whisker, forest, square


def page_of(
    done: Evaluated, tables: Sequence[Table], figures: Sequence[Figure], link: Callable[[str], str] | None = None
) -> Page:
    """What evaluation.html shows.

    Args:
        done: The run.
        tables: Its tables.
        figures: Its plots.
        link: The address of the page of a video's case; None where cases have none.
    """
    metrics = done.metrics
    facts = _facts(done)
    failed = [VideoRow(one.name, "failed", False, one.why, 0.0) for one in done.failures]
    provenance = {"settings": done.folder.read(SETTINGS), "versions": done.folder.read(VERSIONS)}
    headline = f"{metrics['title']}: {written(metrics['micro_auc'])} micro AUC"
    rows = [*failed, *(_video_row(one, link) for one in sorted(done.videos, key=_worst_first))]
    return Page(metrics["title"], headline, facts, tables, figures, rows, provenance)


def _facts(done: Evaluated) -> list[tuple[str, str, str]]:
    """The figures at the head of the page."""
    metrics, best = done.metrics, done.metrics["best_baseline"]
    facts = [("AUC, micro", written(metrics["micro_auc"]), interval(metrics["ci"]["micro_auc"]))]
    if best and metrics["gain"]["micro_auc"]:
        gain = metrics["gain"]["micro_auc"]
        told = f"{metrics['baselines'][best]['title']}: {interval(gain['interval'], sign=True)}"
        facts.append(("gain over the best trivial", signed(gain["difference"]), told))
    failed = f"{len(done.failures)} failed" if done.failures else ""
    return [
        *facts,
        ("AUC, within videos", written(metrics["within_video_auc"]), interval(metrics["ci"]["within_video_auc"])),
        ("micro, dev", written(metrics["dev"]["micro_auc"]), f"{metrics['dev']['n_videos']} videos"),
        ("micro, held", written(metrics["held"]["micro_auc"]), f"{metrics['held']['n_videos']} videos"),
        ("videos", str(metrics["n_videos"]), failed),
        ("tier", metrics["tier"], ""),
    ]


def _worst_first(one: Judged) -> tuple[bool, float, str]:
    within = roc_auc(one.truth.labels, one.scored.scores)
    return is_right(one), -float(one.scored.scores.max(initial=0.0)) if within is None else within - 2.0, one.name


def _video_row(one: Judged, link: Callable[[str], str] | None) -> VideoRow:
    within = roc_auc(one.truth.labels, one.scored.scores)
    said = "" if within is None else f" · AUC {written(within)}"
    note = f"{one.truth.kind or ('anomalous' if one.truth.anomalous else 'normal')}{said}"
    r = one.result
    href = "" if link is None else link(r.video)
    return VideoRow(r.video, r.label, is_right(one), note, one.truth.seconds, r.timeline, one.truth.spans, href)


def plots_of(done: Evaluated) -> dict[str, Figure]:
    """The plots of a run, by the name of their file."""
    metrics = done.metrics
    plots = {}
    for name, title in (("micro_auc", "micro AUC"), ("within_video_auc", "AUC within videos")):
        rows = [
            _whisker(one["title"], one["gain"][name]) for _, one in ordered(metrics["baselines"]) if one["gain"][name]
        ]
        if rows:
            told = f"Gain in {title} over each baseline, points"
            plots[f"gain_{name}"] = Figure(forest(rows, told), "Paired 95 % intervals. Pale: the interval holds 0.")
    curves = _roc(done)
    if curves:
        told = "ROC over all frames."
        plots["roc"] = Figure(square(curves, "false alarms, share of normal frames", "hits", title=told), told)
    points = reliability([one for one in done.videos if one.result.label != "inconclusive"])
    if points:
        sure = {"verdicts": [(x, y) for x, y, _ in points]}
        told = f"Confidence against the share of labels that are right: {', '.join(str(n) for *_, n in points)} videos."
        plots["reliability"] = Figure(square(sure, "confidence", "right", dots=True, title="reliability"), told)
    return plots


def _roc(done: Evaluated) -> dict[str, list[tuple[float, float]]]:
    found = {"panda": roc_points([one.scored for one in done.videos])}
    metrics, raws = done.metrics, [one.result.observed for one in done.videos]
    online = done.row.online
    for other in baselines([one.truth for one in done.videos], raws, sigma=done.row.sigma, online=online):
        if other.name in (metrics["best_baseline"], "raw"):
            found[other.title] = roc_points(other.scored)
    return {name: points for name, points in found.items() if points}


def _whisker(title: str, gain: Mapping[str, Any]) -> Whisker:
    low, high = gain["interval"] or (None, None)
    scaled = [None if edge is None else 100 * edge for edge in (low, high)]
    return Whisker(title, 100 * gain["difference"], scaled[0], scaled[1])
