"""Sound: levels in dBFS, sudden rises and silence at the right second, whatever the format."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from panda_agent.errors import CasePaused, ToolError
from panda_agent.perception.loudness import FLOOR, WINDOW, Level, Meter, Onsets, decibels
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_tool
from panda_agent.tools.listen import Listen, ListenInput
from panda_agent.types import TimeSpan
from panda_agent.video import RecordedVideo, VideoReader
from panda_agent.video.sound import Sound, samples_of

CLICK = 3.0
TONE = (4.0, 5.0)


def scene(seconds: np.ndarray) -> np.ndarray:
    """Faint noise of -46 dBFS, a click at 3 s, a tone of -12 dBFS from 4 to 5 s, nothing after 6 s."""
    sound = np.random.default_rng(0).normal(0, 0.005, len(seconds))
    click = (seconds >= CLICK) & (seconds < CLICK + 0.01)
    sound[click] = 0.8 * np.sin(2 * np.pi * 1500 * seconds[click])
    tone = (seconds >= TONE[0]) & (seconds < TONE[1])
    sound[tone] = 0.3552 * np.sin(2 * np.pi * 440 * seconds[tone])
    sound[seconds >= 6] = 0
    return sound


def write(
    path: Path,
    *,
    codec="pcm_s16le",
    rate=44100,
    layout="mono",
    seconds=8.0,
    start=0.0,
    pictures=None,
    sound=scene,
    gap=None,
    rise=0.0,
) -> Path:
    """A film with sound. `start` delays the sound, `gap` leaves out packets between two seconds."""
    pictures = np.arange(0, seconds, 0.1) if pictures is None else pictures
    with av.open(str(path), "w") as out:
        video = out.add_stream("mjpeg" if path.suffix == ".avi" else "libx264", rate=1000, options={"bf": "0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p" if path.suffix == ".avi" else "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        audio = out.add_stream(codec, rate=rate, layout=layout)
        for second in pictures:
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(1000 * (second + rise)), Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        samples = sound(np.arange(round((seconds - start) * rate)) / rate + start)
        step, channels = 1152, audio.codec_context.layout.nb_channels
        resampler = av.AudioResampler(format=audio.codec_context.format, layout=layout, rate=rate)
        for at in range(0, len(samples), step):
            if gap is not None and gap[0] <= at / rate + start < gap[1]:
                continue
            piece = np.repeat(samples[None, at : at + step], channels, axis=0).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = at + round((start + rise) * rate)
            for ready in resampler.resample(frame):
                out.mux(audio.encode(ready))
        out.mux(audio.encode())
    return path


def listen(path, home, asked=None, **more):
    return list(Listen().run(Scope(VideoReader(path), Settings(home=home), home, asked or ListenInput(), **more)))


def of(rows, kind):
    return [row for row in rows if row.kind == kind]


FORMATS = {
    "s16 mono": ("mov", {}),
    "u8 stereo": ("avi", {"codec": "pcm_u8", "layout": "stereo", "rate": 22050}),
    "s24 5.1": ("mov", {"codec": "pcm_s24le", "layout": "5.1", "rate": 48000}),
    "float": ("mkv", {"codec": "pcm_f32le", "layout": "stereo", "rate": 16000}),
    "flac": ("mkv", {"codec": "flac", "layout": "stereo", "rate": 96000}),
    "aac 5.1": ("mp4", {"codec": "aac", "layout": "5.1", "rate": 48000}),
    "mp3": ("mp4", {"codec": "libmp3lame", "rate": 32000}),
    "opus": ("mkv", {"codec": "libopus", "layout": "stereo", "rate": 48000}),
    "ac3 in ts": ("ts", {"codec": "ac3", "layout": "stereo", "rate": 48000}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_the_same(name, tmp_path):
    suffix, how = FORMATS[name]
    rows = listen(write(tmp_path / f"film.{suffix}", **how), tmp_path)
    click, tone = of(rows, "sound_onset")
    assert click.span.start == pytest.approx(CLICK, abs=2 * WINDOW)
    assert click.span.duration <= 0.16
    assert tone.span.start == pytest.approx(TONE[0], abs=2 * WINDOW)
    assert tone.span.end == pytest.approx(TONE[1], abs=2 * WINDOW)
    assert tone.data["level"] == pytest.approx(-12, abs=1)  # AAC drops the tone from the sixth channel
    assert tone.data["before"] == pytest.approx(-46, abs=3)
    assert tone.data["rise"] == pytest.approx(tone.data["level"] - tone.data["before"], abs=0.11)
    (silence,) = of(rows, "silence")
    assert silence.span.start == pytest.approx(6, abs=2 * WINDOW)
    assert silence.span.end == pytest.approx(8, abs=2 * WINDOW)
    (whole,) = of(rows, "sound")
    assert whole.data["profile"][4] == [4.0, pytest.approx(-12, abs=1)]
    assert whole.data["heard"] == pytest.approx(8, abs=0.2)
    assert {"gun", "shot", "scream", "voice", "bang"}.isdisjoint(" ".join(row.statement for row in rows).split())


def test_sound_that_starts_late_keeps_its_time(tmp_path):
    rows = listen(write(tmp_path / "late.mkv", start=2.0), tmp_path)
    assert of(rows, "sound_onset")[0].span.start == pytest.approx(CLICK, abs=2 * WINDOW)
    assert of(rows, "sound")[0].span.start == pytest.approx(2.0, abs=WINDOW)


def test_seconds_count_from_the_first_picture(tmp_path):
    path = write(tmp_path / "later.ts", codec="ac3", rate=48000, rise=5.0)
    assert of(listen(path, tmp_path), "sound_onset")[0].span.start == pytest.approx(CLICK, abs=2 * WINDOW)
    pictures = np.arange(1.0, 8.0, 0.1)  # the sound is there a second before the picture
    rows = listen(write(tmp_path / "early.mkv", pictures=pictures), tmp_path)
    assert of(rows, "sound_onset")[0].span.start == pytest.approx(CLICK - 1, abs=2 * WINDOW)
    assert min(row.span.start for row in rows) == 0


def test_uneven_pictures_change_nothing(tmp_path):
    pictures = np.concatenate([np.arange(0, 1, 0.02), np.arange(1, 8, 0.45)])
    rows = listen(write(tmp_path / "vfr.mp4", codec="aac", rate=48000, pictures=pictures), tmp_path)
    assert of(rows, "sound_onset")[1].span.start == pytest.approx(TONE[0], abs=2 * WINDOW)


def test_nothing_is_told_of_what_lies_behind_the_last_picture(tmp_path):
    rows = listen(write(tmp_path / "long.mkv", pictures=np.arange(0, 4.5, 0.1)), tmp_path)
    assert max(row.span.end for row in rows) == pytest.approx(4.5, abs=WINDOW)
    assert len(of(rows, "sound_onset")) == 2


def test_a_gap_in_the_sound_is_no_silence(tmp_path):
    rows = listen(write(tmp_path / "gap.mkv", gap=(1.0, 2.5)), tmp_path)
    assert [row.span.start for row in of(rows, "silence")] == [pytest.approx(6, abs=2 * WINDOW)]
    assert of(rows, "sound")[0].data["heard"] == pytest.approx(6.5, abs=0.2)
    assert of(rows, "sound_onset")[0].span.start == pytest.approx(CLICK, abs=2 * WINDOW)


def test_a_clip_is_heard_alone(tmp_path):
    path = write(tmp_path / "film.mov")
    rows = listen(path, tmp_path, span=TimeSpan(start=2.0, end=3.5))
    assert [row.kind for row in rows] == ["sound_onset", "sound"]
    assert rows[1].span == TimeSpan(start=2.0, end=3.5)
    with pytest.raises(ToolError, match="There is no sound at"):
        listen(path, tmp_path, span=TimeSpan(start=100, end=105))


def test_what_counts_is_the_callers_to_say(tmp_path):
    path = write(tmp_path / "film.mov")
    strict = listen(path, tmp_path, ListenInput(rise=40, silence_below=-40, silence_seconds=2.5))
    assert not of(strict, "sound_onset")
    assert [row.span.start for row in of(strict, "silence")] == [0.0, pytest.approx(5, abs=0.1)]


def test_digital_silence_is_told_from_quiet(tmp_path):
    rows = listen(write(tmp_path / "mute.mov", sound=np.zeros_like), tmp_path)
    assert of(rows, "silence")[0].statement.startswith("Digital silence for 8.00 s")
    assert of(rows, "sound")[0].data["level"] == FLOOR
    quiet = listen(write(tmp_path / "quiet.mov", sound=lambda t: 5e-4 * np.sin(2000 * t)), tmp_path)
    assert of(quiet, "silence")[0].statement.startswith("Silence for 8.00 s")


def test_of_several_sound_tracks_it_says_which(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        tracks = [(out.add_stream("pcm_s16le", rate=8000, layout="mono"), level) for level in (0, 9000)]
        for i in range(20):
            out.mux(video.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")))
            for track, level in tracks:
                wave = np.resize(np.array([level, -level], np.int16), (1, 800))
                frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 8000, 800 * i, Fraction(1, 8000)
                out.mux(track.encode(frame))
        out.mux(video.encode())
    silence, whole = listen(path, tmp_path)
    assert silence.statement == "Digital silence for 2.00 s: the first of 2 sound tracks holds nothing at all."
    assert "of the first of 2 sound tracks" in whole.statement


def test_a_video_without_sound_is_a_sentence(film, tmp_path):
    with pytest.raises(ToolError, match="The video has no sound"):
        listen(film, tmp_path)
    frames = VideoReader([(0.0, np.zeros((48, 64, 3), np.uint8))], spool=tmp_path / "spool.nut")
    with pytest.raises(ToolError, match="The video has no sound"):
        list(Listen().run(Scope(frames, Settings(home=tmp_path), tmp_path, ListenInput())))


def test_a_recording_holds_no_sound(tmp_path):
    reader = VideoReader(write(tmp_path / "film.mov"))
    list(reader.frames())
    recorded = RecordedVideo(reader.info, reader.report)
    with pytest.raises(ToolError, match="A recording holds no sound"):
        list(Listen().run(Scope(recorded, Settings(home=tmp_path), tmp_path, ListenInput())))


def test_damaged_sound_is_counted_and_what_is_left_is_heard(tmp_path):
    whole = write(tmp_path / "film.ts", codec="aac", rate=48000)
    data = bytearray(whole.read_bytes())
    rng = np.random.default_rng(3)
    sound = [at for at in range(0, len(data), 188) if int.from_bytes(data[at + 1 : at + 3]) & 0x1FFF == 0x101]
    for at in rng.choice(sound, len(sound) // 4, replace=False):
        data[at + 20 : at + 188] = rng.bytes(168)
    path = tmp_path / "hurt.ts"
    path.write_bytes(data)
    rows = listen(path, tmp_path)
    (told,) = of(rows, "sound")
    assert told.data["damaged"] > 0
    assert 3 < told.data["heard"] <= 8.1
    assert told.data["loudest"] <= 0
    assert listen(path, tmp_path) == rows


def test_sound_that_can_not_be_decoded_at_all_is_a_sentence(tmp_path):
    whole = write(tmp_path / "film.ts", codec="aac", rate=48000)
    data = bytearray(whole.read_bytes())
    for at in range(0, len(data), 188):
        if int.from_bytes(data[at + 1 : at + 3]) & 0x1FFF == 0x101 and at > 40 * 188:
            data[at + 4 : at + 188] = bytes(184)
    path = tmp_path / "dead.ts"
    path.write_bytes(data)
    with pytest.raises(ToolError, match=r"No sound can be heard|There is no sound|has no sound"):
        listen(path, tmp_path, span=TimeSpan(start=5, end=8))


def test_samples_of_every_format():
    for name in ("u8", "s16", "s32", "flt", "dbl", "u8p", "s16p", "s32p", "fltp", "dblp"):
        wave = np.array([[0.5, -0.5, 0.25, 0.0], [0.0, 0.25, -0.25, 1.0]])
        kind = av.AudioFrame(format=name, layout="stereo", samples=4).to_ndarray().dtype
        if kind.kind == "u":
            scaled = np.clip(128 + 128 * wave, 0, 255)
        else:
            scaled = np.clip(wave * (2.0 ** (8 * kind.itemsize - 1) if kind.kind == "i" else 1), None, 2.0**31 - 129)
            scaled = np.clip(scaled, None, 32767) if kind == np.int16 else scaled
        packed = scaled if name.endswith("p") else scaled.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed.astype(kind)), format=name, layout="stereo")
        np.testing.assert_allclose(samples_of(frame), wave, atol=0.008)
    broken = np.array([[np.nan, np.inf, -np.inf, 7.0]], np.float32)
    assert samples_of(av.AudioFrame.from_ndarray(broken, format="fltp", layout="mono")).tolist() == [[0, 0, 0, 1]]


def test_levels_are_what_they_are_called():
    seconds = np.arange(48000) / 48000
    sine, square = np.sin(2 * np.pi * 1000 * seconds), np.sign(np.sin(2 * np.pi * 1000 * seconds + 1e-3))
    for wave, level in ((sine, -3.01), (square, 0.0), (0.1 * square, -20.0), (0.5 + 0.1 * square, -20.0)):
        levels = [*(meter := Meter()).update(0.0, wave[None].astype(np.float32), 48000), *meter.finish()]
        assert len(levels) == 20
        assert [one.db for one in levels] == [pytest.approx(level, abs=0.02)] * 20
    assert decibels(0.0) == FLOOR


def test_levels_do_not_depend_on_how_samples_are_cut():
    wave = np.random.default_rng(1).normal(0, 0.1, (2, 44100)).astype(np.float32)
    whole = [*(meter := Meter()).update(0.3, wave, 44100), *meter.finish()]
    meter, cut = Meter(), []
    for at in range(0, 44100, 1000):
        cut += meter.update(0.3 + at / 44100, wave[:, at : at + 1000], 44100)
    cut += meter.finish()
    assert [one.time for one in cut] == [one.time for one in whole]
    np.testing.assert_allclose([one.db for one in cut], [one.db for one in whole], atol=1e-6)


def test_a_clock_that_jumps_takes_sound_and_pictures_along(tmp_path):
    one, other = (
        write(tmp_path / f"{rise}.ts", codec="ac3", rate=48000, rise=float(rise)).read_bytes() for rise in (0, 500)
    )
    for pair in (one + other, other + one, one + one):
        path = tmp_path / "both.ts"
        path.write_bytes(pair)
        rows = of(listen(path, tmp_path), "sound_onset")
        starts = [CLICK, TONE[0], 8.0, 8 + CLICK, 8 + TONE[0]]  # at 8 s the noise sets in after nothing
        assert [row.span.start for row in rows] == [pytest.approx(start, abs=2 * WINDOW) for start in starts]


def rises(curve):
    onsets, found = Onsets(12.0), []
    for i, db in enumerate(curve):
        found += onsets.update(Level(round(i * WINDOW, 3), 10 ** (db / 10), 0.5))
    return [rise.levels[0].time for rise in found + onsets.finish()]


def test_only_sudden_rises_count():
    calm = [-45.0] * 40
    assert rises([*calm, -20.0, *calm]) == [2.0]
    assert rises([*calm, *np.linspace(-45, -10, 80), *[-10.0] * 40]) == []  # it grows over four seconds
    assert rises([*[-90.0] * 40, *[-60.0] * 40]) == []  # nobody would hear it
    assert rises([-20.0] * 80) == []  # loud from the start is no rise
    assert rises([*calm, *[-20.0] * 200]) == [2.0]  # and then it is how it is
    assert rises([*[-100.0] * 40, *calm, -20.0, *calm]) == [2.0, 4.0]  # one rise within another
    assert rises([*calm, *[-20.0] * 6, *calm, *[-20.0] * 6, *calm]) == [2.0, 4.3]


def test_it_keeps_the_contract(tmp_path):
    check_tool(Listen(), write(tmp_path / "film.mov", seconds=4.0), tmp_path, span=TimeSpan(start=1.0, end=4.0))


def test_it_can_be_paused_while_it_listens(tmp_path):
    reader = VideoReader(write(tmp_path / "film.mov"))
    list(reader.frames())
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 5:
            raise CasePaused("Stop.")

    with pytest.raises(CasePaused):
        list(Listen().run(Scope(reader, Settings(home=tmp_path), tmp_path, ListenInput(), check=check)))


def test_two_listen_to_one_file_object(tmp_path):
    path = write(tmp_path / "film.mov", seconds=4.0)
    with path.open("rb") as file:
        reader = VideoReader(file)
        list(reader.frames())
        both = list(zip(Sound(reader), Sound(reader), strict=True))
    assert all(one.time == other.time and (one.samples == other.samples).all() for one, other in both)
    assert sum(one.samples.shape[1] for one, _ in both) == 4 * 44100
