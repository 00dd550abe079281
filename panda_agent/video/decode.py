"""Packets become pictures, one by one, so that a damaged packet costs itself and not the rest of the video."""

from __future__ import annotations

from collections.abc import Iterator

from av import Packet, VideoFrame
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.stream import VideoStream

from panda_agent.video.container import AV_ERRORS
from panda_agent.video.tally import Tally

PACKET_FAILURES = 1000
"""Packets in a row that may fail to decode before the rest is given up."""
READ_FAILURES = 16
"""Failures in a row to get another packet from the file before the rest is given up."""


class Decoder:
    """Decodes a stream from where its container stands, in the order of presentation.

    Args:
        container: The opened container.
        stream: The stream to decode.
        tally: Told of packets and damage.
        threads: How many threads FFmpeg uses; 0 is one a core. More than one are faster on large pictures, but how
            they patch damaged data up depends on their number and on chance. One gives the same pictures every time.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, tally: Tally, *, threads: int = 1) -> None:
        self._container = container
        self._stream = stream
        self._context = stream.codec_context
        self._tally = tally
        self._context.thread_type = ThreadType.NONE if threads == 1 else ThreadType.AUTO
        self._context.thread_count = threads

    def __iter__(self) -> Iterator[VideoFrame]:
        """Decode to the end."""
        failures = 0
        for packet in self._packets():
            pictures = self._decode(packet)
            failures = failures + 1 if pictures is None else 0
            if failures == PACKET_FAILURES:
                self._tally.notes.append(f"{failures} packets in a row could not be decoded; the rest was not read")
                break
            yield from self._checked(pictures)
        yield from self._checked(self._decode(None))

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        failures = 0
        while failures < READ_FAILURES:
            try:
                for packet in self._container.demux(self._stream):
                    if packet.size == 0 and packet.dts is None:
                        return  # PyAV's mark of the end
                    failures = 0
                    self._meet(packet)
                    yield packet
                return
            except AV_ERRORS:
                failures += 1
                self._tally.damage(None)
        self._tally.notes.append("the file could not be read to its end")

    def _meet(self, packet: Packet[VideoStream]) -> None:
        self._tally.packet(packet.pts, packet.dts)
        if packet.is_corrupt:
            self._tally.damage(packet.pts)

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame] | None:
        """Decode a packet, or with None what the decoder still holds; None as the result is a failure."""
        try:
            return self._context.decode(packet)
        except AV_ERRORS:
            self._tally.damage(None if packet is None else packet.pts)
            return None

    def _checked(self, pictures: list[VideoFrame] | None) -> Iterator[VideoFrame]:
        for picture in pictures or ():
            if picture.is_corrupt:
                self._tally.damage(picture.pts)
            yield picture
