"""What a case is opened with: its video or recording, its tier and weights; and whether they are still the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from panda_agent.equipment import Equipment, equip
from panda_agent.errors import UserError
from panda_agent.memory.camera_rows import CameraSnapshot
from panda_agent.memory.case_store import CaseRecord
from panda_agent.memory.recording import Probe, RecordedTool, Recording, read_recording
from panda_agent.nodes.camera import camera_now, with_kept_rules
from panda_agent.prompts import check_evidence, load_pack
from panda_agent.prompts.prompt_packs import PromptPack, load_prompts
from panda_agent.settings import Settings
from panda_agent.tools import (
    Tool,
    Toolbox,
    default_tools,
    installed_tools,
    kinds_of,
    readers_of_captions,
    shipped_specs,
)
from panda_agent.tools.recall_camera import RecallCamera
from panda_agent.tools.replay import Recorded, Replayed
from panda_agent.types import CaseRequest, RulePack
from panda_agent.video import Footage, RecordedVideo, VideoReader

VideoSource = str | PathLike[str] | BinaryIO | Iterable[tuple[float, NDArray[np.uint8]]] | None
"""A path, a binary file object, or an iterator of (seconds, RGB array (h, w, 3)); None where a recording stands in."""
SPOOL = "frames.mkv"
"""Frames that came from an iterator or a stream, inside the case folder."""
DEPENDS_ON = {
    "rules": "rule pack {pack!r}",
    "prompts": "prompt pack",
    "detector": "detector's file of weights",
    "recording": "recording",
    "camera": "memory of the camera",
}
"""What a case is opened with beside its video, by the name of its hash."""


def origin_of(record: CaseRecord, request: CaseRequest, folder: Path, again: VideoSource) -> VideoSource:
    """Where a case's picture is read from: kept frames, if all of them were kept, come before what is given again."""
    kept = folder / SPOOL
    if record.path is None and request.recording is not None:
        return None
    if record.path is None and record.fingerprint and kept.is_file():
        return kept
    if again is not None:
        return again
    if record.path is None:
        raise UserError(
            f"The frames of case {folder.name} came from an iterator that was not read to its end.",
            hint="Give them again: `resume(case_id, frames)`.",
        )
    return Path(record.path)


