"""Small films for filters: a noisy textured wall, things painted onto it, and the looks that a filter is given."""

import av
import cv2
import numpy as np
import pytest

from panda_agent.perception.background import Foreground
from panda_agent.perception.flow import DenseFlow
from panda_agent.perception.look import Look
from panda_agent.perception.perceiver import Perceiver
from panda_agent.perception.tracks import Track


class Film:
    """Frames of one size and rate, and what a filter says about them."""

    height, width, rate = 192, 288, 10.0

    def texture(self, seed, height=None, width=None, low=60, high=180, grain=3):
        """A gray picture with edges all over."""
        height, width = height or self.height, width or self.width
        coarse = np.random.default_rng(seed).integers(
            low, high, (height // grain + 1, width // grain + 1), dtype=np.uint8
        )
        return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)

    def shoot(self, draw, seconds, noise=2.0):
        """Frames of what `draw(picture, time)` paints: it gets the gray wall as float and returns gray or RGB."""
        rng, wall, frames = np.random.default_rng(1), self.texture(0).astype(np.float32), []
        for i in range(round(seconds * self.rate)):
            picture = np.asarray(draw(wall.copy(), i / self.rate), np.float32)
            picture = picture[..., None].repeat(3, axis=2) if picture.ndim == 2 else picture
            grain = rng.normal(0, noise, picture.shape[:2])[..., None] if noise else 0.0
            frames.append(np.clip(picture + grain, 0, 255).astype(np.uint8))
        return frames

    def watch(self, frames, filter_, tracks=None, rate=None):
        """Everything a filter reports; `tracks(time)` gives boxes by track id, if any."""
        rate, flow, found, paths = rate or self.rate, DenseFlow(), [], {}
        for i, rgb in enumerate(frames):
            time, gray = i / rate, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
            for id_, box in (tracks(time) if tracks else {}).items():
                paths.setdefault(id_, Track(id_)).rows.append((time, *map(float, box), 0.0, 0.0))
            live = {id_: path for id_, path in paths.items() if time - path.last < 1.5}
            still = Foreground(np.zeros_like(gray), 0.0)
            found += filter_.update(
                Look(time, rgb, gray, flow.update(gray, time), still, np.zeros((0, 4), np.float32), live, [])
            )
        return found + filter_.finish()


@pytest.fixture
def film():
    """Makes films and shows them to filters."""
    return Film()


@pytest.fixture
def watch_file(home):
    """Shows a real video to filters through all of perception: `watch_file(path, Kind, ...)`, 384 pixels and 15 fps."""

    def watch(path, *kinds):
        times, frames = [], []
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                if not times or frame.time - times[-1] >= 1 / 15 - 1e-3:
                    scale = min(1.0, 384 / max(frame.width, frame.height))
                    size = (round(frame.width * scale / 2) * 2, round(frame.height * scale / 2) * 2)
                    times.append(frame.time)
                    frames.append(frame.reformat(*size, format="rgb24").to_ndarray())
        rate = (len(times) - 1) / (times[-1] - times[0])
        perceiver, filters = Perceiver(frames, rate, home), [kind(rate) for kind in kinds]
        found = []
        for time, frame in zip(times, frames, strict=True):
            look = perceiver.look(perceiver.pixels(time - times[0], frame))
            found += [row for filter_ in filters for row in filter_.update(look)]
        return found + [row for filter_ in filters for row in filter_.finish()]

    return watch
