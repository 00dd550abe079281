"""The frames of one video as CLIP vectors, kept on disk: each is embedded once, whatever is asked for later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from panda_agent.embedders import Vectors
from panda_agent.tools.clip_model import Clip
from panda_agent.tools.frame_file import Sampling, load, save
from panda_agent.types import TimeSpan
from panda_agent.video.causal import until_of
from panda_agent.video.footage import Footage

FORMAT = 1
"""Changes with the shape of the file, and with how pictures are prepared for the model."""
EVER = 1e9
"""Seconds; a stretch that ends here reaches to the end of the video."""
KEPT_EVERY = 500
"""New frames after which a long pass is kept, should the process die."""


@dataclass(frozen=True)
class FrameVectors:
    """Frames of a stretch of a video."""

    times: NDArray[np.float64]
    """(n,) seconds, rising."""
    vectors: Vectors
    """(n, dim) unit rows."""

    def similar(self, queries: Vectors) -> NDArray[np.float64]:
        """(m, n) cosines of unit rows (m, dim) with each frame, searched in FAISS."""
        import faiss

        index = faiss.IndexFlatIP(self.vectors.shape[1])
        index.add(self.vectors)
        scores, places = index.search(np.ascontiguousarray(queries), len(self.times))
        found = np.empty(scores.shape, np.float64)
        np.put_along_axis(found, places, scores.astype(np.float64), axis=1)
        return found


class FrameIndex:
    """The vectors of one video, made by one model with one set of weights.

    The file is named by all three and says so inside: vectors of other weights are never searched.

    Args:
        folder: Where indexes lie, a folder a video.
        reader: The video; one whose fingerprint shows only after a read is read to its end first.
        clip: The model; it is loaded where a frame is missing.
        check: Called at each frame; may raise to stop. What was embedded by then is kept.
    """

    def __init__(self, folder: Path, reader: Footage, clip: Clip, check: Callable[[], None]) -> None:
        self._reader, self._clip, self._check = reader, clip, check
        if not reader.info.fingerprint:
            for _ in reader.frames(max_side=64):
                check()
        video = reader.info.fingerprint
        self._maker = {"format": FORMAT, "encoder": clip.name, "version": clip.version, "video": video}
        model = hashlib.sha256(clip.name.encode()).hexdigest()[:8]
        self._path = folder / video[:32] / f"{model}-{clip.version}.index"
        self._held = load(self._path, self._maker)
        self.embedded = 0
        """Frames that had to be embedded since it was opened."""

    def frames(
        self, span: TimeSpan | None, fps: float, progress: Callable[[float, float | None], None]
    ) -> FrameVectors:
        """The frames of a stretch; those that are missing are read and embedded first.

        Args:
            span: Seconds; None is the whole video.
            fps: Frames a second, chosen as `Footage.frames` does: the same ones whatever else is held.
            progress: Called with (seconds done, None).

        Raises:
            ToolError: A frame is missing and the video is not at hand.
            UserError: The weights can't be used.
        """
        wanted = span or TimeSpan(start=0, end=until_of(self._reader) or EVER)
        sampling = self._held.samplings.setdefault(fps, Sampling())
        if not sampling.holds(wanted):
            try:
                self._fill(None if wanted.end == EVER else wanted, fps, sampling, progress)
                sampling.cover(wanted)
            finally:  # a pass that was stopped keeps what it has embedded
                save(self._path, self._maker, self._held)
        times = sorted(time for time in sampling.times if wanted.start <= time <= wanted.end)
        rows = [self._held.vectors[time] for time in times]
        return FrameVectors(np.array(times, np.float64), np.stack(rows) if rows else np.zeros((0, 1), np.float32))

    def _fill(
        self, span: TimeSpan | None, fps: float, sampling: Sampling, progress: Callable[[float, float | None], None]
    ) -> None:
        for frame in self._reader.frames(span=span, max_fps=fps, max_side=2 * self._clip.side):
            self._check()
            if frame.time not in self._held.vectors:
                self._held.vectors[frame.time] = self._clip.picture(frame.image)
                self.embedded += 1
                if self.embedded % KEPT_EVERY == 0:
                    save(self._path, self._maker, self._held)
            sampling.times.add(frame.time)
            progress(frame.time, None)
