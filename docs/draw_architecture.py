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
    "nodes": "perceive, plan, reason, reflect, act, record, conclude",
    "reasoning": "Reasoner protocol, rules engine, beliefs, verdict",
    "tools": "the senses: observe_motion, second looks",
    "memory": "evidence store, text index, normality",
    "perception": "background, flow, tracks, motion filters",
    "video": "reader, probe, clips",
    "prompts": "rule packs as data",
    "embedders": "text to vectors",
    "database": "SQLite and JSON",
    "settings": "flags, environment, panda.toml",
    "types": "frozen models",
    "errors": "one exception tree",
}
WIDTH, ROW, GAP, PAD = 880, 46, 12, 16
LOUD, QUIET = 'fill="#1d2a35" font-size="14"', 'fill="#5a6b79" font-size="12"'


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
    height = PAD * 2 + len(rows) * (ROW + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 60} {height}" font-family="system-ui, sans-serif">',
        f'<rect width="{WIDTH + 60}" height="{height}" fill="#ffffff"/>',
    ]
    for i, row in enumerate(rows):
        y = PAD + i * (ROW + GAP)
        width = (WIDTH - PAD * 2 - GAP * (len(row) - 1)) / len(row)
        for j, name in enumerate(row):
            parts.append(_box(name, PAD + j * (width + GAP), y, width, len(row) > 2))
    x, end = WIDTH + 20, height - PAD
    parts.append(f'<path fill="none" stroke="#8aa0b2" stroke-width="1.5" d="M{x} {PAD} V{end} M{x - 5} {end - 8} L{x} {end} L{x + 5} {end - 8}"/>')
    parts.append(f'<text {QUIET} transform="translate({x + 16} {height / 2}) rotate(90)" text-anchor="middle">imports</text>')
    return "\n".join([*parts, "</svg>", ""])


def _box(name: str, x: float, y: float, width: float, narrow: bool) -> str:
    about = escape(ABOUT[name])
    words = (
        f'<text {LOUD} x="{x + 12:.0f}" y="{y + 19}">{name}</text>'
        f'<text {QUIET} x="{x + 12:.0f}" y="{y + 36}">{about}</text>'
        if narrow
        else f'<text {LOUD} x="{x + 12:.0f}" y="{y + 28}">{name}</text>'
        f'<text {QUIET} x="{x + 150:.0f}" y="{y + 28}">{about}</text>'
    )
    return f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{ROW}" rx="6" fill="#f4f6f8" stroke="#8aa0b2"/>{words}'


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")
