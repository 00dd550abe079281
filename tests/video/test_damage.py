"""Damaged videos: what can be seen is seen, what can't is said."""

from __future__ import annotations

import random

import pytest

from panda_agent.errors import EmptyVideo, Unreadable
from panda_agent.video import VideoReader, probe


def flipped(path, count, seed=0):
    """Flip bits in the pictures of an MP4, not in its index."""
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 1000
    end = data.index(b"moov") if data.index(b"moov") > start else len(data)
    source = random.Random(seed)
    for _ in range(count):
        data[source.randrange(start, end)] ^= 1 << source.randrange(8)
    path.write_bytes(data)
    return path


def test_a_recording_cut_off_before_its_index(film):
    path = film("a.mp4")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(Unreadable) as caught:
        VideoReader(path)
    assert "index (moov) is missing" in caught.value.message
    assert "cut off before its index was written" in caught.value.hint
    assert "fragmented" in caught.value.hint
    assert caught.value.exit_code == 3


def test_flipped_bits_cost_packets_not_the_video(film, number):
    path = flipped(film("a.mp4", frames=120), 60)
    reader = VideoReader(path)
    frames = list(reader.frames())
    report = reader.report
    assert len(frames) > 60
    assert report.damaged_packets > 5
    assert report.damaged_share == pytest.approx(report.damaged_packets / 120, abs=1e-6)
    assert any(frame.damaged for frame in frames)
    assert all(
        any(span.start <= frame.time <= span.end for span in report.damaged) for frame in frames if frame.damaged
    )
    assert all(frame.time == pytest.approx(round(frame.time * 30) / 30) for frame in frames)


def test_damaged_videos_look_the_same_in_every_read(film):
    path = flipped(film("a.mp4", frames=120), 60)

    def look(reader):
        return [(frame.time, frame.image.tobytes()) for frame in reader.frames(max_side=160)]

    reader = VideoReader(path)
    first = look(reader), reader.report
    assert (look(reader), reader.report) == first
    again = VideoReader(path)
    assert (look(again), again.report) == first


def test_a_long_damaged_stretch_is_blind_and_time_goes_on(film, number):
    path = film("a.mkv", frames=600, gop=30)
    data = bytearray(path.read_bytes())
    clean = list(VideoReader(path).frames())
    _blank_blocks(data, len(data) * 3 // 10, len(data) * 7 // 10)
    path.write_bytes(data)
    reader = VideoReader(path)
    frames = list(reader.frames())
    assert 200 < len(frames) < len(clean)
    assert frames[-1].time == pytest.approx(clean[-1].time)
    assert number(frames[-1].image) == 599
    (blind,) = reader.report.blind
    assert 5 < blind.duration < 12
    assert not any(blind.start < frame.time < blind.end for frame in frames)
    assert reader.report.damaged_packets > 100


def _blank_blocks(data, start, end):
    """Zero the payload of Matroska SimpleBlocks (id A3, eight-byte or shorter size) that lie between two offsets."""
    at = start
    while True:
        at = data.find(b"\xa3", at)
        if at < 0 or at >= end:
            return
        first = data[at + 1]
        length = 9 - first.bit_length()
        size = int.from_bytes(data[at + 1 : at + 1 + length]) & ((1 << 7 * length) - 1)
        head = at + 1 + length
        follows = data[head + size : head + size + 1] in (b"\xa3", b"\x1f")
        if data[head : head + 1] == b"\x81" and 20 < size < 100_000 and follows:
            data[head + 4 : head + size] = bytes(size - 4)
            at = head + size
        else:
            at += 1


def test_a_transport_stream_cut_in_half(film, number):
    path = film("a.ts", frames=120)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 50])
    reader = VideoReader(path)
    frames = list(reader.frames())
    assert 30 < len(frames) < 90
    assert all(frame.time == pytest.approx(number(frame.image) / 30) for frame in frames if not frame.damaged)
    assert any("cut off" in note for note in reader.report.notes)


def test_what_the_header_declares_and_is_not_there_is_blind(film):
    path = film("a.mkv", frames=300)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    reader = VideoReader(path)
    list(reader.frames())
    report = reader.report
    assert reader.info.declared_duration == pytest.approx(10, abs=0.1)
    assert 3 < report.duration < 7
    assert f"declared 10.0 s, decoded {report.duration:.1f} s" in report.notes
    assert report.blind[-1].start == report.duration
    assert report.blind[-1].end == pytest.approx(10, abs=0.1)


def test_not_one_frame(film):
    path = film("a.mp4")
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    with pytest.raises(EmptyVideo, match="Not one frame"):
        probe(path)


def test_a_sound_video_has_nothing_to_report(film):
    reader = VideoReader(film("a.mp4"))
    list(reader.frames())
    report = reader.report
    assert (report.frames, report.damaged_packets, report.damaged_share) == (60, 0, 0.0)
    assert (report.damaged, report.blind, report.notes) == ((), (), ())
    assert report.duration == pytest.approx(2.0)
    assert type(report).model_validate_json(report.model_dump_json()) == report
