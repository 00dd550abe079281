"""Online cases of frames, and whether one of a prefix said what one of the whole had said by then."""

from __future__ import annotations

from panda_agent import Investigator
from panda_agent.memory.case_store import CaseStore, case_folder
from tests.online.conftest import by, settings

PREFIXES = (2.7, 4.4, 6.1, 8.0, 12.2)


def last(frames) -> float:
    """Seconds of the last frame."""
    return frames[-1][0]


def investigated(frames, home, tools=(), normal=(), reasoner=None, **more):
    """Verdict, judgements and rows of an online case."""
    inv = Investigator(settings(home, **more), tools=tools, reasoner=reasoner)
    verdict = inv.investigate(iter(frames), case_id="case", normal=normal)
    with CaseStore.open(case_folder(home, "case")) as store:
        return verdict, store.judgements(), store.evidence()


def told_by(case, second):
    """All that a case said by a second: its score, its judgements of whole clips, and its evidence."""
    verdict, judgements, rows = case
    score = [(point.t, point.score) for point in verdict.score_timeline]
    judged = [one.model_dump_json() for one in judgements if one.span.end <= second]
    return score, judged, by(rows, second)


def same(whole, part, second):
    """Whether a case of a prefix said what the case of the whole had said by then.

    Which points of a score are told depends on the next one: of a prefix, all but the last are settled.
    """
    (score, *said), (full, *said_then) = told_by(part, second), told_by(whole, second)
    settled = [point for point in score[:-1] if point[0] <= second]
    return settled == full[: len(settled)] and said == said_then
