"""An investigator inside an asyncio program: several videos at a time, each event as it happens.

    python -m examples.embed [VIDEO...]

Events are typed: panda_agent/types/events.py lists them all.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from examples.sample import video_of
from panda_agent import Investigator
from panda_agent.types import CaseOpened, EvidenceFound, Judged, Planned, Progress, Reflected, VerdictReached


async def watch(investigator: Investigator, video: str) -> None:
    """Follow one case to its end. Leaving the loop early, or cancelling the task, leaves a case that can be resumed."""
    found: dict[str, int] = {}
    async for event in investigator.stream(video):
        match event:
            case CaseOpened():
                print(f"{event.case_id}: opened")
            case Progress() if event.total and sys.stderr.isatty():
                print(f"{event.step}: {event.done / event.total:.0%}", end="\r", file=sys.stderr)
            case EvidenceFound():
                found[event.evidence.kind] = found.get(event.evidence.kind, 0) + 1
            case Planned():
                print(f"scene: {event.scene.overview}")
                print(f"{len(event.hypotheses)} hypotheses, tested by {len(event.rules)} rules on {found}")
            case Judged(judgement=judgement):
                print(f"clip {judgement.span}: {judgement.status} ({judgement.score:.2f})")
            case Reflected():
                print(f"clip {event.clip} is unclear, next: {event.tool or 'nothing left to try'}")
            case VerdictReached(verdict=verdict):
                print(f"{event.case_id}: {verdict.label}: {verdict.headline}")


async def main(arguments: Sequence[str]) -> None:
    investigator = Investigator()
    async with asyncio.TaskGroup() as group:
        for video in arguments or [video_of([])]:
            group.create_task(watch(investigator, video))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
