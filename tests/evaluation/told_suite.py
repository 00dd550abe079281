"""The three stories of `small`, recorded with a second tool that hears nothing, and a suite over them."""

from __future__ import annotations

from pathlib import Path

from panda_agent.importers import NOTHING
from panda_agent.memory.recording import Probe, RecordedTool, probe_key, read_recording, write_recording
from tests.evaluation.small import write_pack, write_small

EAR = RecordedTool(
    name="listen",
    version=1,
    about="Listens.",
    family="audio",
    stage="overview",
    makes={"sound": ("loud",)},
    settings=("loop.clip_seconds",),
)
SUITE = """
title: Three stories
recordings: recordings
truth: truth.csv
reference: all
common: {rules: ./stories.yaml}
cells:
  all:
  strict: {settings: {loop: {threshold: 0.999}}}
  unheard: {settings: {loop: {clip_seconds: 4}}}
  told: {strategy: caption_only}
  nothing: {without: [imported_captions, listen]}
leave_one_tool_out: true
"""


def write_suite(folder: Path, text: str = SUITE) -> Path:
    """Recordings, truth, rules and the suite; gives the path of the suite."""
    recordings, _ = write_small(folder)
    write_pack(folder)
    for path in recordings.glob("*.rec"):
        held = read_recording(path)
        key = probe_key("listen@1", NOTHING | {"settings": {"loop.clip_seconds": 5.0}})
        header = held.header.model_copy(update={"tools": (*held.header.tools, EAR)})
        write_recording(path, header, [*held.probes.values(), Probe(tool="listen@1", key=key)])
    suite = folder / "stories-suite.yaml"
    suite.write_text(text)
    return suite
