"""One video is worked as any case is, to its verdict; what is kept of it is a `Result`."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from panda_agent.evaluation.gating import looked
from panda_agent.evaluation.groundedness import groundedness
from panda_agent.evaluation.observed import of_captions, of_motion, of_recording
from panda_agent.evaluation.places import places_of
from panda_agent.evaluation.pool import Keep
from panda_agent.evaluation.result import Found, Observed, Result
from panda_agent.evaluation.sources import Task
from panda_agent.evaluation.strategies import narrowed
from panda_agent.importers import as_recording
from panda_agent.investigator import Investigator
from panda_agent.memory.cases import case_folder
from panda_agent.memory.recording import read_recording, write_recording
from panda_agent.settings import Settings
from panda_agent.types import Verdict


def worked(task: Task, settings: Settings, keep: Keep | None = None) -> Result:
    """Investigate one video; the case is deleted when it is done, what all cases share under `home` stays.

    Args:
        task: The video.
        settings: How it is worked.
        keep: Given the verdict, for those who keep more of it than a `Result`.

    Raises:
        PandaError: It could not be investigated.
    """
    case_id = f"eval-{hashlib.sha256(task.name.encode()).hexdigest()[:16]}"
    folder = case_folder(settings.root, case_id)
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was killed left
    recording = settings.root / "recordings" / f"{case_id}.rec"
    used = _used(task, settings)
    try:
        verdict, misses = _investigated(used, settings, case_id, recording)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        recording.unlink(missing_ok=True)
    if keep is not None:
        keep(task.name, verdict)
    share = None if task.captioned is None else used.size / task.size
    found = result_of(task, verdict, settings).model_copy(update={"misses": misses, "looks_share": share})
    return found if not found.calls else found.model_copy(update={"money": _paid(settings, case_id)})


def _paid(settings: Settings, case_id: str) -> float:
    from panda_agent.backends.ledger import Ledger

    with closing(Ledger.of(settings.root)) as ledger:
        return ledger.spent(case_id).money


def _investigated(task: Task, settings: Settings, case_id: str, scratch: Path) -> tuple[Verdict, int]:
    """The verdict, and how many looks were asked for that the recording does not hold."""
    if task.video is not None:
        return Investigator(settings).investigate(task.video, normal=task.normal, case_id=case_id), 0
    path = _replayed(task, scratch)
    held, looks = read_recording(path), list[str]()
    investigator = Investigator(settings, keep=lambda probe: looks.append(probe.key))
    verdict = investigator.investigate(recording=path, case_id=case_id)
    return verdict, sum(held.find(key) is None for key in looks)


def _replayed(task: Task, scratch: Path) -> Path:
    """The recording that stands in for the video: that of the task, or one made for it in `scratch`."""
    whole = not task.without and task.strategy == "panda"
    if task.recording is not None and whole:
        return task.recording
    if task.captioned is not None:
        header, probes = as_recording(task.captioned, task.fps, task.origin)
    else:
        assert task.recording is not None
        recording = read_recording(task.recording)
        header, probes = recording.header, list(recording.probes.values())
    if not whole:
        header, probes = narrowed(header, probes, task.without, task.strategy)
    write_recording(scratch, header, probes)
    return scratch


def _used(task: Task, settings: Settings) -> Task:
    """The task with those of its captions that may be used."""
    if task.captioned is None or task.looks >= 1:
        return task
    online = settings.loop.mode == "online"
    return replace(task, captioned=looked(task.captioned, task.fps, task.looks, online=online))


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
        observed=observed(task),
        cited=hashlib.sha256(" ".join(sorted(row.cite for row in v.evidence_rows)).encode()).hexdigest()[:16],
    )
