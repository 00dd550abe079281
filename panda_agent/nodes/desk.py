"""The detective's desk: the open cases, and the tools and the reasoner that all nodes share."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from panda_agent.equipment import Equipment, equip
from panda_agent.errors import CasePaused, UserError
from panda_agent.memory.case_store import CaseRecord, CaseStore, case_folder
from panda_agent.prompts import check_evidence, load_pack
from panda_agent.reasoning.base import Reasoner
from panda_agent.reasoning.rules.reasoner import RulesReasoner
from panda_agent.settings import Settings, load_settings
from panda_agent.tools import Tool, Toolbox, default_tools, installed_tools, kinds_of, shipped_specs
from panda_agent.types import CaseRequest, RulePack, Verdict
from panda_agent.video import VideoReader

VideoSource = str | PathLike[str] | BinaryIO | Iterable[tuple[float, NDArray[np.uint8]]]
"""A path, a binary file object, or an iterator of (seconds, RGB array (h, w, 3))."""
SPOOL = "frames.mkv"
"""Frames that came from an iterator or a stream, inside the case folder."""


class CaseStores(Protocol):
    """Where cases are kept."""

    def create(self, folder: Path, record: CaseRecord) -> CaseStore:
        """Start a case; it is committed when this returns."""
        ...

    def open(self, folder: Path) -> CaseStore:
        """Take up a case."""
        ...


@dataclass(frozen=True)
class Case:
    """An open case: everything that is fixed once it is opened."""

    id: str
    folder: Path
    store: CaseStore
    request: CaseRequest
    settings: Settings
    pack: RulePack
    reader: VideoReader
    toolbox: Toolbox
    pause: threading.Event = field(default_factory=threading.Event)
    """Set it, and work stops at the next frame with CasePaused; the case can be resumed."""

    began: float = field(default_factory=time.monotonic)
    """When this run of the case began."""

    def overdue(self) -> str | None:
        """The reason to stop when the budget of seconds is used up; each run of a case has its own."""
        limit = self.settings.budget.seconds
        if limit is None or time.monotonic() - self.began <= limit:
            return None
        return f"budget: {limit:g} seconds are used up"

    def exhausted(self, steps: int) -> str | None:
        """The reason to stop when the budget of steps is used up."""
        limit = self.settings.budget.steps
        return None if steps < limit else f"budget: {limit} steps are used up"

    def check_pause(self) -> None:
        """Stop here if somebody asked for it.

        Raises:
            CasePaused: Somebody did.
        """
        if self.pause.is_set():
            raise CasePaused(f"Case {self.id} was paused.", hint=f"Go on with `panda resume {self.id}`.")


@dataclass
class Desk:
    """Opens cases, once each, and holds what they share.

    Args:
        settings: The settings of new cases; a case keeps those it was opened with.
        tools: More tools, or others of the same name.
        reasoner: Who judges; the rules reasoner by default.
    """

    settings: Settings
    tools: Iterable[Tool] = ()
    reasoner: Reasoner = field(default_factory=RulesReasoner)
    stores: CaseStores = CaseStore
    """Where cases are kept: anything with `create(folder, record)` and `open(folder)`."""

    def __post_init__(self) -> None:
        self.tools = tuple(self.tools)
        self._cases: dict[str, Case] = {}
        self._lock = threading.Lock()

    def open(
        self, source: VideoSource, request: CaseRequest, case_id: str | None = None, settings: Settings | None = None
    ) -> Case:
        """Open a new case and commit it, so that it can be resumed from now on.

        Args:
            source: What to read the picture from.
            request: What is asked.
            case_id: A name of the user's choice; else one is made.
            settings: Settings of this case; those of the desk by default.

        Raises:
            UserError: A case of that id exists, the rules need evidence that no tool makes, or what the settings name
                is not there.
            VideoError: The video can't be investigated.
        """
        settings = settings or self.settings
        case_id = case_id or new_case_id(request.video or "frames")
        folder = case_folder(settings.root, case_id)
        pack, equipment = load_pack(settings.rules), equip(settings)
        reader = VideoReader(source, max_pixels=settings.video.max_pixels, spool=folder / SPOOL)
        record = CaseRecord(
            case_id=case_id,
            video=Path(request.video).name if request.video is not None else "frames",
            path=request.video,
            fingerprint=reader.info.fingerprint,
            question=request.question,
            settings={**settings.judging(), "request": request.model_dump(mode="json")},
            hashes={"rules": pack.sha256, **equipment.hashes},
            tier=equipment.tier,
        )
        with ExitStack() as undo:
            undo.callback(reader.close)
            store = self.stores.create(folder, record)
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            undo.callback(store.close)
            toolbox = self._toolbox(pack, equipment)  # after the commit: the tools load OpenCV
            undo.pop_all()
        case = Case(case_id, folder, store, request, settings, pack, reader, toolbox)
        with self._lock:
            self._cases[case_id] = case
        return case

    def case(self, case_id: str, source: VideoSource | None = None) -> Case:
        """An open case, or one read from disk.

        Args:
            case_id: The case.
            source: The frames once more, for a case whose iterator was not read to its end.

        Raises:
            CaseNotFound: There is no such case.
        """
        with self._lock:
            if case_id not in self._cases:
                self._cases[case_id] = self._read(case_id, source)
            return self._cases[case_id]

    def close(self, case_id: str) -> None:
        """Let go of a case's files."""
        with self._lock:
            case = self._cases.pop(case_id, None)
        if case is not None:
            case.reader.close()
            case.store.close()

    def _read(self, case_id: str, again: VideoSource | None) -> Case:
        folder = case_folder(self.settings.root, case_id)
        with ExitStack() as undo:
            store = self.stores.open(folder)
            undo.callback(store.close)
            kept: dict[str, Any] = dict(store.record.settings)
            request = CaseRequest.model_validate(kept.pop("request"))
            settings = load_settings(**_over(self.settings.model_dump(), kept))
            pack, equipment = load_pack(settings.rules), equip(settings)
            toolbox = self._toolbox(pack, equipment)
            origin = _origin(store.record, folder, again)
            reader = VideoReader(origin, max_pixels=settings.video.max_pixels, spool=folder / SPOOL)
            undo.callback(reader.close)
            _same_inputs(store.record, reader, pack, equipment)
            undo.pop_all()
        return Case(case_id, folder, store, request, settings, pack, reader, toolbox)

    def _toolbox(self, pack: RulePack, equipment: Equipment) -> Toolbox:
        """Every tool at hand; refuses a pack that not even the tools that are not at hand could feed."""
        toolbox = Toolbox([*default_tools(equipment), *installed_tools(), *self.tools])
        check_evidence(pack, kinds_of(shipped_specs()) | toolbox.makes())
        return toolbox


