"""How loud it is: levels over time, sudden rises, silence. What makes the sound, nobody says here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import Field, JsonValue

from panda_agent.errors import ToolError
from panda_agent.perception.loudness import FLOOR, WINDOW, Level, Meter, Onsets, Quiet, Rise, Silences, decibels
from panda_agent.perception.observation import Observation
from panda_agent.tools.base import Scope, ToolInput, ToolSpec
from panda_agent.types import TimeSpan
from panda_agent.video.sound import Sound

CHAPTER = 60.0
"""Seconds that one `sound` row sums up."""
FULL_RISE = 40.0
"""dB of a rise whose score is 1."""


class ListenInput(ToolInput):
    """What counts as silence, and as a sudden rise."""

    silence_below: float = Field(default=-60.0, ge=-95, le=-20)
    """dBFS."""
    silence_seconds: float = Field(default=1.0, ge=0.1, le=60)
    rise: float = Field(default=12.0, ge=6, le=40)
    """dB above the seconds before."""


class Listen:
    """Measures loudness in dBFS: root mean square over all channels, 0 is a square wave at full scale."""

    spec = ToolSpec(
        name="listen",
        about="Measures how loud it is: levels, sudden rises of loudness, silence.",
        family="audio",
        stage="on request",
        input=ListenInput,
        makes={
            "sound": ("level", "peak", "loudest", "loudest_at", "quietest", "heard", "damaged", "profile"),
            "sound_onset": ("before", "level", "rise", "seconds", "profile"),
            "silence": ("below", "loudest", "seconds"),
        },
        needs=("sound",),
        parallel_safe=True,
        aliases=("audio", "sound", "loudness", "hear", "audio analysis"),
    )

    def run(self, scope: Scope) -> Iterator[Observation]:
        """Yield rises and silences as they end, and a `sound` row a minute.

        Raises:
            ToolError: There is no sound, or none in the clip, or it can't be decoded.
        """
        scope.check()
        wish = scope.input if isinstance(scope.input, ListenInput) else ListenInput()
        end = _last_picture(scope)
        sound = Sound(scope.reader, end=end)
        span = TimeSpan(start=0.0, end=end) if scope.span is None else scope.span
        onsets, silences, chapter = Onsets(wish.rise), Silences(wish.silence_below, wish.silence_seconds), _Chapter()
        last = min(span.end, end) - (WINDOW / 2 if scope.online else 0.0)  # no level may hold what comes after
        for level in _levels(scope, sound, span.start, last):
            if chapter.levels and level.time - chapter.levels[0].time >= CHAPTER:
                yield chapter.close(sound)
            chapter.levels.append(level)
            yield from map(_onset, onsets.update(level))
            yield from (_silence(quiet, wish, sound.name) for quiet in silences.update(level))
        if not chapter.levels:
            raise ToolError(_nothing_heard(sound, scope.span))
        yield from map(_onset, onsets.finish())
        yield from (_silence(quiet, wish, sound.name) for quiet in silences.finish())
        yield chapter.close(sound)


def _last_picture(scope: Scope) -> float:
    """The end of the video, seconds: no span may lie behind it, however long the sound goes on."""
    if not scope.reader.read_to_end and scope.reader.info.has_audio:
        for _ in scope.reader.frames(max_side=64):
            scope.check()
    return scope.reader.report.duration if scope.reader.read_to_end else 0.0


def _levels(scope: Scope, sound: Sound, start: float, end: float) -> Iterator[Level]:
    meter = Meter()
    for heard in sound:
        scope.check()
        if heard.time >= end:
            break
        if heard.end > start:
            scope.progress(heard.time, end)
            yield from (
                level for level in meter.update(heard.time, heard.samples, heard.rate) if _within(level, start, end)
            )
    yield from (level for level in meter.finish() if _within(level, start, end))


def _within(level: Level, start: float, end: float) -> bool:
    return level.time >= start - WINDOW / 2 and level.time >= 0 and level.end <= end + WINDOW / 2


def _nothing_heard(sound: Sound, span: TimeSpan | None) -> str:
    where = "in the video" if span is None else f"at {span}"
    return (
        f"No sound can be heard {where}: {sound.damaged} packets are damaged."
        if sound.damaged
        else f"There is no sound {where}."
    )


@dataclass
class _Chapter:
    """The levels of up to a minute."""

    levels: list[Level] = field(default_factory=list)

    def close(self, sound: Sound) -> Observation:
        """Sum them up, and start anew."""
        levels, self.levels = self.levels, []
        seconds: dict[int, list[float]] = {}
        for level in levels:
            seconds.setdefault(int(level.time + WINDOW / 2), []).append(level.power)
        profile: list[JsonValue] = [
            [float(at), round(decibels(sum(all_) / len(all_)), 1)] for at, all_ in seconds.items()
        ]
        mean = decibels(sum(level.power for level in levels) / len(levels))
        loudest, quietest = max(levels, key=lambda one: one.power), min(levels, key=lambda one: one.power)
        data: dict[str, JsonValue] = {
            "level": round(mean, 1),
            "peak": round(decibels(max(level.peak for level in levels) ** 2), 1),
            "loudest": round(loudest.db, 1),
            "loudest_at": loudest.time,
            "quietest": round(quietest.db, 1),
            "heard": round(len(levels) * WINDOW, 2),
            "damaged": sound.damaged,
            "profile": profile,
        }
        span = TimeSpan(start=levels[0].time, end=round(levels[-1].end, 3))
        return Observation(
            "sound",
            span,
            f"Sound of {mean:.1f} dBFS on average over {span.duration:.1f} s of {sound.name}; loudest "
            f"{loudest.db:.1f} dBFS at "
            f"{loudest.time:.1f} s, quietest {quietest.db:.1f} dBFS.",
            data,
        )


def _onset(rise: Rise) -> Observation:
    first, last = rise.levels[0], rise.levels[-1]
    span = TimeSpan(start=first.time, end=round(last.end, 3))
    by = rise.loudest - rise.before
    data: dict[str, JsonValue] = {
        "before": round(rise.before, 1),
        "level": round(rise.loudest, 1),
        "rise": round(by, 1),
        "seconds": round(span.duration, 3),
        "profile": [[level.time, round(level.db, 1)] for level in rise.levels],
    }
    told = f"Sound rises suddenly by {by:.1f} dB, from {rise.before:.1f} to {rise.loudest:.1f} dBFS"
    return Observation(
        "sound_onset", span, f"{told}, for {span.duration:.2f} s.", data, score=round(min(1.0, by / FULL_RISE), 4)
    )


def _silence(quiet: Quiet, wish: ListenInput, track: str) -> Observation:
    span = TimeSpan(start=quiet.start, end=round(quiet.end, 3))
    if quiet.loudest <= FLOOR:
        told = f"Digital silence for {span.duration:.2f} s: {track} holds nothing at all."
    else:
        told = f"Silence for {span.duration:.2f} s: no level of {track} reaches {wish.silence_below:.0f} dBFS."
    data: dict[str, JsonValue] = {
        "below": wish.silence_below,
        "loudest": round(quiet.loudest, 1),
        "seconds": round(span.duration, 3),
    }
    return Observation("silence", span, told, data)
