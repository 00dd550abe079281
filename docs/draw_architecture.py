"""Draws docs/architecture.svg from the import contract in .importlinter, so that the picture can't lie.

    python docs/draw_architecture.py

tests/test_package.py fails when the picture is older than the contract.
"""

from __future__ import annotations

import configparser
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
ABOUT = {
    "cli": "typer commands; the only owner of the process",
    "reporting": "JSON, HTML, CSV, annotated video",
    "investigator": "the embeddable API: open, stream, pause, resume",
    "graph": "the LangGraph loop: every node and edge",
    "checkpoints": "where the loop stands, in SQLite",
    "nodes": "perceive, plan, reason, reflect, act, record, conclude",
    "reasoning": "Reasoner protocol, rules engine, beliefs, verdict",
    "tools": "the senses: observe_motion, second looks",
    "memory": "evidence store, text index, normality",
    "perception": "background, flow, tracks, motion filters",
    "video": "reader, probe, clips",
    "prompts": "rule packs as data",
    "embedders": "text to vectors",
    "database": "SQLite and JSON",
    "backends": "language models",
    "settings": "flags, environment, panda.toml",
    "types": "frozen models",
    "errors": "one exception tree",
}
WIDTH, SIDE, ROW, GAP, PAD = 880, 60, 46, 12, 16
LOUD, QUIET = 'fill="#1d2a35" font-size="14"', 'fill="#5a6b79" font-size="12"'
LINE = 'stroke="#8aa0b2"'


def layers() -> list[list[str]]:
    """The layers of the contract, top first; modules of one layer side by side."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    text = parser["importlinter:contract:layers"]["layers"]
    rows = [line.strip() for line in text.strip().splitlines()]
    return [[name.strip().removeprefix("panda_agent.") for name in row.split("|")] for row in rows]


def svg() -> str:
    """The picture: a box a module, a row a layer; imports only ever point down."""
    rows = layers()
    width, height = WIDTH + SIDE, PAD * 2 + len(rows) * (ROW + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for i, row in enumerate(rows):
        wide = (WIDTH - PAD * 2 - GAP * (len(row) - 1)) / len(row)
        parts += [_box(name, PAD + j * (wide + GAP), PAD + i * (ROW + GAP), wide) for j, name in enumerate(row)]
    return "\n".join([*parts, *_arrow(height), "</svg>", ""])


def _box(name: str, x: float, y: float, width: float) -> str:
    """A module and what it is for: beside its name in a wide box, below it in a narrow one."""
    about, narrow = escape(ABOUT.get(name, "")), width < WIDTH / 3
    title, text = ((x + 12, y + 19), (x + 12, y + 36)) if narrow else ((x + 12, y + 28), (x + 150, y + 28))
    return (
        f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{ROW}" rx="6" fill="#f4f6f8" {LINE}/>'
        f'<text {LOUD} x="{title[0]:.0f}" y="{title[1]}">{name}</text>'
        f'<text {QUIET} x="{text[0]:.0f}" y="{text[1]}">{about}</text>'
    )


def _arrow(height: float) -> list[str]:
    x, end = WIDTH + 20, height - PAD
    head = f"M{x - 5} {end - 8} L{x} {end} L{x + 5} {end - 8}"
    turned = f'transform="translate({x + 16} {height / 2}) rotate(90)" text-anchor="middle"'
    return [
        f'<path fill="none" {LINE} stroke-width="1.5" d="M{x} {PAD} V{end} {head}"/>',
        f"<text {QUIET} {turned}>imports</text>",
    ]


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")