@dataclass(frozen=True)
class Materials:
    """What a case is worked with; the same again whenever it is resumed."""

    settings: Settings
    request: CaseRequest
    pack: RulePack
    equipment: Equipment
    recording: Recording | None
    camera: CameraSnapshot | None = None
    """What is known of the camera, as it was when the case was opened."""
    unfit: tuple[str, ...] = ()
    """Why rules that were kept for the camera are left out."""

    @classmethod
    def gather(cls, settings: Settings, request: CaseRequest, camera: CameraSnapshot | None = None) -> Materials:
        """Read what settings and request name.

        Args:
            settings: How the case is worked.
            request: What is asked.
            camera: The memory of the camera that the case was opened with; None reads what it is now.

        Raises:
            UserError: Something that they name is not there, or wrong.
        """
        recording = None if request.recording is None else read_recording(Path(request.recording))
        at_hand = equip(settings) if recording is None or request.on_miss == "live" else Equipment()
        if recording is not None:
            why, hashes = "replayed from a recording", {**recording.header.hashes, "recording": recording.sha256}
            at_hand = replace(at_hand, tier=recording.header.tier, why=why, hashes=hashes, prompts=_voice(settings))
        return cls(settings, request, load_pack(settings.rules), at_hand, recording, camera or camera_now(settings))

    @property
    def asks_a_model(self) -> bool:
        """Whether a model thinks at any stage."""
        return self.equipment.prompts is not None and self.settings.agent.has_model

    @property
    def name(self) -> str:
        """The video's display name: untrusted text."""
        if self.request.video is not None:
            return Path(self.request.video).name
        return "frames" if self.recording is None else self.recording.header.video

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of all that a verdict depends on beside the video."""
        known = {} if self.camera is None else {"camera": self.camera.sha256}
        return {"rules": self.pack.sha256, **self.equipment.hashes, **known}

    def footage(self, source: VideoSource, spool: Path) -> Footage:
        """The video, or what a recording says of it.

        Raises:
            UserError: There is neither, or the recording is of another video.
            VideoError: The video can't be investigated.
        """
        if source is None and self.recording is not None:
            return RecordedVideo(self.recording.header.info, self.recording.header.report)
        if source is None:
            raise UserError("There is no video to investigate.", hint="Give a video, or a recording.")
        reader = VideoReader(source, max_pixels=self.settings.video.max_pixels, spool=spool)
        if self.recording is not None and reader.info.fingerprint != self.recording.header.info.fingerprint:
            reader.close()
            about = self.recording.header.video
            raise UserError("The recording was made of another video.", hint=f"It is one of {about}; leave one out.")
        return reader

    def toolbox(self, tools: Iterable[Tool], keep: Callable[[Probe], None] | None = None) -> Toolbox:
        """Every tool at hand.

        Args:
            tools: More than those that ship and those that are installed.
            keep: Given each finished look.

        Raises:
            UserError: The rule pack speaks of what not even the tools that are not at hand could see.
        """
        box = Toolbox([*default_tools(self.equipment), *installed_tools(), *tools])
        if self.recording is not None:
            box = Toolbox(self._replayed(tool, box) for tool in self.recording.header.tools)
        check_evidence(self.pack, kinds_of(shipped_specs()) | box.makes())
        from_rows: list[Tool] = [] if self.camera is None else [RecallCamera(self.camera, self.request.started_at)]
        from_rows += readers_of_captions(self.pack, box.makes())
        taken = () if self.recording is None else self.recording.header.without
        from_rows = [tool for tool in from_rows if tool.spec.name not in taken]
        return Toolbox([*(box if keep is None else (Recorded(tool, keep) for tool in box)), *from_rows])

    def fitted(self, toolbox: Toolbox) -> Materials:
        """The same with the rules that were kept for the camera, as far as they fit the pack and the tools."""
        if self.camera is None or not self.camera.rules:
            return self
        makes = kinds_of(shipped_specs()) | toolbox.makes()
        pack, unfit = with_kept_rules(self.pack, self.camera, makes)
        return replace(self, pack=pack, unfit=unfit)

    def _replayed(self, tool: RecordedTool, box: Toolbox) -> Replayed:
        assert self.recording is not None
        live = box.get(tool.name) if self.request.on_miss == "live" else None
        return Replayed(tool, self.recording, self.request.on_miss, live)


def _voice(settings: Settings) -> PromptPack | None:
    """What a model is told that thinks about a recording: only where the settings name one for a stage."""
    if "model" not in settings.agent.stages:
        return None
    if settings.model.base_url is None:
        raise UserError(
            "The agent is to ask a model, and no endpoint is set.",
            hint="Set model.base_url (PANDA_MODEL__BASE_URL) to one like http://localhost:8000/v1.",
        )
    return load_prompts(settings.prompts)


def over(now: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """The settings of today, under those that were kept with a case."""
    return now | {
        name: over(now[name], value) if isinstance(value, dict) and isinstance(now.get(name), dict) else value
        for name, value in kept.items()
    }


def check_same(record: CaseRecord, footage: Footage, now: Materials) -> None:
    """A case is one video, one set of rules, one set of weights: going on with others would mix two cases.

    Raises:
        UserError: One of them is not what the case was opened with.
    """
    if record.path is not None and footage.info.fingerprint != record.fingerprint:
        raise UserError(
            f"The video of case {record.case_id} is not the one it was opened with ({record.path}).",
            hint="Put the old file back, or investigate the new one as a case of its own.",
        )
    for name, what in DEPENDS_ON.items():
        if record.hashes.get(name) != now.hashes.get(name):
            raise UserError(
                f"The {what.format(pack=now.pack.id)} changed since case {record.case_id} was opened.",
                hint="Put the old one back, or investigate again with the new one.",
            )
    if record.tier != now.equipment.tier:
        raise UserError(
            f"Case {record.case_id} was opened in the tier {record.tier!r}; at hand is {now.equipment.tier!r}.",
            hint="Set PANDA_WEIGHTS and model.base_url as they were, or investigate again.",
        )
