"""Looking is counted: each run of a row that labels are known of leaves a line in docs/looks.jsonl of the checkout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panda_agent.evaluation.files import plain

FILE = "docs/looks.jsonl"
NUMBERS = ("micro_auc", "within_video_auc", "ap", "n_videos")


def note_look(root: Path, *, row: str, commit: str | None, settings: str, metrics: Mapping[str, Any]) -> Path:
    """Append when, of what, and what was seen.

    Args:
        root: The checkout.
        row: The row's name.
        commit: The commit, with a plus where it was changed.
        settings: Hash of the settings.
        metrics: The figures, with blocks `dev` and `held`.

    Returns:
        The file.
    """
    seen = {split: {name: block.get(name) for name in NUMBERS} for split, block in _blocks(metrics).items()}
    look = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "row": row, "commit": commit, "settings": settings}
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(plain({**look, **seen}), separators=(", ", ": ")) + "\n")
    return path


def _blocks(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {"dev": metrics["dev"], "held": metrics["held"], "all": metrics}
