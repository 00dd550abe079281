"""The detective's desk: the open cases, and the tools and the reasoner that all nodes share."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from panda_agent.errors import CasePaused, ToolError
from panda_agent.memory.case_store import CaseRecord, CaseStore, case_folder
from panda_agent.memory.recording import Probe, Recording
from panda_agent.nodes.camera import freeze, frozen
from panda_agent.nodes.materials import SPOOL, Materials, VideoSource, check_same, origin_of, over
from panda_agent.reasoning.base import Reasoner
from panda_agent.reasoning.rules.reasoner import RulesReasoner
from panda_agent.settings import Settings, load_settings
from panda_agent.tools import Tool, Toolbox
from panda_agent.types import CaseRequest, RulePack, Verdict
from panda_agent.video import Footage

if TYPE_CHECKING:
    from panda_agent.nodes.model_access import ModelAccess


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
    materials: Materials
    reader: Footage
    toolbox: Toolbox
    pause: threading.Event = field(default_factory=threading.Event)
    """Set it, and work stops at the next frame with CasePaused; the case can be resumed."""

    began: float = field(default_factory=time.monotonic)
    """When this run of the case began."""

    @property
    def request(self) -> CaseRequest:
        """What is asked."""
        return self.materials.request

    @property
    def settings(self) -> Settings:
        """How the case is worked."""
        return self.materials.settings

    @property
    def pack(self) -> RulePack:
        """The rules."""
        return self.materials.pack

    @property
    def recording(self) -> Recording | None:
        """Where observations are replayed from, if they are."""
        return self.materials.recording

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

    @cached_property
    def model(self) -> ModelAccess:
        """The model, where the settings name one."""
        from panda_agent.nodes.model_access import ModelAccess

        return ModelAccess(self.settings, self.store, self.check)

    def check(self) -> None:
        """Stop here if somebody asked for it, or the budget of seconds is used up.

        Raises:
            CasePaused: Somebody did.
            ToolError: It is.
        """
        self.check_pause()
        reason = self.overdue()
        if reason is not None:
            raise ToolError(reason)

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
        reasoner: Who judges; by default a model where there is one and the settings let it, else the rules.
    """

    settings: Settings
    tools: Iterable[Tool] = ()
    reasoner: Reasoner | None = None
    stores: CaseStores = CaseStore
    """Where cases are kept: anything with `create(folder, record)` and `open(folder)`."""
    keep: Callable[[Probe], None] | None = None
    """Given each finished look of a tool, for a recording."""

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
        case_id = case_id or new_case_id(request.video or request.recording or "frames")
        materials = Materials.gather(settings or self.settings, request)
        folder = case_folder(materials.settings.root, case_id)
        reader = materials.footage(source, folder / SPOOL)
        with ExitStack() as undo:
            undo.callback(reader.close)
            store = self.stores.create(folder, _record(case_id, materials, reader))
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            undo.callback(store.close)
            freeze(store, materials.camera)
            toolbox = materials.toolbox(self.tools, self.keep)  # after the commit: the tools load OpenCV
            undo.pop_all()
        case = Case(case_id, folder, store, materials.fitted(toolbox), reader, toolbox)
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

    def reasoner_of(self, case: Case) -> Reasoner:
        """Who judges a case: the one that was given, else a model where it has one, else the rules."""
        if self.reasoner is not None:
            return self.reasoner
        return self._model if case.materials.asks_a_model else self._rules

    @cached_property
    def _rules(self) -> Reasoner:
        return RulesReasoner()

    @cached_property
    def _model(self) -> Reasoner:
        from panda_agent.reasoning.llm.reasoner import ModelReasoner

        return ModelReasoner()

    def close(self, case_id: str) -> None:
        """Let go of a case's files."""
        with self._lock:
            case = self._cases.pop(case_id, None)
        if case is not None:
            if "model" in vars(case):
                case.model.close()
            case.reader.close()
            case.store.close()

    def _read(self, case_id: str, again: VideoSource | None) -> Case:
        folder = case_folder(self.settings.root, case_id)
        with ExitStack() as undo:
            store = self.stores.open(folder)
            undo.callback(store.close)
            kept: dict[str, Any] = dict(store.record.settings)
            request = CaseRequest.model_validate(kept.pop("request"))
            settings = load_settings(**over(self.settings.model_dump(), kept))
            materials = Materials.gather(settings, request, frozen(store))
            toolbox = materials.toolbox(self.tools, self.keep)
            reader = materials.footage(origin_of(store.record, request, folder, again), folder / SPOOL)
            undo.callback(reader.close)
            check_same(store.record, reader, materials)
            undo.pop_all()
        return Case(case_id, folder, store, materials.fitted(toolbox), reader, toolbox)


def _record(case_id: str, materials: Materials, reader: Footage) -> CaseRecord:
    request = materials.request
    return CaseRecord(
        case_id=case_id,
        video=materials.name,
        path=request.video,
        fingerprint=reader.info.fingerprint,
        question=request.question,
        settings={**materials.settings.judging(), "request": request.model_dump(mode="json")},
        hashes=dict(materials.hashes),
        tier=materials.equipment.tier,
    )


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
