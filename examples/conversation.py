"""A conversation about a finished case, written down: why, what if, look again, and a fact that revises the verdict.

    python -m examples.conversation [VIDEO [FACT [FILE]]]

Where something was found, FACT is what a person knows about it. With FILE the transcript is written there;
examples/conversation.md was made so, of a real video.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from examples.sample import video_of
from panda_agent import Investigator, Verdict
from panda_agent.conversation import Conversation
from panda_agent.conversation.compare import moved
from panda_agent.nodes.desk import new_case_id
from panda_agent.reporting.text import clean
from panda_agent.types import clock

FACT = "that is an exercise that was announced"


def turns_about(verdict: Verdict, fact: str) -> Iterator[str]:
    """What somebody might ask who has this verdict before him."""
    yield "verdict"
    yield "why"
    if not verdict.spans:
        return
    span = verdict.spans[0]
    claim = next(claim for claim in verdict.explanation if claim.about == span.event_type)
    fired = next(line for line in verdict.trace if line.outcome == "fired" and line.evidence[:1] == claim.cites[:1])
    row = next(row for row in verdict.evidence_rows if row.cite == claim.cites[0])
    yield f"show {row.cite}"
    yield f"why not {clock(span.start / 2)}"
    yield f"what if {fired.rule.partition('@')[0]} off"
    yield "what if threshold >= 0.95"
    yield f"without {row.cite}"
    where = "everything"
    if row.region is not None:
        where = ",".join(f"{v:.2f}" for v in (row.region.x0, row.region.y0, row.region.x1, row.region.y1))
    yield f"look at {where} from {clock(span.start)} to {clock(min(span.end, span.start + 5))} zoomed"
    yield "are you sure about this"
    yield f"I know {fact}"
    yield "why"
    yield "verdict 1"


def transcript(video: str, fact: str) -> Iterator[str]:
    """The conversation, line by line."""
    investigator = Investigator()
    case_id = new_case_id(video)
    verdict = investigator.investigate(video, case_id=case_id)
    with Conversation(investigator, case_id) as conversation:
        for turn in turns_about(verdict, fact):
            yield f"> {turn}"
            yield from _lines(conversation.say(turn).lines)
            yield ""
        versions = conversation.docket.case.store.versions()
        if len(versions) > 1:
            yield f"What moved from version 1 to version {len(versions)} (`panda log CASE --diff 1 {len(versions)}`):"
            yield from _lines(f"  {one.line()}" for one in moved(verdict, conversation.docket.verdict))


def _lines(lines: Iterable[str]) -> Iterator[str]:
    """Lines that quote others, made harmless, with their indent."""
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        yield indent + clean(line)


def main(arguments: Sequence[str]) -> int:
    video = video_of(arguments)
    fact = arguments[1] if len(arguments) > 1 else FACT
    out = arguments[2] if len(arguments) > 2 else None
    told = list(transcript(video, fact))
    print("\n".join(told))
    if out is not None:
        head = f"# A conversation\n\nWritten by `python -m examples.conversation {Path(video).name}`.\n\n```text\n"
        Path(out).write_text(head + "\n".join(told).rstrip() + "\n```\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
