"""The cells of a suite, spelled out: each a row of `panda eval` of its own, over the same videos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets import DATASETS, Dataset
from panda_agent.evaluation.rows import Row, own_row, row_of
from panda_agent.evaluation.run import matched
from panda_agent.evaluation.sources import Captions, Task
from panda_agent.evaluation.splits import part
from panda_agent.evaluation.strategies import ALONE, FROM_ROWS
from panda_agent.evaluation.suite import NAME, Cell, Suite
from panda_agent.evaluation.truth import VideoTruth
from panda_agent.importers import CAPTIONS
from panda_agent.memory.recording import read_recording
from panda_agent.nodes.materials import over
from panda_agent.settings import LADDER, STAGES


@dataclass(frozen=True)
class Chosen:
    """Some of the tasks of a source, read once for all cells."""

    origin: str
    """What they were chosen from, and how: other words, another run."""
    some: tuple[Task, ...] = field(repr=False)

    def tasks(self, data: Path) -> list[Task]:
        """They; `data` does not matter."""
        return list(self.some)


@dataclass(frozen=True)
class Ablation:
    """A suite that is ready to be worked."""

    suite: Suite
    truths: tuple[VideoTruth, ...]
    cells: Mapping[str, Row]
    """By name, the reference first."""


def ablation_of(suite: Suite, place: Path, data: Path | None) -> Ablation:
    """Spell a suite out.

    Args:
        suite: What was asked for.
        place: The folder that its paths start from.
        data: The folder of data sets.

    Raises:
        UserError: Something that it names is not there.
    """
    base, truths = _chosen(_base(suite, place), suite, data)
    held = held_by(base.source.tasks(Path()))
    base = replace(base, seen_in=held.tier)
    cells = cells_of(suite, held.ran)
    for name, cell in cells.items():
        _check(name, _laid_over([suite.common, cell]), held.known, whole=suite.recordings is not None)
    names = sorted(cells, key=lambda name: name != suite.reference)
    return Ablation(suite, tuple(truths), {name: _row(base, suite.common, cells[name], name, place) for name in names})


def cells_of(suite: Suite, ran: Iterable[str]) -> dict[str, Cell]:
    """All cells by name: those written down, the product of the axes, the ladder, and one without each tool.

    Args:
        suite: What was asked for.
        ran: The tools that ran.

    Raises:
        UserError: A name comes twice, or can't be the name of a folder; or the reference is none of them.
    """
    cells: dict[str, Cell] = {}
    for name, cell in _spelled_out(suite, ran):
        if name in cells:
            raise UserError(f"The suite has two cells {name!r}.", hint="Give one of them another name.")
        if not NAME.match(name) or name.endswith((" ", ".")):
            raise UserError(
                f"A cell can't be called {name!r}.", hint="Use letters, digits, blanks and . , = + ( ) - only."
            )
        cells[name] = cell
    if suite.reference not in cells:
        raise UserError(f"There is no cell {suite.reference!r} to refer to.", hint=f"There are {'; '.join(cells)}.")
    return cells


@dataclass(frozen=True)
class Held:
    """What recordings hold, taken together."""

    known: set[str]
    """The names of all tools that were at hand."""
    ran: list[str]
    """Of those that ran in any."""
    tier: str | None
    """In which they were made; None for captions of others."""


def held_by(tasks: Sequence[Task]) -> Held:
    """Look into every recording."""
    recordings = [read_recording(task.recording) for task in tasks if task.recording is not None]
    if not recordings:
        return Held({CAPTIONS.name}, [CAPTIONS.name], None)
    names = list(dict.fromkeys(tool.name for one in recordings for tool in one.header.tools))
    probed = {probe.tool.split("@")[0] for one in recordings for probe in one.probes.values()}
    tiers = sorted({one.header.tier for one in recordings})
    return Held({*names}, [name for name in names if name in probed], ", ".join(tiers))


def _spelled_out(suite: Suite, ran: Iterable[str]) -> Iterator[tuple[str, Cell]]:
    yield from suite.cells.items()
    axes = [[(axis, value, cell) for value, cell in values.items()] for axis, values in suite.axes.items()]
    for choice in product(*axes) if axes else ():
        yield ", ".join(f"{axis}={value}" for axis, value, _ in choice), _laid_over(cell for *_, cell in choice)
    for rung in LADDER if suite.ladder else ():
        yield rung, Cell(settings={"agent": {"rung": rung}})
    for tool in ran if suite.leave_one_tool_out else ():
        yield f"without {tool}", Cell(without=(tool,))


def _laid_over(cells: Iterable[Cell]) -> Cell:
    """What one cell has and then another, the later before the earlier."""
    first, *others = cells
    for other in others:
        told = {name: getattr(other, name) or getattr(first, name) for name in Cell.model_fields}
        told["settings"] = over(first.settings, other.settings)
        told["without"] = tuple(dict.fromkeys((*first.without, *other.without)))
        first = Cell.model_validate(told)
    return first


def _check(name: str, cell: Cell, known: set[str], *, whole: bool) -> None:
    if whole and cell.looks is not None:
        raise UserError(
            f"The cell {name!r} is to use some of the answers, and recordings are replayed whole.",
            hint="Leave out `looks`, or work `on` a row of captions.",
        )
    for tool in cell.without:
        if tool not in known and tool not in FROM_ROWS:
            raise UserError(
                f"The cell {name!r} is to do without {tool!r}, which no recording holds.",
                hint=f"They hold {', '.join(sorted(known))}.",
            )


def _base(suite: Suite, place: Path) -> Row:
    if suite.recordings is not None and suite.truth is not None:
        truth = suite.truth if suite.truth in DATASETS else str(place / suite.truth)
        return own_row(place / suite.recordings, truth)
    row = row_of(suite.on or "")
    if not isinstance(row.source, Captions):
        raise UserError(
            f"{row.name} looks at videos, which takes too long for each cell.",
            hint="Record them with `panda record`, and name the folder as `recordings`.",
        )
    return row


def _chosen(base: Row, suite: Suite, data: Path | None) -> tuple[Row, list[VideoTruth]]:
    truths = base.dataset.load(data)
    tasks = matched(base.source.tasks(data or Path()), truths, base.title)
    some = part(truths, suite.videos)[: suite.first]
    if not some:
        raise UserError(f"{base.title} has no videos that are {suite.videos}.", hint="Use `videos: all`.")
    names = {one.name for one in some}
    kept = tuple(task for task in tasks if task.name in names)
    origin = f"{base.source!r}, {suite.videos}, first {suite.first}, {_hash(kept)}"
    dataset = Dataset(base.dataset.name, base.dataset.title, "", base.dataset.wanted, lambda _: list(some))
    return replace(base, dataset=dataset, source=Chosen(origin, kept)), some


def _hash(tasks: Sequence[Task]) -> str:
    """Over the recordings: one that was made anew is another."""
    digest = hashlib.sha256()
    for task in tasks:
        digest.update(task.name.encode() + b"\0")
        if task.recording is not None:
            digest.update(task.recording.read_bytes())
    return digest.hexdigest()[:16]


def _row(base: Row, common: Cell, cell: Cell, name: str, place: Path) -> Row:
    whole = _laid_over([common, cell])
    strategy = whole.strategy or "panda"
    layers = (
        dict(base.settings),
        {} if whole.reasoner is None else {"agent": dict.fromkeys(STAGES, whole.reasoner)},
        whole.settings,
        {key: _near(value, place) for key in ("rules", "prompts") if (value := getattr(whole, key)) is not None},
        dict(ALONE) if strategy == "caption_only" else {},
    )
    settings: dict[str, Any] = {}
    for layer in layers:
        settings = over(settings, layer)
    online = settings.get("loop", {}).get("mode", "offline") == "online"
    return replace(
        base,
        title=f"{base.title}: {name}",
        settings=settings,
        online=online,
        without=whole.without,
        strategy=strategy,
        looks=whole.looks or base.looks,
    )


def _near(name: str, place: Path) -> str:
    """A path from the folder of the suite; a plain name is what ships."""
    return str((place / name).absolute()) if Path(name).suffix or "/" in name else name
