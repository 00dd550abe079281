"""A row from its data to its figures, in a run folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from panda_agent.embedders import VECTORS
from panda_agent.equipment import equip
from panda_agent.errors import UserError
from panda_agent.evaluation.files import dump, write
from panda_agent.evaluation.folder import METRICS, RunFolder, settings_hash
from panda_agent.evaluation.looks import note_look
from panda_agent.evaluation.measured import Figures, measured
from panda_agent.evaluation.pool import Done, Keep, Workers, staff
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.rows import Row
from panda_agent.evaluation.sources import Task
from panda_agent.evaluation.truth import VideoTruth
from panda_agent.evaluation.versions import checkout, versions
from panda_agent.prompts import load_pack
from panda_agent.prompts.prompt_packs import load_prompts
from panda_agent.settings import Settings, Tier, load_settings

HOME = "work"
"""Folder of the run in which its cases are worked; gone when it is finished."""
Watch = Callable[[int, int, Done | None], None]
"""Told (videos done, videos in all, the last one)."""


@dataclass(frozen=True)
class Evaluated:
    """A finished run."""

    row: Row
    folder: RunFolder
    metrics: Figures
    videos: tuple[Judged, ...]
    failures: tuple[Done, ...]


def evaluate(
    row: Row,
    out: Path,
    *,
    data: Path | None,
    tier: Tier = "bare",
    workers: int | Workers = 1,
    watch: Watch = lambda done, total, last: None,
    counted: bool = True,
    keep: Keep | None = None,
    vectors: Path | None = None,
) -> Evaluated:
    """Work every video of a row that is not done yet, and measure.

    Args:
        row: What to work on, and how.
        out: The run folder; one that holds part of the same run is gone on with.
        data: The folder of data sets.
        tier: bare or weights.
        workers: Videos worked at a time, or processes that are there already; no figure depends on it.
        watch: Told of progress.
        counted: Note the look in the checkout's docs/looks.jsonl, where there is a checkout.
        keep: Given each verdict where it was made, for those who keep more of it.
        vectors: A file of the encoder's vectors that several runs share; None makes them for this run.

    Raises:
        UserError: Data are missing, or the folder holds another run.
    """
    truths = row.dataset.load(data)
    tasks = matched(row.source.tasks(data or Path()), truths, row.title)
    folder, made = RunFolder(out), versions()
    asked = asked_for(row, tier)
    folder.begin(asked, made)
    folder.keep_truth(truths)
    before = len(folder.results())
    # A home of this run alone: results rest on no case from elsewhere. A run that was killed finds its caches again.
    settings = _settings(row, tier, folder.path.absolute() / HOME)
    waiting = [replace(task, without=row.without, strategy=row.strategy, looks=row.looks) for task in tasks]
    failures = _worked(waiting, settings, folder, workers, watch, keep, vectors)
    results = folder.results()
    videos = [Judged(truth, results[truth.name]) for truth in truths if truth.name in results]
    folder.order([one.result for one in videos])
    metrics = {**_about(row, tier, failures), **measured(videos, sigma=row.sigma, online=row.online)}
    write(out / METRICS, dump(metrics))
    folder.measured(made)
    metrics = folder.read(METRICS)  # what is told is what is written
    root = checkout()
    if counted and root is not None and len(results) > before:  # to print the same once more is no second look
        note_look(root, row=row.name, commit=made["commit"], settings=settings_hash(asked), metrics=metrics)
    return Evaluated(row, folder, metrics, tuple(videos), tuple(failures))


def matched(tasks: Sequence[Task], truths: Sequence[VideoTruth], title: str) -> list[Task]:
    """The tasks in the order of the truth.

    Raises:
        UserError: A video has no truth, or no observations.
    """
    by_name = {task.name: task for task in tasks}
    missing = [one.name for one in truths if one.name not in by_name]
    unknown = sorted(set(by_name) - {one.name for one in truths})
    if missing or unknown:
        what = f"nothing was seen of {missing[0]}" if missing else f"nothing is known to be true of {unknown[0]}"
        raise UserError(
            f"{title}: truth and observations are of different videos ({len(missing)} and {len(unknown)}): {what}.",
            hint="Check the names on both sides.",
        )
    return [by_name[one.name] for one in truths]


def asked_for(row: Row, tier: Tier) -> dict[str, Any]:
    """All that is asked of a run: its hash tells runs apart.

    Raises:
        UserError: The tier's weights, or the rules, are not there.
    """
    settings = _settings(row, tier, Path())
    less = {"without": list(row.without), "strategy": row.strategy}
    told = {"prompts": load_prompts(settings.prompts).sha256} if "model" in settings.agent.stages else {}
    return {
        "row": row.name,
        "tier": tier,
        "settings": settings.judging(),
        "rules": load_pack(settings.rules).sha256,
        "weights": dict(equip(settings).hashes),
        "sigma": row.sigma,
        "source": repr(row.source),
        **(less if row.without or row.strategy != "panda" else {}),
        **({"looks": row.looks} if row.looks < 1 else {}),
        **told,
    }


def _worked(
    tasks: Sequence[Task],
    settings: Settings,
    folder: RunFolder,
    workers: int | Workers,
    watch: Watch,
    keep: Keep | None,
    vectors: Path | None,
) -> list[Done]:
    """Work what is not done yet, and keep it as it comes; returns the failures."""
    done = folder.results()
    waiting = [task for task in tasks if task.name not in done]
    finished, failures = len(tasks) - len(waiting), []
    watch(finished, len(tasks), None)
    if waiting and vectors is not None:
        _share(vectors.absolute(), settings.root / VECTORS)
    with staff(workers) as processes:
        for one in processes.work_all(waiting, settings, keep):
            finished += 1
            if one.result is None:
                failures.append(one)
            else:
                folder.add(one.result, one.seconds)
            watch(finished, len(tasks), one)
    shutil.rmtree(settings.root, ignore_errors=True)
    return failures


def _share(vectors: Path, place: Path) -> None:
    """Let a home have a file that lies elsewhere, and stays when the home goes."""
    for folder in (vectors.parent, place.parent):
        folder.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink():
        place.symlink_to(vectors)


def _settings(row: Row, tier: Tier, home: Path) -> Settings:
    return load_settings(**{**_plain(row.settings), "home": home, "tier": tier})


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) if isinstance(value, Mapping) else value for name, value in settings.items()}


def _about(row: Row, tier: Tier, failures: Sequence[Done]) -> Figures:
    return {
        "row": row.name,
        "title": row.title,
        "tier": row.seen_in or tier,
        "failures": [{"video": one.name, "why": one.why} for one in sorted(failures, key=lambda one: one.name)],
        "published": [
            {"system": p.system, "micro_auc": p.micro_auc, "same_observations": p.same} for p in row.published
        ],
    }
