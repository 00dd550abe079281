"""Two runs are compared, and the differences printed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from panda_agent.cli.output import print_json, print_plain
from panda_agent.cli.tables import print_table
from panda_agent.evaluation.catalogue import interval, signed, written
from panda_agent.evaluation.comparing import Compared, Difference, compare
from panda_agent.evaluation.folder import RunFolder
from panda_agent.evaluation.measured import pair
from panda_agent.evaluation.splits import SPLITS
from panda_agent.reporting.text import counted

HEAD = ("measure", "A", "B", "B - A", "95 % interval", "told apart")


def compare_runs(first: Path, second: Path, as_json: bool) -> None:
    """Print the differences of all videos, and of dev and held ones for the two AUCs that decide."""
    a, b = RunFolder(first), RunFolder(second)
    everything = compare(a, b)
    parts: dict[str, Compared] = {split: compare(a, b, split) for split in SPLITS if split != "all"}
    if as_json:
        print_json({name: _facts(one) for name, one in {"all": everything, **parts}.items()})
        return
    print_plain(f"A is {first}, B is {second}: {counted(everything.videos, 'video')} that both have")
    print_plain("")
    rows = [_row(one) for one in everything.differences]
    for split, compared in parts.items():
        decisive = [one for one in compared.differences if one.name in ("micro_auc", "within_video_auc")]
        rows += [(f"{split}: {one.title}", *_row(one)[1:]) for one in decisive]
    print_table(HEAD, rows)
    if everything.same:
        print_plain("\nEvery frame of every video has the same score in both: not distinguishable.")


def _row(one: Difference) -> tuple[str, ...]:
    gap = None if one.first is None or one.second is None else one.second - one.first
    apart = {True: "yes", False: "not distinguishable", None: ""}[one.told_apart]
    told = interval(pair(one.interval), sign=True)
    return one.title, written(one.first), written(one.second), signed(gap), told, apart


def _facts(compared: Compared) -> dict[str, Any]:
    rows = {one.name: {**asdict(one), "interval": pair(one.interval)} for one in compared.differences}
    return {"videos": compared.videos, "same": compared.same, "differences": rows}
