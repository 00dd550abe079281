"""Films made on the spot: each frame carries its number as a row of black and white blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

BITS = 12
BLOCK = 20
MPEG_TICK = Fraction(1, 90_000)


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


def regular(frames: int, rate: Fraction | int = 30) -> list[Fraction]:
    return [Fraction(n) / rate for n in range(frames)]


def packets_of(
    container: av.container.OutputContainer, times: Sequence[Fraction | float], codec: str, **settings: Any
) -> tuple[av.VideoStream, Iterable[av.Packet]]:
    width, height = settings.get("size", (320, 240))
    tick = settings.get("tick", MPEG_TICK)
    stream = container.add_stream(codec, rate=settings.get("rate", 30), options=settings.get("options", {}))
    stream.width, stream.height, stream.pix_fmt = width, height, settings.get("pix_fmt", "yuv420p")
    stream.codec_context.time_base = tick
    stream.gop_size = settings.get("gop", 30)
    if "turn" in settings:
        stream.set_display_rotation(**settings["turn"])

    def packets() -> Iterable[av.Packet]:
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(draw(number, width, height), format="rgb24")
            frame.pts, frame.time_base = round(time / tick), tick
            yield from stream.encode(frame)
        yield from stream.encode()

    return stream, packets()


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Make a film: film(name, times, codec, *, edit, size, pix_fmt, rate, tick, gop, options, turn) → path.

    `edit(packet)` may change each packet's timestamps before it is written.
    """

    def make(
        name: str,
        times: Sequence[Fraction | float] | None = None,
        codec: str = "libx264",
        *,
        edit: Callable[[av.Packet], None] = lambda packet: None,
        mux: dict[str, str] | None = None,
        **settings: Any,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file, av.open(file, "w", format=_format(name), options=mux or {}) as container:
            _, packets = packets_of(container, times if times is not None else regular(60), codec, **settings)
            for packet in packets:
                edit(packet)
                container.mux(packet)
        return path

    return make


def _format(name: str) -> str:
    endings = {"ts": "mpegts", "mkv": "matroska", "mpg": "mpeg", "h264": "h264"}
    ending = name.rsplit(".", 1)[-1]
    return endings.get(ending, ending)


@pytest.fixture
def number() -> Callable[[NDArray[np.uint8]], int]:
    return read_number


@pytest.fixture
def picture() -> Callable[..., NDArray[np.uint8]]:
    return draw
