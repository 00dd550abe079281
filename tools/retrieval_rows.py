"""Answers of a search as rows of evidence: what was found where, by which index, or that there is nothing like that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pydantic import JsonValue

from panda_agent.errors import ToolError
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope
from panda_agent.tools.clip_search import FrameAnswer, FrameHit
from panda_agent.tools.text_retrieval import TextAnswer, TextHit
from panda_agent.types import TimeSpan, clock

FIELDS = (
    "found", "index", "encoder", "text", "like", "evidence", "similarity", "margin", "needed", "best", "frames",
    "sentence", "doubtful", "of", "why",
)  # fmt: skip
"""Data fields of a `retrieval` row. `index` says which one answered, `clip` or `sentences`; `margin` is in spreads, by
the scale of that index, and `needed` what CLIP asks for; `of` are the rows that say it; `why` says why no pictures were
searched."""
PICTURE_SIDE = 320
"""Longer side of a picture that is kept, pixels."""
PICTURE_BYTES = 60_000


@dataclass(frozen=True)
class Asked:
    """What was looked for."""

    data: dict[str, JsonValue]
    """`text`, `like` or `evidence`, and which index and encoder answer."""
    words: str
    """As a sentence names it: a quoted text, or "0:07.0"."""
    within: TimeSpan
    """Where."""


def frame_rows(scope: Scope, asked: Asked, answer: FrameAnswer, needed: float) -> Iterator[Observation]:
    """What CLIP found, with a picture of each stretch; or one row that says that nothing is like that."""
    asked = Asked({**asked.data, "needed": needed}, asked.words, asked.within)
    rest = "the texts that say nothing" if "text" in asked.data else "the rest of the video"
    for hit in answer.hits:
        yield _frame_row(scope, asked, hit, rest)
    if not answer.hits:
        told = (
            f"Nothing looks like {asked.words}: the nearest frame, at {clock(answer.best)}, lies {answer.margin:.1f} "
            f"spreads above {rest}, where {needed:.1f} are needed (CLIP similarity {answer.similarity:.2f})."
        )
        data = {"similarity": answer.similarity, "margin": answer.margin, "best": answer.best}
        yield Observation("retrieval", asked.within, told, {"found": False, **asked.data, **data})


def sentence_rows(asked: Asked, answer: TextAnswer, why: str) -> Iterator[Observation]:
    """What was told that answers; or one row that says that nothing does."""
    asked = Asked({**asked.data, "why": why}, asked.words, asked.within)
    for hit in answer.hits:
        yield _sentence_row(asked, hit, answer.margin, why)
    if not answer.hits:
        nearest = f'"{answer.nearest}"'
        told = (
            f"Nothing that was told says {asked.words}; nearest is {nearest} (similarity {answer.similarity:.2f}). "
            f"Pictures were not searched: {why}"
        )
        data: dict[str, JsonValue] = {
            "similarity": answer.similarity,
            "margin": answer.margin,
            "sentence": answer.nearest,
        }
        yield Observation("retrieval", asked.within, told, {"found": False, **asked.data, **data}, family="recall")


def _frame_row(scope: Scope, asked: Asked, hit: FrameHit, rest: str) -> Observation:
    told = (
        f"{_when(hit.span)} the picture looks like {asked.words}: {hit.margin:.1f} spreads above {rest} (CLIP "
        f"similarity {hit.similarity:.2f}, {hit.frames} frame{'s' if hit.frames != 1 else ''}, "
        f"most at {clock(hit.best)})."
    )
    data = {"similarity": hit.similarity, "margin": hit.margin, "best": hit.best, "frames": hit.frames}
    media = _picture(scope, hit.best)
    return Observation("retrieval", hit.span, told, {"found": True, **asked.data, **data}, media=media)


def _sentence_row(asked: Asked, hit: TextHit, margin: float, why: str) -> Observation:
    doubt = ", with doubt" if hit.doubtful else ""
    told = (
        f'{_when(hit.span)} it is told{doubt}: "{hit.sentence}" That answers {asked.words} (similarity '
        f"{hit.similarity:.2f}). Pictures were not searched: {why}"
    )
    data: dict[str, JsonValue] = {
        "similarity": hit.similarity,
        "margin": margin,
        "sentence": hit.sentence,
        "doubtful": hit.doubtful,
        "of": list(hit.cites),
    }
    return Observation("retrieval", hit.span, told, {"found": True, **asked.data, **data}, family="recall")


def _when(span: TimeSpan) -> str:
    return f"From {clock(span.start)} to {clock(span.end)}" if span.duration else f"At {clock(span.start)}"


def _picture(scope: Scope, time: float) -> str | None:
    """Keep the picture of a moment with the case; None without a case, or without the video."""
    if scope.media is None:
        return None
    from panda_agent.backends.pictures import encode  # what talks to models is imported where it is used
    from panda_agent.tools.clip_pictures import MEDIA

    with suppress(ToolError):  # a recording holds no pictures
        moment = TimeSpan(start=time, end=time)
        for frame in scope.reader.frames(span=moment, max_side=PICTURE_SIDE):
            jpeg = encode(frame.image, "A", time, side=PICTURE_SIDE, most=PICTURE_BYTES).jpeg
            name = f"{MEDIA}/{hashlib.sha256(jpeg).hexdigest()[:16]}.jpg"
            path = scope.media / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg)
            return name
    return None
