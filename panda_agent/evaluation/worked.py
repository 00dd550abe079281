"""One video is worked as any case is, to its verdict; what is kept of it is a `Result`."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import closing
from pathlib import Path

from panda_agent.evaluation.groundedness import groundedness
from panda_agent.evaluation.observed import of_captions, of_motion, of_recording
from panda_agent.evaluation.places import places_of
from panda_agent.evaluation.result import Found, Observed, Result
from panda_agent.evaluation.sources import Task
from panda_agent.importers import as_recording
from panda_agent.investigator import Investigator
from panda_agent.memory.cases import case_folder
from panda_agent.memory.recording import read_recording, write_recording
from panda_agent.settings import Settings
from panda_agent.types import Verdict


def worked(task: Task, settings: Settings) -> Result:
    """Investigate one video; the case is deleted when it is done, what all cases share under `home` stays.

    Raises:
        PandaError: It could not be investigated.
    """
    case_id = f"eval-{hashlib.sha256(task.name.encode()).hexdigest()[:16]}"
    folder = case_folder(settings.root, case_id)
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left
    recording = settings.root / "recordings" / f"{case_id}.rec"
    try:
        verdict = _investigated(task, settings, case_id, recording)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        recording.unlink(missing_ok=True)
    found = result_of(task, verdict, settings)
    return found if not found.calls else found.model_copy(update={"money": _paid(settings, case_id)})


def _paid(settings: Settings, case_id: str) -> float:
    from panda_agent.backends.ledger import Ledger

    with closing(Ledger.of(settings.root)) as ledger:
        return ledger.spent(case_id).money


def _investigated(task: Task, settings: Settings, case_id: str, scratch: Path) -> Verdict:
    investigator = Investigator(settings)
    if task.video is not None:
        return investigator.investigate(task.video, normal=task.normal, case_id=case_id)
    if task.captioned is not None:
        write_recording(scratch, *as_recording(task.captioned, task.fps, task.origin))
    return investigator.investigate(recording=task.recording or scratch, case_id=case_id)


def observed(task: Task) -> Observed | None:
    """The raw answers that baselines are made of; None where a recording holds no such thing."""
    if task.captioned is not None:
        return of_captions(task.captioned, task.fps)
    if task.recording is not None:
        return of_recording(read_recording(task.recording))
    return None if task.video is None else of_motion(task.video)


def result_of(task: Task, v: Verdict, settings: Settings) -> Result:
    """What is kept of a verdict."""
    backed, seen = groundedness(v), task.captioned is None
    return Result(
        video=task.name,
        label=v.label,
        event_type=v.event_type,
        confidence=v.confidence,
        threshold=settings.loop.threshold,
        timeline=tuple((point.t, point.score) for point in v.score_timeline),
        spans=tuple(Found(**span.model_dump()) for span in v.spans),
        places=places_of(v) if seen else None,
        looks=v.cost.looks,
        calls=v.cost.calls,
        tokens=v.cost.tokens,
        claims=backed.claims,
        grounded=backed.grounded,
        looks_share=None if seen else 1.0,
        observed=observed(task),
    )
