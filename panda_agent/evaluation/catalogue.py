"""Every figure that a run prints: its name in metrics.json, what people call it, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["percent", "number", "seconds"]
Row = tuple[str, ...]
UNDEFINED = "–"


@dataclass(frozen=True)
class Measure:
    """One figure."""

    name: str
    title: str
    form: Form = "percent"


MEASURES = (
    Measure("micro_auc", "AUC, micro"),
    Measure("macro_auc", "AUC, macro"),
    Measure("abnormal_only_auc", "AUC, abnormal videos only"),
    Measure("within_video_auc", "AUC, within videos"),
    Measure("ap", "AP, step"),
    Measure("pr_auc_trapz", "PR-AUC, trapezoid"),
    Measure("pixel_auc", "AUC, pixels"),
    Measure("rbdc", "RBDC"),
    Measure("tbdc", "TBDC"),
    Measure("event_map", "event mAP, tIoU .1 to .5"),
    Measure("mean_tiou", "mean tIoU"),
    Measure("events_detected", "events with an alarm"),
    Measure("detection_delay", "delay of alarms, median", "seconds"),
    Measure("false_alarms_per_hour", "false alarms an hour", "number"),
    Measure("video_accuracy", "videos right"),
    Measure("video_f1", "F1 of videos"),
    Measure("coverage", "videos decided"),
    Measure("decided_accuracy", "right of those decided"),
    Measure("ece", "ECE of confidence"),
    Measure("brier", "Brier of confidence", "number"),
    Measure("groundedness", "sentences grounded"),
    Measure("looks_share", "answers used"),
    Measure("looks_per_minute", "second looks a minute", "number"),
    Measure("calls_per_minute", "model calls a minute", "number"),
    Measure("tokens_per_minute", "tokens a minute", "number"),
    Measure("money_per_minute", "money a minute", "number"),
)
BASELINES = ("raw", "ema", "gaussian", "every_3rd", "constant", "position", "oracle")
FIGURES_HEAD = ("measure", "all", "95 % interval", "dev", "held")
BASELINES_HEAD = ("scores", "AUC micro", "within", "AP", "gain micro", "95 % interval", "gain within", "95 % interval")
PUBLISHED_HEAD = ("published", "AUC micro", "what it saw")


def figures_table(metrics: Mapping[str, Any]) -> list[Row]:
    """A row for each figure that is defined anywhere: all, its interval, dev, held."""
    rows: list[Row] = []
    for one in MEASURES:
        values = [block.get(one.name) for block in (metrics, metrics["dev"], metrics["held"])]
        if any(value is not None for value in values):
            everything, dev, held = (written(value, one.form) for value in values)
            rows.append((one.title, everything, interval(metrics["ci"].get(one.name)), dev, held))
    return rows


def baselines_table(metrics: Mapping[str, Any]) -> list[Row]:
    """Ours, then each baseline with what ours gains over it; a star marks the best trivial one."""
    names = ("micro_auc", "within_video_auc", "ap")
    rows: list[Row] = [("panda", *(written(metrics[name]) for name in names), "", "", "", "")]
    for name, one in ordered(metrics["baselines"]):
        star = " *" if name == metrics["best_baseline"] else ""
        gains = [cell for key in ("micro_auc", "within_video_auc") for cell in _gain(one["gain"][key])]
        rows.append((one["title"] + star, *(written(one[key]) for key in names), *gains))
    return rows


def ordered(rivals: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Baselines as they are always told, whatever order a file has them in."""
    return sorted(rivals.items(), key=lambda row: BASELINES.index(row[0]) if row[0] in BASELINES else len(BASELINES))


def published_table(metrics: Mapping[str, Any]) -> list[Row]:
    """What others print, and whether they saw the same."""
    return [
        (
            one["system"],
            written(one["micro_auc"]),
            "the same observations" if one["same_observations"] else "other perception",
        )
        for one in metrics["published"]
    ]


def written(value: float | None, form: Form = "percent") -> str:
    """A figure for people: per cent with two digits; undefined is a dash."""
    if value is None:
        return UNDEFINED
    if form == "percent":
        return f"{100 * value:.2f}"
    return f"{value:.2f} s" if form == "seconds" else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def signed(value: float | None) -> str:
    """A difference in points of a hundred, with its sign."""
    return UNDEFINED if value is None else f"{100 * value:+.2f}"


def interval(pair: Sequence[float] | None, *, sign: bool = False) -> str:
    """An interval in points of a hundred."""
    if pair is None:
        return ""
    low, high = (signed(edge) if sign else written(edge) for edge in pair)
    return f"{low} … {high}"


def _gain(one: Mapping[str, Any] | None) -> tuple[str, str]:
    return ("", "") if one is None else (signed(one["difference"]), interval(one["interval"], sign=True))
