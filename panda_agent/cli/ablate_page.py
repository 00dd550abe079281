"""ablation.html of a suite that was worked: what its matrix, its plots and its notes show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from panda_agent.evaluation.bootstrap import DRAWS
from panda_agent.evaluation.catalogue import MEASURES, UNDEFINED, interval, signed, written
from panda_agent.evaluation.cells import Ablation
from panda_agent.evaluation.findings import TITLES
from panda_agent.evaluation.folder import VERSIONS
from panda_agent.evaluation.matrix import COMPARED, Against, Gap, Line, Matrix
from panda_agent.reporting.ablation import Entry, MatrixPage, MatrixRow, Tone, Trouble
from panda_agent.reporting.evaluation import Figure
from panda_agent.reporting.html import flat
from panda_agent.reporting.plots import Whisker, forest
from panda_agent.reporting.text import counted

SHORT = {
    "micro_auc": "AUC micro",
    "within_video_auc": "AUC within",
    "ap": "AP",
    "event_map": "event mAP",
    "mean_tiou": "tIoU",
    "false_alarms_per_hour": "false alarms / h",
    "video_accuracy": "videos right",
    "looks_per_minute": "looks / min",
    "calls_per_minute": "calls / min",
    "tokens_per_minute": "tokens / min",
    "money_per_minute": "money / min",
}
"""Figures of the matrix, as its head calls them; one that is defined nowhere, or costs nothing, is left out."""
COSTS = ("calls_per_minute", "tokens_per_minute", "money_per_minute")
FORMS = {one.name: one.form for one in MEASURES}


def page_of(ablation: Ablation, matrix: Matrix, told: Mapping[str, str]) -> MatrixPage:
    """What ablation.html shows."""
    suite, shown = ablation.suite, _shown(matrix)
    head = ["cell"]
    for name in shown:
        head += [SHORT[name], *(("less reference",) if name in COMPARED else ())]
    return MatrixPage(
        title=suite.title,
        headline=suite.title,
        facts=_facts(ablation, matrix),
        head=[*head, "verdicts changed", "CPU s / min"],
        rows=[_row(line, shown, told[line.cell.name]) for line in matrix.lines],
        notes=_notes(matrix, suite.reference),
        figures=_figures(matrix),
        troubles=_troubles(matrix),
        provenance={
            "suite": suite.model_dump(mode="json", exclude_defaults=True),
            "versions": next((line.cell.folder.read(VERSIONS) for line in matrix.lines if line.cell.metrics), {}),
        },
    )


def _shown(matrix: Matrix) -> list[str]:
    """The figures that any cell has; those of cost where anything was paid."""
    known = {
        name: [line.cell.metrics[name] for line in matrix.lines if line.cell.metrics is not None] for name in SHORT
    }
    return [
        name
        for name, values in known.items()
        if (any(values) if name in COSTS else any(value is not None for value in values))
    ]


def _facts(ablation: Ablation, matrix: Matrix) -> list[tuple[str, str, str]]:
    held = [line.against for line in matrix.lines if line.against is not None]
    apart = sum(any(gap.apart for gap in one.gaps.values()) for one in held)
    idle = sum(one.same or one.nothing for one in held)
    failed = sum(line.cell.metrics is None for line in matrix.lines)
    suite = ablation.suite
    return [
        ("cells", str(len(matrix.lines)), f"{failed} without a score" if failed else ""),
        ("videos", str(len(ablation.truths)), suite.videos if suite.videos != "all" else ""),
        ("reference", suite.reference, ""),
        ("told apart", str(apart), f"after Holm's correction for {counted(matrix.comparisons, 'comparison')}"),
        ("not distinguishable", str(idle), "no figure differs"),
        ("changed no verdict", str(sum(one.verdicts == 0 for one in held)), f"of {counted(len(held), 'cell')}"),
    ]


def _row(line: Line, shown: list[str], finding: str) -> MatrixRow:
    cell, entries = line.cell, list[Entry]()
    for name in shown:
        value = None if cell.metrics is None else cell.metrics[name]
        entries.append(Entry(written(value, FORMS[name])))
        if name in COMPARED:
            entries.append(_difference(line, name))
    changed = Entry("") if line.against is None else _changed(line.against)
    entries += [changed, Entry(written(line.seconds_per_minute, "number"))]
    kind = "failed" if cell.metrics is None else "reference" if line.is_reference else ""
    return MatrixRow(cell.name, _about(line), finding, entries, kind)  # type: ignore[arg-type]


def _about(line: Line) -> str:
    row = line.cell.row
    words = {"True": "on", "False": "off"}
    shown = [(name.removeprefix("agent."), value) for name, value in flat(row.settings) if value]
    told = [f"{name} {words.get(value, PurePath(value).name)}" for name, value in shown]  # no folder of this machine
    told += [f"without {tool}" for tool in row.without] + ([row.strategy] if row.strategy != "panda" else [])
    return " · ".join(told)


def _difference(line: Line, name: str) -> Entry:
    if line.against is None:
        return Entry("reference" if line.is_reference else "")
    gap = line.against.gaps[name]
    if gap.difference is None:
        return Entry(UNDEFINED)
    if not gap.difference:
        return Entry("no difference", tone="same")
    return Entry(signed(gap.difference), interval(gap.interval, sign=True), _tone(gap))


def _tone(gap: Gap) -> Tone:
    if gap.apart:
        return "better" if (gap.difference or 0.0) > 0 else "worse"
    return "doubtful" if gap.alone else ""


def _changed(against: Against) -> Entry:
    told = f"{against.verdicts} of {against.videos}"
    if against.same:
        return Entry(told, "same evidence and scores", "same")
    return Entry(told, f"scores {against.scores}, evidence {against.evidence}")


def _notes(matrix: Matrix, reference: str) -> list[str]:
    return [
        f"Each cell is held against “{reference}” over the videos that both have: the difference in points, and the "
        f"middle 95 % of {DRAWS} paired draws over videos.",
        f"Green or red: can be told from 0 after Holm's correction for the {counted(matrix.comparisons, 'comparison')} "
        "on this page. Amber: would be, were it the only one. Everything else can't be told from nothing.",
        "Of n videos no difference is surer than 2 to the power of 1 − n, whatever the draws say.",
        "Not distinguishable: the same evidence is cited and every score is the same in every video, or no figure "
        "differs. A verdict is changed where label or event type is another.",
    ]


def _figures(matrix: Matrix) -> list[Figure]:
    figures = []
    for name in COMPARED:
        rows = [
            Whisker(line.cell.name, 100 * gap.difference, *_ends(gap))
            for line in matrix.lines
            if line.against is not None and (gap := line.against.gaps[name]).difference is not None
        ]
        if rows:
            told = f"AUC {TITLES[name]}, points above or below the reference"
            figures.append(Figure(forest(rows, told), "Pale: the interval holds 0."))
    return figures


def _ends(gap: Gap) -> tuple[float | None, float | None]:
    return (None, None) if gap.interval is None else (100 * gap.interval[0], 100 * gap.interval[1])


def _troubles(matrix: Matrix) -> list[Trouble]:
    found = []
    for cell in (line.cell for line in matrix.lines):
        if cell.why:
            found.append(Trouble(cell.name, "", cell.why))
        found += [Trouble(cell.name, one["video"], one["why"]) for one in cell.failures]
        found += [Trouble(cell.name, one.name, _missed(one.result.misses)) for one in cell.videos if one.result.misses]
    return found


def _missed(looks: int) -> str:
    return f"{counted(looks, 'look')} that the recording does not hold"
