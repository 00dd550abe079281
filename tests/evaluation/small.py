"""A row of three short videos that somebody captioned, made on the spot: real cases, in a second or two each."""

from __future__ import annotations

from pathlib import Path

from panda_agent.evaluation.datasets.own import own_dataset
from panda_agent.evaluation.rows import Row
from panda_agent.evaluation.sources import Recordings
from panda_agent.importers import Captioned, SecondRow, as_recording
from panda_agent.memory.recording import write_recording

CALM = "A person is walking along the street."
FIGHT = "Two men are fighting: one punches the other, who falls to the ground."
STORIES = {
    "calm": [CALM] * 12,
    "fight": [CALM] * 6 + [FIGHT] * 8 + [CALM] * 4,
    "late": [CALM] * 14 + [FIGHT] * 4,
}
PACK = """
id: stories
version: 1
title: Fights, told
scenes: [street]
event_types:
  - {id: fight, title: Fight, statement: People fight., benign: People play., severity: high, prior: 0.03, decay: 2.0}
rules:
  - id: fight.told
    event_type: fight
    when: [{kind: caption, where: ["told mentions @blows"]}]
    weight: 5.0
    question: Does the description tell of a fight?
    explanation: "{told}"
    fires: [{kind: caption, at: [0, 1], told: "Two men are fighting."}]
    must_not: [{kind: caption, at: [0, 1], told: "Two men are walking."}]
words:
  blows: [fight, punch]
"""
"""Rules that need no encoder, so that a case takes a second."""
TRUTH = "video,start,end,class\ncalm,,\nfight,6,14,Fighting\nlate,14,18,Fighting\n"


def write_small(folder: Path) -> tuple[Path, Path]:
    """Recordings and their truth: (folder, CSV)."""
    recordings = folder / "recordings"
    for name, told in STORIES.items():
        rows = tuple(
            SecondRow(video=name, second=i, text=text, flag=float(text == FIGHT)) for i, text in enumerate(told)
        )
        write_recording(recordings / f"{name}.rec", *as_recording(Captioned(video=name, rows=rows), None, "made"))
    truth = folder / "truth.csv"
    truth.write_text(TRUTH)
    return recordings, truth


def small_row(folder: Path) -> Row:
    """The row over them."""
    recordings, truth = write_small(folder)
    source = Recordings(recordings)
    settings = {"rules": str(write_pack(folder))}
    return Row("own", "three stories", own_dataset(source, truth), source, sigma=5.0, settings=settings)


def write_pack(folder: Path) -> Path:
    """The rules."""
    path = folder / "stories.yaml"
    path.write_text(PACK)
    return path
