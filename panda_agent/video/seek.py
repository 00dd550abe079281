"""Going near a moment without decoding all that lies before it."""

from __future__ import annotations

from collections.abc import Iterator

from av import VideoFrame

from panda_agent.video.container import AV_ERRORS, opened
from panda_agent.video.source import Source
from panda_agent.video.timeline import JUMP

NEAR = 2.0
"""Seconds: up to here, decoding from the start is quicker than looking whether seeking is safe."""
BACK = (0.0, 5.0, 30.0)
"""Seconds before the wanted moment to aim at, one after the other: some containers seek past it."""


def steady(source: Source, *, max_pixels: int) -> bool:
    """Whether all packets' timestamps rise in small steps, so that a frame's time doesn't depend on those before it.

    Reads the packets without decoding them. Where it says no, seeking would give other times than a full read.
    """
    last: int | None = None
    try:
        with opened(source, max_pixels=max_pixels) as (container, stream):
            limit = int(JUMP / stream.time_base) if stream.time_base else 0
            for packet in container.demux(stream):
                if packet.size == 0 and packet.dts is None:
                    break
                if packet.dts is None and packet.pts is not None and last is None:
                    continue  # Matroska keeps no decoding times: with B-frames the first can't be told
                if packet.pts is None or packet.dts is None or not 0 <= packet.pts - packet.dts <= limit:
                    return False
                if last is not None and not 0 <= packet.dts - last <= limit:
                    return False
                last = packet.dts
    except AV_ERRORS:
        return False
    return True


def from_key(placed: Iterator[tuple[float, VideoFrame]], moment: float) -> Iterator[tuple[float, VideoFrame]]:
    """Leave out what comes before the first key frame; give nothing if that comes only after `moment` (seconds)."""
    for time, picture in placed:
        if time > moment:
            return
        if picture.key_frame:
            yield time, picture
            break
    yield from placed
