"""Open the case, so that from here on it can be resumed; the step a mounted graph starts with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from langgraph.config import get_config

from panda_agent.errors import CaseNotFound
from panda_agent.nodes.desk import Case, Desk, new_case_id, slug
from panda_agent.nodes.perceive import Emit
from panda_agent.nodes.state import CaseState
from panda_agent.settings import load_settings
from panda_agent.types import CaseOpened, CaseRequest


def open_case(desk: Desk, state: CaseState, emit: Emit) -> CaseState:
    """Take up the case that the state names, or open one for the state's video."""
    case = _named(desk, state) or _open(desk, state)
    emit(CaseOpened(case_id=case.id, video=case.store.record.video, tier=case.store.record.tier))
    return {"case_id": case.id}


def _named(desk: Desk, state: CaseState) -> Case | None:
    """The case that the state names, unless it is that of another video, which a parent's thread was about before."""
    if "case_id" not in state:
        return None
    case = desk.case(state["case_id"])
    fits = "video" not in state or case.request.video == str(Path(state["video"]).absolute())
    return case if fits else None


def _open(desk: Desk, state: CaseState) -> Case:
    path = Path(state["video"]).absolute()
    case_id = _steady_id(path)
    try:
        return desk.case(case_id)
    except CaseNotFound:
        settings = load_settings(**{**desk.settings.model_dump(), **(state.get("settings") or {})})
        return desk.open(path, CaseRequest(video=str(path), question=state.get("question")), case_id, settings)


def _steady_id(path: Path) -> str:
    """An id that a repeated step finds again: by the thread and the place in it where the parent graph stands."""
    where = get_config().get("configurable", {})
    thread = where.get("thread_id")
    if thread is None:
        return new_case_id(path.name)
    place = json.dumps([thread, where.get("checkpoint_ns", ""), str(path)])
    return f"{slug(path.name)}-{hashlib.sha256(place.encode()).hexdigest()[:6]}"