def verdict_of(case: Case) -> Verdict | None:
    """The verdict of a finished case; None while it is open."""
    kept = case.store.note("verdict")
    return None if kept is None else Verdict.model_validate(kept)


def new_case_id(name: str) -> str:
    """A readable id: the video's name, made safe, and six random hex digits."""
    return f"{slug(name)}-{secrets.token_hex(3)}"


def slug(name: str) -> str:
    """A file name reduced to letters, digits and dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", Path(name).stem)[:24].strip("-") or "case"


def _origin(record: CaseRecord, folder: Path, again: VideoSource | None) -> VideoSource:
    """Where a case's picture is read from: kept frames, if all of them were kept, come before what is given again."""
    kept = folder / SPOOL
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


def _over(now: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """The settings of today, under those that were kept with a case."""
    return now | {
        name: _over(now[name], value) if isinstance(value, dict) and isinstance(now.get(name), dict) else value
        for name, value in kept.items()
    }


def _same_inputs(record: CaseRecord, reader: VideoReader, pack: RulePack, equipment: Equipment) -> None:
    """A case is one video, one set of rules, one set of weights: going on with others would mix two cases."""
    if record.path is not None and reader.info.fingerprint != record.fingerprint:
        raise UserError(
            f"The video of case {record.case_id} is not the one it was opened with ({record.path}).",
            hint="Put the old file back, or investigate the new one as a case of its own.",
        )
    if record.hashes.get("rules") != pack.sha256:
        raise UserError(
            f"The rule pack {pack.id!r} changed since case {record.case_id} was opened.",
            hint="Put the old pack back, or investigate again with the new one.",
        )
    if (record.tier, record.hashes.get("detector")) != (equipment.tier, equipment.hashes.get("detector")):
        raise UserError(
            f"Case {record.case_id} was opened with other weights or in another tier ({record.tier}).",
            hint="Set PANDA_WEIGHTS and model.base_url as they were, or investigate again.",
        )
