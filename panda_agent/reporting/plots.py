"""Small plots drawn as SVG by hand: differences with intervals, curves over the unit square; nothing is loaded.

Each is a picture of its own, in both lights: colours are set in it and follow the reader's scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from panda_agent.reporting.text import clean

STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#59616b}.ink{fill:#191c20}.axis{stroke:#9aa3ad;stroke-width:1}"
    ".grid{stroke:#dfe2e5;stroke-width:1}.a{stroke:#2a5a8c;fill:none;stroke-width:2}"
    ".b{stroke:#b3261e;fill:none;stroke-width:1.5}.c{stroke:#9aa3ad;fill:none;stroke-width:1.5}"
    ".dot{fill:#2a5a8c}.whisker{stroke:#2a5a8c;stroke-width:2}.weak .dot{fill:#9aa3ad}.weak .whisker{stroke:#9aa3ad}"
    "@media(prefers-color-scheme:dark){text{fill:#9aa3ad}.ink{fill:#e8eaed}.grid{stroke:#2b3037}.a{stroke:#86b6e8}"
    ".b{stroke:#ff8078}.dot{fill:#86b6e8}.whisker{stroke:#86b6e8}}</style>"
)
LINES = ("a", "b", "c")
"""Classes of the lines of a plot, first the one that it is about."""
LEFT, RIGHT, ROW = 250, 165, 26
SIDE = 300


@dataclass(frozen=True)
class Whisker:
    """A difference with its interval; None where it has none."""

    name: str
    value: float
    low: float | None
    high: float | None


def forest(rows: Sequence[Whisker], title: str, width: int = 720) -> str:
    """Differences one below the other, with a line at 0; those whose interval holds 0 are pale.

    Args:
        rows: In points of a hundred.
        title: Said below, and read aloud.
        width: Pixels.
    """
    edges = [edge for row in rows for edge in (row.value, row.low, row.high) if edge is not None]
    low, high = min([0.0, *edges]), max([0.0, *edges])
    room = (high - low) or 1.0
    low, high = low - 0.06 * room, high + 0.06 * room
    span = width - LEFT - RIGHT

    def x(value: float) -> float:
        return LEFT + span * (value - low) / (high - low)

    bottom = ROW * len(rows) + 8
    parts = [f'<line class="axis" x1="{x(0):.1f}" x2="{x(0):.1f}" y1="4" y2="{bottom}"/>']
    for i, row in enumerate(rows):
        parts.append(_whisker(row, x, ROW * i + 20, width))
    parts.append(f'<text x="{LEFT}" y="{bottom + 18}">{_said(title)}</text>')
    return _svg(parts, width, bottom + 26, title)


def _whisker(row: Whisker, place: Callable[[float], float], y: int, width: int) -> str:
    drawn = f'<text class="ink" x="{LEFT - 12}" y="{y}" text-anchor="end">{_said(row.name)}</text>'
    told = f"{row.value:+.2f}"
    if row.low is not None and row.high is not None:
        told += f"  ({row.low:+.1f} … {row.high:+.1f})"
        ends = f'x1="{place(row.low):.1f}" x2="{place(row.high):.1f}"'
        drawn += f'<line class="whisker" {ends} y1="{y - 4}" y2="{y - 4}"/>'
    drawn += f'<circle class="dot" cx="{place(row.value):.1f}" cy="{y - 4}" r="4"/>'
    drawn += f'<text x="{width - 4}" y="{y}" text-anchor="end">{told}</text>'
    weak = row.low is None or row.high is None or row.low <= 0 <= row.high
    return f'<g class="{"weak" if weak else ""}">{drawn}</g>'


def square(
    lines: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str, *, dots: bool = False, title: str = ""
) -> str:
    """Lines over the unit square with its diagonal, as for ROC curves and reliability.

    Args:
        lines: Points (0..1, 0..1) by name, the most important first, three at most.
        across: What the lower edge measures.
        up: What the left edge measures.
        dots: Mark the points.
        title: Read aloud.
    """
    left, top = 46, 10
    parts = []
    for i in range(5):
        at = i / 4
        px, py = left + SIDE * at, top + SIDE * (1 - at)
        parts += [
            f'<line class="grid" x1="{px:.1f}" x2="{px:.1f}" y1="{top}" y2="{top + SIDE}"/>',
            f'<line class="grid" x1="{left}" x2="{left + SIDE}" y1="{py:.1f}" y2="{py:.1f}"/>',
            f'<text x="{px:.1f}" y="{top + SIDE + 16}" text-anchor="middle">{at:g}</text>',
            f'<text x="{left - 6}" y="{py + 4:.1f}" text-anchor="end">{at:g}</text>',
        ]
    parts.append(
        f'<line class="axis" x1="{left}" y1="{top + SIDE}" x2="{left + SIDE}" y2="{top}" stroke-dasharray="4 4"/>'
    )
    for kind, (name, points) in zip(LINES, lines.items(), strict=False):
        placed = [(left + SIDE * px, top + SIDE * (1 - py)) for px, py in points]
        steps = " ".join(f"{px:.1f},{py:.1f}" for px, py in placed)
        parts.append(f'<polyline class="{kind}" points="{steps}"/>')
        parts += [f'<circle class="dot" cx="{px:.1f}" cy="{py:.1f}" r="4"/>' for px, py in placed if dots]
        y = top + SIDE - 12 - 18 * (len(lines) - 1 - list(lines).index(name))
        parts.append(f'<line class="{kind}" x1="{left + 110}" x2="{left + 130}" y1="{y - 4}" y2="{y - 4}"/>')
        parts.append(f'<text class="ink" x="{left + 136}" y="{y}">{_said(name)}</text>')
    parts.append(f'<text x="{left + SIDE / 2}" y="{top + SIDE + 34}" text-anchor="middle">{_said(across)}</text>')
    middle = top + SIDE / 2
    parts.append(
        f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{_said(up)}</text>'
    )
    return _svg(parts, left + SIDE + 14, top + SIDE + 42, title or up)


def _svg(parts: Sequence[str], width: int, height: int, title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'{head} role="img" aria-label="{_said(title)}">{STYLE}{"".join(parts)}</svg>\n'


def _said(text: str) -> str:
    return escape(clean(text, 120), quote=True)
