"""Every cell of a suite is worked into a run folder of its own; what was finished before is not worked again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from panda_agent.embedders import VECTORS
from panda_agent.errors import PandaError, UserError
from panda_agent.evaluation.cells import Ablation
from panda_agent.evaluation.folder import METRICS, VERSIONS, RunFolder
from panda_agent.evaluation.measured import Figures
from panda_agent.evaluation.pool import Done, Keep, Workers
from panda_agent.evaluation.result import Judged
from panda_agent.evaluation.rows import Row
from panda_agent.evaluation.run import Evaluated, asked_for, evaluate
from panda_agent.evaluation.versions import code_hash, measures_hash, versions

CELLS = "cells"
"""Folder of the run folders of all cells."""
Watch = Callable[[str, int, int, Done | None], None]
"""Told (cell, videos done, videos in all, the last one)."""
Finish = Callable[[str, Evaluated], None]
"""Given each cell that was measured, to write its tables and its page."""


@dataclass(frozen=True)
class Worked:
    """One cell that was worked, as far as it could be."""

    name: str
    row: Row
    folder: RunFolder
    metrics: Figures | None
    """None where it has no score of any video."""
    videos: tuple[Judged, ...] = ()
    why: str = ""
    """Why it has none."""
    skipped: bool = False
    """It was finished before."""

    @property
    def failures(self) -> list[dict[str, str]]:
        """The videos that failed: `video`, `why`."""
        return [] if self.metrics is None else self.metrics["failures"]

    @property
    def misses(self) -> int:
        """Looks that recordings do not hold."""
        return sum(one.result.misses for one in self.videos)


def ablate(
    ablation: Ablation,
    out: Path,
    *,
    data: Path | None,
    workers: int,
    watch: Watch = lambda cell, done, total, last: None,
    finish: Finish = lambda cell, done: None,
    keep: Callable[[str], Keep | None] = lambda cell: None,
    counted: bool = True,
) -> list[Worked]:
    """Work every cell that is not finished, the reference first.

    Args:
        ablation: The cells.
        out: The folder; one that holds part of the same ablation is gone on with.
        data: The folder of data sets.
        workers: Videos worked at a time; no figure depends on it.
        watch: Told of progress.
        finish: Given each cell that was measured.
        keep: What is given each verdict of a cell, where it was made.
        counted: Note looks at rows of `panda eval` (see `run.evaluate`).

    Raises:
        UserError: Settings or rules of a cell are wrong, or its folder holds another run: before anything is worked.
            Or the code was changed meanwhile: cells of two versions can't be compared.
    """
    code, names = check(ablation, out), [one.name for one in ablation.truths]
    done: list[Worked] = []
    with Workers(workers) as processes:
        for name, row in ablation.cells.items():
            folder, why = RunFolder(out / CELLS / name), ""
            skipped = is_finished(folder, names)
            if not skipped:
                try:
                    ran = evaluate(
                        row,
                        folder.path,
                        data=data,
                        workers=processes,
                        watch=partial(watch, name),
                        counted=counted,
                        keep=keep(name),
                        vectors=out / VECTORS,
                    )
                    finish(name, ran)
                except PandaError as error:  # the other cells go on, and this one is listed
                    why = str(error)
                _still(code, name)
            done.append(Worked(name, row, folder, None, why=why) if why else _known(name, row, folder, skipped))
    return done


def check(ablation: Ablation, out: Path) -> str:
    """Look at every cell before the first is worked; returns the hash of the code.

    Raises:
        UserError: Settings or rules of a cell are wrong, or its folder holds another run.
    """
    made, others = versions(), {}
    for name, row in ablation.cells.items():
        try:
            other = RunFolder(out / CELLS / name).other(asked_for(row, "bare"), made)
        except UserError as error:
            raise UserError(f"Cell {name!r}: {error.message}", hint=error.hint) from error
        if other is not None:
            others[name] = other
    if others:
        name, what = next(iter(others.items()))
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        raise UserError(
            f"{out / CELLS / name}{more} holds {what}.", hint=f"Choose another --out, or delete {out / CELLS}."
        )
    return str(made["code"])


def _still(code: str, name: str) -> None:
    if code_hash() != code:
        raise UserError(
            f"The code, or a pack that ships, was changed while cell {name!r} was worked.",
            hint="Cells of two versions can't be compared: delete the folder's cells and run the suite again.",
        )


def is_finished(folder: RunFolder, names: list[str]) -> bool:
    """Whether every video has its result, and all of them were measured by this code."""
    if not (folder.path / METRICS).is_file() or set(folder.results()) != set(names):
        return False
    known = folder.read(METRICS)
    return known["n_videos"] == len(names) and folder.read(VERSIONS).get("measured_by") == measures_hash()


def _known(name: str, row: Row, folder: RunFolder, skipped: bool) -> Worked:
    metrics, videos = folder.read(METRICS), tuple(folder.judged())
    if not videos:
        first = metrics["failures"][0]
        return Worked(name, row, folder, None, why=f"every video failed; {first['video']}: {_in_a_line(first['why'])}")
    return Worked(name, row, folder, metrics, videos, skipped=skipped)


def _in_a_line(why: str) -> str:
    """Of a traceback, the last error that it names; the whole stands in metrics.json."""
    named = [line for line in why.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return named[-1] if named else why
