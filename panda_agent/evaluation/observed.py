"""Raw answers, for baselines: what was there for every moment before anybody reasoned about it."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from panda_agent.evaluation.result import Observed
from panda_agent.evaluation.truth import Scores
from panda_agent.importers import Captioned, SecondRow
from panda_agent.memory.recording import Recording, unpacked

WORDS = re.compile(
    r"\b(?:cars?|trucks?|vans?|bus(?:es)?|bi(?:cycle|ke)s?|bicyclists?|cyclists?|motor(?:cycle|bike)s?|scooters?|"
    r"skateboard(?:s|ers?|ing)?|carts?|strollers?|vehicles?|rid(?:es?|ing)|fight(?:s|ing)?|punch\w*|kick\w*|"
    r"hit(?:s|ting)?|push\w*|chas(?:es?|ing)|robb\w*|steal\w*|throw\w*|jump\w*|run(?:s|ning)?|fall(?:s|ing|en)?|lying|"
    r"weapons?|guns?|knife|knives|fire|smoke|explo\w*)\b",
    re.IGNORECASE,
)
"""The simplest reading of a caption: does it name a vehicle or a violent act? Written once, before any was scored."""
BOX = 25
"""Side of the square, pixels, over which flow is averaged before its maximum is taken."""


def of_captions(captioned: Captioned, fps: float | None) -> Observed:
    """The captioner's own flag where it gave one, else whether the caption names something on a short list.

    Args:
        captioned: Captions of one video.
        fps: Captions a second, where they number frames.
    """
    values = [
        float(row.flag)
        if isinstance(row, SecondRow) and row.flag is not None
        else float(bool(WORDS.search(_text(row))))
        for row in captioned.rows
    ]
    return Observed(rate=1.0 if fps is None else fps, values=tuple(values))


def _text(row: object) -> str:
    return row.text if isinstance(row, SecondRow) else str(getattr(row, "description", ""))


def of_recording(recording: Recording) -> Observed | None:
    """What a recording holds of captions, once a second: their writer's flags, else the list; None without any."""
    rows = [unpacked(row) for probe in recording.probes.values() for row in probe.rows]
    moments = np.arange(max(1, math.ceil(recording.header.report.duration))) + 0.5
    flags = [row.data["profile"] for row in rows if row.kind == "score"]
    told = [row for row in rows if row.kind == "caption"]
    if flags:
        times, values = np.array(flags[0], float).T
        return Observed(rate=1.0, values=tuple(np.interp(moments, times, values).tolist()))
    if not told:
        return None
    named = [row.span for row in told if WORDS.search(str(row.data.get("told", "")))]
    values = [float(any(span.start <= moment < span.end for span in named)) for moment in moments]
    return Observed(rate=1.0, values=tuple(values))


def of_motion(video: Path) -> Observed:
    """The fastest place of each frame: the largest box-filtered optical flow (DIS), pixels a frame."""
    import cv2

    from panda_agent.video import VideoReader

    flow_of = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    peaks: list[float] = []
    times: list[float] = []
    before = None
    for frame in VideoReader(video).frames():
        grey = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        peaks.append(0.0 if before is None else _fastest(flow_of.calc(before, grey, None)))  # type: ignore[call-overload]
        times.append(frame.time)
        before = grey
    if len(peaks) > 1:
        peaks[0] = peaks[1]
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 1.0
    return Observed(rate=rate, values=tuple(round(peak, 4) for peak in peaks))


def _fastest(flow: Scores) -> float:
    import cv2

    return float(cv2.boxFilter(np.linalg.norm(flow, axis=2), -1, (BOX, BOX)).max())
