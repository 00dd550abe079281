"""What a cell of an ablation came to, in a sentence or two; that nothing came of it is said as plainly."""

from __future__ import annotations

from panda_agent.evaluation.catalogue import interval, signed
from panda_agent.evaluation.matrix import Against, Gap, Line, Matrix

TITLES = {"micro_auc": "micro", "within_video_auc": "within videos"}


def finding_of(line: Line, matrix: Matrix) -> str:
    """What there is to say of one line."""
    if line.cell.metrics is None:
        return f"No score: {line.cell.why}"
    if line.is_reference:
        return "The reference."
    if line.against is None:
        return "The reference has no score to be held against."
    changed = _changed(line.against, _only_tool(line, matrix))
    return " ".join([changed, _apart(line.against, matrix.comparisons), *_troubles(line)])


def _changed(against: Against, tool: str | None) -> str:
    what = f"{against.verdicts} of {against.videos} verdicts" if against.verdicts else "no verdict"
    return f"Changed {what}." if tool is None else f"The tool {tool} changed {what}."


def _only_tool(line: Line, matrix: Matrix) -> str | None:
    """The tool whose absence is all that sets a cell apart from the reference."""
    base, row = next(one.cell.row for one in matrix.lines if one.is_reference), line.cell.row
    alike = (base.settings, base.strategy) == (row.settings, row.strategy) and {*base.without} <= {*row.without}
    gone = [tool for tool in row.without if tool not in base.without]
    return gone[0] if alike and len(gone) == 1 else None


def _apart(against: Against, comparisons: int) -> str:
    if against.same:
        return "Not distinguishable: the same evidence and the same scores in every video."
    if against.nothing:
        return "Not distinguishable: no figure differs."
    told = [f"{TITLES[name]} {_gap(gap)}" for name, gap in against.gaps.items() if gap.apart]
    if told:
        return f"Told apart after Holm's correction for {comparisons} comparisons: {', '.join(told)}."
    alone = [f"{TITLES[name]} {_gap(gap)}" for name, gap in against.gaps.items() if gap.alone]
    if alone:
        return f"Told apart alone, not after Holm's correction for {comparisons} comparisons: {', '.join(alone)}."
    return "Not told apart: each interval holds 0."


def _gap(gap: Gap) -> str:
    return f"{signed(gap.difference)} ({interval(gap.interval, sign=True)})"


def _troubles(line: Line) -> list[str]:
    failed, misses = len(line.cell.failures), line.cell.misses
    told = [f"{failed} {'video' if failed == 1 else 'videos'} failed."] if failed else []
    return told + ([f"{misses} {'look' if misses == 1 else 'looks'} not recorded."] if misses else [])
