"""Writes the tables of docs/results.md from folders of `panda eval` and `panda ablate`: no figure is copied by hand.

python docs/list_results.py eval/ucf-crime eval/ucf-crime-online … ablations/clips …
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
LOOKS = ROOT / "docs" / "looks.jsonl"
Figures = Mapping[str, Any]


def renewed(text: str, part: str, lines: Sequence[str]) -> str:
    """The page with one part of it written anew; as it was where there is nothing to write.

    Args:
        text: The page.
        part: `results` or `ablations`: it stands between comments of that name.
        lines: Markdown.
    """
    if not lines:
        return text
    start, end = f"<!-- {part} -->", f"<!-- /{part} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n\n" + "\n".join(lines) + f"\n{end}{after}"


def tables(runs: Sequence[Figures]) -> Iterator[str]:
    """Markdown, line by line: the headline, the other figures, what is trivial, and what others print."""
    if not runs:
        return
    yield "| row | tier | micro AUC (95 %) | dev, held | within videos | gain over the best trivial: micro | within |"
    yield "|---|---|---|---|---|---|---|"
    yield from (headline(run) for run in runs)
    yield f"\nLooks at all videos of a row so far, of every row together: {looks()}.\n"
    measures = ("AP", "pixel AUC", "event mAP", "mean tIoU", "videos right", "decided", "ECE")
    yield row(["row", "tier", *measures, "false alarms an hour", "CPU s a minute"])
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    yield from (others(run) for run in runs)
    for run in runs:
        if run["tier"] == "bare":
            yield f"\n**{run['title']}**: on the same observations, and what others print.\n"
            yield "| scores | micro | within | gain of ours, micro | gain of ours, within |"
            yield "|---|---|---|---|---|"
            yield from (baseline(one) for one in run["baselines"].values())
            yield from (published(one) for one in run["published"])


def looks() -> int:
    """Runs that saw videos of the held half; those of dev videos alone are noted as well."""
    noted = [json.loads(line) for line in LOOKS.read_text("utf-8").splitlines()]
    return sum(one["held"]["n_videos"] > 0 for one in noted)


def headline(run: Figures) -> str:
    """A row of the first table."""
    best = run["baselines"][run["best_baseline"]]["title"]
    cells = [
        f"`{run['row']}`",
        run["tier"],
        f"**{percent(run['micro_auc'])}** ({span(run['ci']['micro_auc'])})",
        f"{percent(run['dev']['micro_auc'])}, {percent(run['held']['micro_auc'])}",
        f"{percent(run['within_video_auc'])} ({span(run['ci']['within_video_auc'])})",
        f"{gain(run['gain']['micro_auc'])} over {best}",
        gain(run["gain"]["within_video_auc"]),
    ]
    return row(cells)


def others(run: Figures) -> str:
    """A row of the second table."""
    names = ("ap", "pixel_auc", "event_map", "mean_tiou", "video_accuracy", "coverage", "ece")
    alarms = run["false_alarms_per_hour"]
    cost = "–" if run["cost"] is None else f"{run['cost']:.1f}"
    return row(
        [
            f"`{run['row']}`",
            run["tier"],
            *(percent(run[name]) for name in names),
            "–" if alarms is None else f"{alarms:.1f}",
            cost,
        ]
    )


def baseline(one: Figures) -> str:
    """What a trivial reading of the same answers reaches."""
    title = one["title"] if one["trivial"] else f"{one['title']} (no baseline: a ceiling)"
    return row(
        [
            title,
            percent(one["micro_auc"]),
            percent(one["within_video_auc"]),
            *(gain(one["gain"][name]) for name in ("micro_auc", "within_video_auc")),
        ]
    )


def published(one: Figures) -> str:
    """What others print."""
    seen = "the same observations" if one["same_observations"] else "other perception"
    return row([f"{one['system']}, as printed ({seen})", percent(one["micro_auc"]), "", "", ""])


def row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def percent(value: float | None) -> str:
    """A share in per cent."""
    return "–" if value is None else f"{value * 100:.2f}"


def span(interval: Sequence[float] | None) -> str:
    """An interval in per cent."""
    return "–" if interval is None else f"{interval[0] * 100:.1f} … {interval[1] * 100:.1f}"


def gain(one: Figures | None) -> str:
    """A difference with its interval, in points."""
    if one is None or one["difference"] is None:
        return "–"
    low, high = one["interval"] or (None, None)
    return f"{one['difference'] * 100:+.2f}" + ("" if low is None else f" ({low * 100:+.1f} … {high * 100:+.1f})")


def matrices(suites: Sequence[Figures]) -> Iterator[str]:
    """Markdown, line by line: a table for each ablation."""
    for one in suites:
        held_against = f"against `{one['reference']}`; {one['comparisons']} comparisons"
        yield f"\n**{one['title']}**: {len(one['videos'])} videos, {held_against}.\n"
        yield row(
            ["cell", "micro", "difference (95 %)", "within", "difference (95 %)", "videos right", "what came of it"]
        )
        yield "|---|---|---|---|---|---|---|"
        yield from (cell(name, line) for name, line in one["cells"].items())


def cell(name: str, line: Figures) -> str:
    """A row of an ablation's table."""
    figures, against = line["figures"] or {}, line["against"] or {}
    micro, within, right = (percent(figures.get(key)) for key in ("micro_auc", "within_video_auc", "video_accuracy"))
    gaps = [starred(against.get(key)) if against else "" for key in ("micro_auc", "within_video_auc")]
    told = [one.rstrip(".") for one in line["finding"].split(". ") if not one.startswith(("Told apart", "Not told"))]
    return row([f"`{name}`", micro, gaps[0], within, gaps[1], right, ". ".join(told)])


def starred(one: Figures | None) -> str:
    """A difference, with a star where it can be told from 0 after Holm's correction."""
    return gain(one) + (" *" if one and one["told_apart"] else "")


def read(folder: Path) -> Figures:
    """The figures of a run, with what its cases took."""
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    run = folder / "run.json"
    cost = json.loads(run.read_text("utf-8")).get("processor_seconds_per_minute") if run.is_file() else None
    return {**metrics, "cost": cost}


def main(folders: Sequence[Path]) -> None:
    """Renew the page."""
    runs = [read(folder) for folder in folders if (folder / "metrics.json").is_file()]
    found = [folder / "ablation.json" for folder in folders if (folder / "ablation.json").is_file()]
    text = renewed(PAGE.read_text("utf-8"), "results", [*tables(runs)])
    text = renewed(text, "ablations", [*matrices([json.loads(one.read_text("utf-8")) for one in found])])
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
