"""Films made on the spot: each frame carries its number as a row of black and white blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

BITS = 12
BLOCK = 20
FORMATS = {".ts": "mpegts", ".mkv": "matroska", ".mpg": "mpeg"}


def draw(number: int, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A grey picture with a coloured ramp, a moving square, and `number` in binary at the top."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[height // 2 :, :, 0] = np.linspace(0, 255, width, dtype=np.uint8)
    left = number * 5 % (width - 30)
    image[height // 2 + 20 : height // 2 + 50, left : left + 30] = (220, 200, 40)
    for bit in range(BITS):
        image[4:24, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    return image


def read_number(image: NDArray[np.uint8]) -> int:
    """The number that `draw` put into a picture of the original size."""
    return sum(int(image[10:18, bit * BLOCK + 6 : bit * BLOCK + 14].mean() > 127) << bit for bit in range(BITS))


@dataclass
class Film:
    """How to make a film; `write` makes it."""

    frames: int = 60
    rate: Fraction | int = 30
    times: Sequence[Fraction] | None = None
    """Seconds of each frame; None spaces `frames` of them by `rate`."""
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (320, 240)
    gop: int = 30
    tick: Fraction = Fraction(1, 90_000)
    turn: dict[str, Any] | None = None
    """Arguments of `set_display_rotation`."""
    edit: Callable[[av.Packet], None] = lambda packet: None
    """May change each packet before it is written."""
    mux: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        container_format = FORMATS.get(path.suffix, path.suffix[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file object, since FFmpeg would read a meaning into some names.
        with path.open("wb") as file, av.open(file, "w", format=container_format, options=self.mux) as container:
            container.metadata.update(self.metadata)
            for packet in self._packets(container):
                self.edit(packet)
                container.mux(packet)
        return path

    def _packets(self, container: av.container.OutputContainer) -> Iterator[av.Packet]:
        stream = container.add_stream(self.codec, rate=self.rate, options=self.options)
        stream.width, stream.height = self.size
        stream.pix_fmt, stream.gop_size, stream.codec_context.time_base = self.pix_fmt, self.gop, self.tick
        if self.turn is not None:
            stream.set_display_rotation(**self.turn)
        times = self.times or [Fraction(n) / self.rate for n in range(self.frames)]
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(draw(number, *self.size), format="rgb24")
            frame.pts, frame.time_base = round(time / self.tick), self.tick
            yield from stream.encode(frame)
        yield from stream.encode()


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """film(name, **fields of Film) makes a film in the test's folder and returns its path."""
    return lambda name, **fields: Film(**fields).write(tmp_path / name)


@pytest.fixture
def number() -> Callable[[NDArray[np.uint8]], int]:
    return read_number


@pytest.fixture
def picture() -> Callable[..., NDArray[np.uint8]]:
    return draw
