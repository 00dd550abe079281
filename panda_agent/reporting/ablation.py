"""ablation.html: the matrix of an ablation; each cell of it opens the page of its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from panda_agent.reporting.evaluation import Figure
from panda_agent.reporting.html import environment

Tone = Literal["", "better", "worse", "doubtful", "same"]
"""better, worse: told apart from the reference. doubtful: were it the only comparison. same: no difference at all."""


@dataclass(frozen=True)
class Entry:
    """One figure of a cell."""

    text: str
    small: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class MatrixRow:
    """One cell of the suite: a way of working, with all its figures."""

    name: str
    about: str
    """How it differs from the others, as it is set."""
    finding: str
    """What it came to, in words."""
    entries: Sequence[Entry]
    kind: Literal["", "reference", "failed"] = ""


@dataclass(frozen=True)
class Trouble:
    """A video of a cell that failed, or looks that were missed."""

    cell: str
    video: str
    why: str


@dataclass(frozen=True)
class MatrixPage:
    """Everything that the page shows."""

    title: str
    headline: str
    facts: Sequence[tuple[str, str, str]]
    """(name, value, what stands small below it)."""
    head: Sequence[str]
    rows: Sequence[MatrixRow]
    notes: Sequence[str]
    """How to read it."""
    figures: Sequence[Figure]
    troubles: Sequence[Trouble]
    provenance: Mapping[str, Any]


def render_ablation(page: MatrixPage) -> str:
    """Render the page; what it quotes of others is escaped and cleaned."""
    return environment().get_template("ablation.html.j2").render(page=page, link=link)


def link(cell: str) -> str:
    """The address of a cell's page, from the matrix. It starts with ./ so that no name is taken for a scheme."""
    return f"./cells/{quote(cell)}/evaluation.html"
