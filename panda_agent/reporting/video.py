"""Videos to hand on: the whole one with boxes, score and claims drawn in, and clips around each anomalous span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from panda_agent.reporting.blur import blurred
from panda_agent.reporting.draw import (
    ACCENT,
    BLACK,
    WHITE,
    Colour,
    Image,
    Mark,
    draw_marks,
    fit,
    text_width,
    wrap,
    write,
)
from panda_agent.reporting.encode import write_mp4
from panda_agent.reporting.facts import Exhibit, duration, exhibits, threshold
from panda_agent.reporting.media import mark_of
from panda_agent.reporting.text import clean
from panda_agent.types import Label, TimeSpan, Verdict, clock
from panda_agent.video import Frame, VideoReader

MAX_FPS = 30.0
MAX_SIDE = 1280
MIN_SIDE = 720
"""A smaller picture is enlarged: text could not be read on it."""
MARGIN = 5.0
"""Seconds of a clip before and after its span."""
SOFT: Colour = (140, 147, 156)


def annotated_video(v: Verdict, source: Path, out: Path, *, blur: bool = False) -> None:
    """Write the whole video with the boxes of the evidence, the score and the claim of each moment drawn in.

    Raises:
        VideoError: The video can't be read, or holds no frame.
    """
    frames: Iterable[Frame] = VideoReader(source).frames(max_fps=MAX_FPS, max_side=MAX_SIDE)
    if blur:
        frames = blurred(frames, v.evidence_rows)
    write_mp4(out, _annotate(v, frames))


def export_clips(v: Verdict, source: Path, folder: Path, *, blur: bool = False) -> list[Path]:
    """Cut out each anomalous span with 5 s before and after it, as `NN_start-end.mp4` (seconds of the original video).

    Raises:
        VideoError: The video can't be read.
    """
    reader = VideoReader(source)
    written: list[Path] = []
    for n, span in enumerate(v.spans, 1):
        cut = TimeSpan(start=max(0.0, span.start - MARGIN), end=min(duration(v), span.end + MARGIN))
        frames: Iterable[Frame] = reader.frames(span=cut)
        if blur:
            frames = blurred(frames, v.evidence_rows)
        written.append(folder / f"{n:02d}_{cut.start:.1f}-{cut.end:.1f}.mp4")
        write_mp4(written[-1], frames)
    return written


def _annotate(v: Verdict, frames: Iterable[Frame]) -> Iterator[Frame]:
    panel: _Panel | None = None
    shown = list(exhibits(v).values())
    for frame in frames:
        image = fit(frame.image, max(MIN_SIDE, *frame.image.shape[:2]), enlarge=True)
        panel = panel or _Panel.of(v, image.shape[1])
        drawn = draw_marks(image, list(_marks(shown, frame.time, ACCENT[v.label])), letters=1 / 28)
        yield Frame(frame.time, np.vstack([drawn, panel.at(frame.time)]), frame.damaged)


def _marks(shown: Iterable[Exhibit], time: float, colour: Colour) -> Iterator[Mark]:
    """Boxes of this moment: what claims cite in colour and with its number, other evidence plainly below it."""
    now = [exhibit for exhibit in shown if exhibit.row.span.start <= time <= exhibit.row.span.end]
    for exhibit in sorted(now, key=lambda exhibit: bool(exhibit.claims)):
        mark = mark_of(exhibit, time)
        if mark is not None:
            yield Mark(mark.region, mark.tag, colour) if exhibit.claims else Mark(mark.region)


@dataclass(frozen=True)
class _Panel:
    """The strip below the picture: time and score, the claim of the moment, and the score over the whole video."""

    v: Verdict
    plot: Image
    seconds: float
    times: list[float]

    @classmethod
    def of(cls, v: Verdict, width: int) -> _Panel:
        seconds = duration(v)
        return cls(v, _plot(v, width, max(48, width // 16), seconds), seconds, [point.t for point in v.score_timeline])

    def at(self, time: float) -> Image:
        """Draw the strip for a moment; (height, width, 3)."""
        size = max(15, self.plot.shape[1] // 48)
        text = np.full((round(4.6 * size), self.plot.shape[1], 3), BLACK, np.uint8)
        self._write_state(text, time, size)
        for i, line in enumerate(self._claim(time, size)):
            write(text, line, (size, round((2.7 + 1.35 * i) * size)), WHITE, size)
        plot = self.plot.copy()
        x = round(min(1.0, time / self.seconds) * (plot.shape[1] - 1))
        cv2.line(plot, (x, 0), (x, plot.shape[0]), WHITE, 2)
        return np.vstack([text, plot])

    def _write_state(self, image: Image, time: float, size: int) -> None:
        anomalous = any(span.start <= time <= span.end for span in self.v.spans)
        state: Label = "anomalous" if anomalous else "inconclusive" if self.v.label == "inconclusive" else "normal"
        write(image, clock(time), (size, round(1.35 * size)), WHITE, size, 600)
        write(image, state, (6 * size, round(1.35 * size)), ACCENT[state], size, 600)
        score = f"score {self._score(time):.2f}"
        write(image, score, (image.shape[1] - size - text_width(score, size), round(1.35 * size)), SOFT, size)

    def _score(self, time: float) -> float:
        return (
            float(np.interp(time, self.times, [point.score for point in self.v.score_timeline])) if self.times else 0.0
        )

    def _claim(self, time: float, size: int) -> list[str]:
        """The first claim about this moment, broken into two lines."""
        current = (claim for claim in self.v.explanation if claim.span.start <= time <= claim.span.end)
        # A claim about something that happens says more about this moment than one about the scene.
        claim = min(current, key=lambda claim: claim.about == "scene", default=None)
        return wrap(clean(claim.text), self.plot.shape[1] - 2 * size, size, 2) if claim else []


def _plot(v: Verdict, width: int, height: int, seconds: float) -> Image:
    """The score over the whole video, drawn once."""
    image = np.full((height, width, 3), (27, 30, 34), np.uint8)
    colour = ACCENT[v.label]
    for span in v.spans:
        x0, x1 = (round(t / seconds * (width - 1)) for t in (span.start, span.end))
        image[:, x0 : x1 + 1] = (np.array(image[:, x0 : x1 + 1]) * 0.7 + np.array(colour) * 0.3).astype(np.uint8)
    level = round((1 - threshold(v)) * (height - 1))
    image[level, ::6] = SOFT
    if len(v.score_timeline) > 1:
        xs = np.array([p.t / seconds * (width - 1) for p in v.score_timeline])
        ys = np.array([(1 - p.score) * (height - 3) + 1 for p in v.score_timeline])
        points = np.stack([xs, ys], axis=1).round().astype(np.int32)
        cv2.polylines(image, [points], False, colour, 2, cv2.LINE_AA)
    return image
