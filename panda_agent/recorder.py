"""Records a case: all that its tools saw, in one file from which it can be worked again without the video."""

from __future__ import annotations

from pathlib import Path

from panda_agent.memory.recording import Header, Probe, write_recording
from panda_agent.nodes.brief import report_of
from panda_agent.nodes.desk import Case
from panda_agent.tools.replay import recorded_tool

NOT_RECORDED = ("rules", "recording", "camera", "recall_camera")
"""Hashes and tools that are no part of what was seen."""


class Recorder:
    """Keeps the looks of one case: give its `keep` to the investigator, and write them once there is a verdict.

    A case that was cut off and resumed does not look twice, so its recording would lack what was seen before: record
    such a video anew. (What a model answered then costs nothing.)
    """

    def __init__(self) -> None:
        self._probes: list[Probe] = []

    def keep(self, probe: Probe) -> None:
        """Remember one look."""
        self._probes.append(probe)

    def write(self, case: Case, path: Path) -> None:
        """Write the recording of a finished case.

        Raises:
            UserError: The file can't be written.
        """
        hashes = {name: sha for name, sha in case.materials.hashes.items() if name not in NOT_RECORDED}
        header = Header(
            video=case.materials.name,
            # Frames from an iterator have another fingerprint than the file that keeps them.
            info=case.reader.info.model_copy(update={"fingerprint": case.store.record.fingerprint}),
            report=report_of(case),
            tier=case.store.record.tier,
            hashes=hashes,
            tools=tuple(recorded_tool(tool.spec) for tool in case.toolbox if tool.spec.name not in NOT_RECORDED),
            normal=len(case.request.normal),
        )
        write_recording(path, header, self._probes)
