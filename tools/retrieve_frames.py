"""When does the video show something like this? By CLIP over its frames, else by what was told of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from pydantic import Field, JsonValue, model_validator

from panda_agent.embedders import Embedder, minilm
from panda_agent.errors import ToolError, UserError
from panda_agent.perception.observation import Observation
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.tools.clip_model import Clip
from panda_agent.tools.clip_search import LIKE_MARGIN, NEUTRAL, TEXT_MARGIN, by_frame, by_text
from panda_agent.tools.clip_weights import find_clip
from panda_agent.tools.frame_index import FrameIndex
from panda_agent.tools.retrieval_rows import FIELDS, Asked, frame_rows, sentence_rows
from panda_agent.tools.text_retrieval import TextCorpus, split_sentences
from panda_agent.tools.told import kept_encoder, told_of
from panda_agent.types import TimeSpan, clock
from panda_agent.video.footage import RecordedVideo

FRAMES = "frames"
"""Under PANDA_HOME: the indexes of videos."""
"""Under PANDA_HOME: vectors of sentences."""
JOINED = 2.0
"""Seconds between two captions that say it and are told as one stretch."""


class RetrieveInput(ToolInput):
    """What is looked for: a text, a moment, or a row of evidence."""

    text: str | None = Field(default=None, max_length=500, pattern=r"\S")
    """Words for it."""
    like: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Seconds: what looks like this moment."""
    evidence: str | None = Field(default=None, max_length=40, pattern=r"\S")
    """Cite: what looks like the middle of this row of evidence."""
    top: int = Field(default=5, ge=1, le=20)
    """Stretches that are told, at most."""

    @model_validator(mode="after")
    def _one(self) -> RetrieveInput:
        if sum(one is not None for one in (self.text, self.like, self.evidence)) > 1:
            raise ValueError("ask for one of text, like and evidence")
        return self

    @property
    def asked(self) -> dict[str, JsonValue]:
        """The one that was given; empty where nothing is asked."""
        return self.model_dump(mode="json", exclude={"top"}, exclude_none=True)


class RetrieveFrames:
    """Finds stretches by a text, or by another moment of the video.

    With CLIP weights its frames are searched; without them, what was told of it.

    Args:
        embedder: The text encoder for what was told; MiniLM by default.
    """

    spec = ToolSpec(
        name="retrieve_frames",
        about="Finds the moments of the video that show what a text says, or that look like another moment.",
        family="CLIP",
        stage="on request",
        input=RetrieveInput,
        makes={"retrieval": FIELDS},
        settings=("clip",),
        cost="slow",
        parallel_safe=True,
        after=True,
        aliases=("image retrieval", "image retrieve", "frame retrieval", "clip search", "retrieve", "retrieval"),
    )

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder or minilm()
        self._lock = threading.Lock()
        self._clip: Clip | None = None

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield a row a stretch, the best first, or one that says that there is nothing like that.

        Raises:
            ToolError: There is nothing to search, or no such moment or row of evidence.
            UserError: CLIP weights that were named can't be used.
        """
        scope.check()
        wish = scope.input if isinstance(scope.input, RetrieveInput) else RetrieveInput()
        if not wish.asked:
            return
        recorded = isinstance(scope.reader, RecordedVideo)
        why = "a recording holds no pictures." if recorded else "there are no CLIP weights."
        try:
            clip = None if recorded else self._model(scope.settings)
            rows = [] if clip is None else list(_by_clip(scope, wish, clip))
        except UserError as error:
            if scope.settings.clip.pretrained is not None or scope.settings.tier != "auto":
                raise
            rows, why = [], error.message
        if not rows and wish.text is None:  # what looks like a moment can't be told by sentences
            raise ToolError(
                f"Pictures can't be compared: {why}", hint="Give the video, and CLIP weights (clip.pretrained)."
            )
        yield from rows or self._by_sentence(scope, wish, why)

    def _model(self, settings: Settings) -> Clip | None:
        """The model of the settings, kept from one call to the next as long as its weights are the same."""
        found = find_clip(settings)
        with self._lock:
            if found is None or self._clip is None or not found.same(self._clip):
                self._clip = found
            return self._clip

    def _by_sentence(self, scope: Scope, wish: RetrieveInput, why: str) -> Iterator[Observation]:
        told = told_of(scope.filed(span=scope.span))
        if not told:
            raise ToolError(
                f"Nothing was told of this {'video' if scope.span is None else 'stretch'} yet, and {why}",
                hint="Set clip.pretrained to CLIP weights, or have the video described first.",
            )
        with kept_encoder(self._embedder, scope.home) as embedder:
            for row in told:  # a row at a time, so that the case can be paused
                scope.check()
                embedder.embed(split_sentences(row.text))
            answer = TextCorpus(told, embedder).search(wish.text or "", wish.top, gap=JOINED)
        within = scope.span or told[0].span.hull(max((row.span for row in told), key=lambda span: span.end))
        encoder = f"{self._embedder.name}@{self._embedder.version}"
        yield from sentence_rows(_asked(wish, within, "sentences", encoder), answer, why)


def _by_clip(scope: Scope, wish: RetrieveInput, clip: Clip) -> Iterator[Observation]:
    index = FrameIndex(scope.home / FRAMES, scope.reader, clip, scope.check)
    step = 1 / scope.settings.clip.fps
    moment = _moment(scope, wish)
    searched = scope.span if moment is None else None  # the moment may lie outside the span
    frames = index.frames(searched, scope.settings.clip.fps, scope.progress)
    if not len(frames.times) or (moment is not None and moment.start > frames.times[-1] + step):
        raise ToolError("The video has no picture there.", hint="Give seconds from 0 to its end.")
    first, last = float(frames.times[0]), float(frames.times[-1])
    within = scope.span or TimeSpan(start=first, end=last)
    asked = _asked(wish, within, "clip", f"{clip.name}@{clip.version}", moment)
    if moment is None:
        answer = by_text(frames, clip.texts([wish.text or ""]), clip.texts(NEUTRAL), wish.top)
        yield from frame_rows(scope, asked, answer, TEXT_MARGIN)
    else:
        alike = by_frame(frames, moment, within, wish.top)
        if alike is None:
            raise ToolError("There is no other picture to compare with.", hint="Raise clip.fps, or widen the span.")
        yield from frame_rows(scope, asked, alike, LIKE_MARGIN)


def _moment(scope: Scope, wish: RetrieveInput) -> TimeSpan | None:
    """The moment that others are compared with; None where a text is."""
    if wish.like is not None:
        return TimeSpan(start=wish.like, end=wish.like)
    if wish.evidence is None:
        return None
    row = next((row for row in (*scope.about, *scope.filed()) if row.cite == wish.evidence), None)
    if row is None:
        raise ToolError(f"The case holds no evidence {wish.evidence!r}.", hint="Name a row by its cite.")
    return row.span


def _asked(wish: RetrieveInput, within: TimeSpan, index: str, encoder: str, moment: TimeSpan | None = None) -> Asked:
    if moment is None:
        words = f'"{" ".join((wish.text or "").split())}"'
    else:
        middle = clock((moment.start + moment.end) / 2)
        words = f"{middle} (evidence {wish.evidence})" if wish.evidence is not None else middle
    return Asked({**wish.asked, "index": index, "encoder": encoder}, words, within)
