"""The pictures of a report, read from the video in one pass over the moments that are needed."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from panda_agent.reporting.blur import PAST, blurred
from panda_agent.reporting.draw import ACCENT, WHITE, Image, Mark, draw_marks, fit, to_jpeg
from panda_agent.reporting.facts import Exhibit, duration, exhibits, peak, region_at, video_facts
from panda_agent.reporting.moments import key_moments
from panda_agent.types import TimeSpan, Verdict, merge_spans
from panda_agent.video import Frame, VideoReader

MOST = 60
"""Pictures of evidence in one report; each takes about 30 kB. The first cited come first."""
LARGE, SMALL = 640, 400
"""Longer side in pixels of a key moment and of a piece of evidence."""


@dataclass(frozen=True)
class Picture:
    """A picture ready for the page."""

    time: float
    """Seconds of the frame that is shown."""
    jpeg: bytes
    width: int
    """Pixels."""
    height: int

    @property
    def url(self) -> str:
        """The picture as a data URL: the page needs no second file."""
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode("ascii")


@dataclass(frozen=True)
class Media:
    """Pictures by evidence cite, and by the key of a key moment. Empty where there is no video."""

    pictures: Mapping[str, Picture] = field(default_factory=dict)
    blurred: bool = False

    @classmethod
    def collect(
        cls, v: Verdict, source: Path, *, blur: bool = False, blur_moving: bool = True, kept: Path | None = None
    ) -> Media:
        """Read the pictures that a report of this verdict shows.

        Args:
            v: The verdict.
            source: The video.
            blur: Blur people: what evidence points at, and whatever moves.
            blur_moving: With `blur`, False leaves alone what moves but is no evidence.
            kept: The case folder: a picture that was kept with a piece of evidence is shown in the place of a frame,
                unless people are to be blurred.

        Raises:
            VideoError: The video can't be read any more.
        """
        wanted = sorted(_wanted(v), key=lambda shot: shot.time)
        reader = VideoReader(source)
        pictures: dict[str, Picture] = {}
        for span in _stretches(v, [shot.time for shot in wanted], PAST if blur else 0.0):
            inside = [shot for shot in wanted if span.start <= shot.time <= span.end]
            frames: Iterable[Frame] = reader.frames(span=span, max_side=LARGE)
            if blur:
                frames = blurred(frames, v.evidence_rows, moving=blur_moving)
            for shot, frame in zip(inside, frames_at(frames, [shot.time for shot in inside]), strict=False):
                pictures[shot.key] = shot.take(frame)
        if kept is not None and not blur:
            pictures |= kept_pictures(v, kept)
        return cls(pictures, blurred=blur)


def kept_pictures(v: Verdict, folder: Path) -> dict[str, Picture]:
    """The pictures that tools kept with their evidence, e.g. what a model was shown, by cite.

    Args:
        v: The verdict.
        folder: The case folder; a reference that leads out of it is not followed.
    """
    found = {}
    for cite, exhibit in list(exhibits(v).items())[:MOST]:
        reference = exhibit.row.media_ref
        path = None if reference is None else (folder / reference).resolve()
        if path is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
            continue
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if image is not None:
            small: Image = fit(np.ascontiguousarray(image[..., ::-1]), LARGE)
            at = peak(exhibit.row)
            found[cite] = Picture(at, to_jpeg(small), small.shape[1], small.shape[0])
    return found


@dataclass(frozen=True)
class _Shot:
    key: str
    time: float
    marks: tuple[Mark, ...]
    side: int

    def take(self, frame: Frame) -> Picture:
        # Enlarged before drawing: a line two pixels wide hides what it points at in a tiny picture.
        image: Image = draw_marks(fit(frame.image, self.side, enlarge=True), self.marks)
        return Picture(frame.time, to_jpeg(image), image.shape[1], image.shape[0])


def _wanted(v: Verdict) -> Iterator[_Shot]:
    shown = exhibits(v)
    colour = ACCENT[v.label]
    for moment in key_moments(v):
        marks = (mark_of(shown[cite], moment.time) for cite in moment.cites)
        yield _Shot(moment.key, moment.time, tuple(Mark(m.region, m.tag, colour) for m in marks if m), LARGE)
    for cite, exhibit in list(shown.items())[:MOST]:
        mark = mark_of(exhibit, peak(exhibit.row))
        tone = colour if exhibit.claims else WHITE
        yield _Shot(cite, peak(exhibit.row), (Mark(mark.region, "", tone),) if mark else (), SMALL)


def mark_of(exhibit: Exhibit, time: float) -> Mark | None:
    """The box of a piece of evidence at a moment, tagged with its number; None where it means the whole picture."""
    region = region_at(exhibit.row, time)
    return None if region is None else Mark(region, f"E{exhibit.number}")


def frames_at(frames: Iterable[Frame], times: Sequence[float]) -> Iterator[Frame]:
    """Yield, for each of the rising `times`, the frame nearest to it."""
    waiting = deque(times)
    before: Frame | None = None
    for frame in frames:
        while waiting and frame.time >= waiting[0]:
            time = waiting.popleft()
            yield before if before is not None and time - before.time < frame.time - time else frame
        if not waiting:
            return
        before = frame
    if before is not None:
        yield from (before for _ in waiting)


def _stretches(v: Verdict, times: Sequence[float], lead: float) -> list[TimeSpan]:
    """The stretches to decode: around each moment, wide enough to hold a frame even of a sparse recording."""
    frames = video_facts(v).get("frames")
    gap = duration(v) / frames if isinstance(frames, int) and frames > 0 else 0.0
    room = max(1.0, 2 * gap)
    # Neighbours are read in one go: seeking costs more than a few seconds of decoding.
    return merge_spans((TimeSpan(start=max(0.0, t - room - lead), end=t + room) for t in times), gap=4.0)
