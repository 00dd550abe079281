"""Videos that break other programs, made for real and given to the command line: one sentence, the right exit code.

docs/breakage.md says which row is which test; what the reader makes of each video, frame by frame, is in tests/video.
"""

from __future__ import annotations

import json
import random
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from panda_agent.memory.case_store import CaseStore
from panda_agent.types import Evidence

FORMATS = {".ts": "mpegts", ".mkv": "matroska"}
TICK = Fraction(1, 90_000)
EVEN = [Fraction(n, 10) for n in range(40)]


def walk(width: int = 128, height: int = 96) -> Iterable[np.ndarray]:
    """Something pale walks from left to right over a yard, for ever."""
    rng = np.random.default_rng(1)
    small = rng.integers(60, 190, (height // 8, width // 8, 3), np.uint8)
    yard = np.kron(small, np.ones((8, 8, 1), np.uint8))
    left = 0
    while True:
        image = yard.copy()
        image[height // 2 : height // 2 + 28, left : left + 12] = 235
        left = (left + 3) % (width - 12)
        yield image


def write(
    path: Path,
    *,
    times: Sequence[Fraction] = EVEN,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (128, 96),
    turn: int | None = None,
    edit: Callable[[int, av.Packet], None] = lambda number, packet: None,
    mux: dict[str, str] | None = None,
    **options: str,
) -> Path:
    """Make a film; `edit` may change each packet, by its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    with (
        path.open("wb") as file,
        av.open(file, "w", format=FORMATS.get(path.suffix, path.suffix[1:]), options=mux or {}) as container,
    ):
        stream = container.add_stream(codec, rate=10, options=options)
        stream.width, stream.height = size
        stream.pix_fmt, stream.codec_context.time_base = pix_fmt, TICK
        if turn is not None:
            stream.set_display_rotation(degrees=turn)
        for time, image in zip([*times, None], walk(*size), strict=False):
            frame = None if time is None else av.VideoFrame.from_ndarray(image, format="rgb24")
            if frame is not None:
                frame.pts, frame.time_base = round(time / TICK), TICK
            for packet in stream.encode(frame):
                edit(number, packet)
                number += 1
                container.mux(packet)
    return path


def silent(path: Path) -> Path:
    """A recording of sound alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        for start in range(0, 16_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cut(path: Path) -> Path:
    """Leave the first half, which does not end where a packet of a transport stream (188 bytes) does."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // 188 * 188 + 50])
    return path


def flipped(path: Path, count: int) -> Path:
    """Flip bits of the pictures, not of the index."""
    data = bytearray(path.read_bytes())
    first, last = data.index(b"mdat") + 1000, data.index(b"moov")
    source = random.Random(0)
    for _ in range(count):
        data[source.randrange(first, last)] ^= 1 << source.randrange(8)
    path.write_bytes(data)
    return path


def moved(
    first: int, seconds: float, count: int | None = None, *, dts: bool = True
) -> Callable[[int, av.Packet], None]:
    """Shift the timestamps of packets from number `first` on, or of `count` of them."""

    def edit(number: int, packet: av.Packet) -> None:
        if number >= first and (count is None or number < first + count):
            ticks = round(seconds / packet.time_base)
            packet.pts += ticks
            packet.dts += ticks if dts else 0

    return edit


def unheard_of(path: Path) -> Path:
    """A film whose codec nobody knows."""
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_UNHEARD/OF_IT"))
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def text(path: Path) -> Path:
    path.write_text("dear diary\n" * 500)
    return path


REFUSED: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "row 1, cut off": ("a.mp4", lambda path: cut(write(path)), r"index \(moov\) is missing.*fragmented"),
    "row 8, codec": ("a.mkv", lambda path: unheard_of(write(path)), r"V_UNHEARD/OF_IT.*ffmpeg -i INPUT"),
    "row 10, empty": ("a.mp4", empty, r"is empty \(0 bytes\)\. Copy it again"),
    "row 10, sound": ("a.mp4", silent, r"only sound"),
    "row 10, text": ("a.mp4", text, r"is no video that FFmpeg can read"),
    "row 12, huge": (
        "a.mkv",
        lambda path: write(path, times=EVEN[:1], size=(8192, 4608), preset="ultrafast"),
        r"8192×4608, more than the limit of 36,000,000 pixels.*max_pixels",
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_can_not_be_investigated_exits_with_3(panda, home, tmp_path, row):
    name, make, told = REFUSED[row]
    path = make(tmp_path / name)
    before = path.read_bytes()
    done = panda("investigate", path)
    assert (done.code, done.out) == (3, "")
    assert re.fullmatch(rf"panda: [^\n]*{told}[^\n]*\n", done.err), done.err
    assert not (home / "cases").exists()
    assert path.read_bytes() == before


@pytest.fixture
def verdict(inside):
    """Investigate a film: its verdict, after checking that all went well."""

    def investigate(path: Path) -> dict[str, Any]:
        done = inside("investigate", "--json", "--", path)
        assert done.code == 0, done.err
        assert "Traceback" not in done.err
        told: dict[str, Any] = json.loads(done.out)
        moments = [point["t"] for point in told["score_timeline"]]
        assert moments == sorted(set(moments))
        assert moments[0] == 0
        return told

    return investigate


VFR = [Fraction(n, 30) for n in range(30)] + [1 + Fraction(5 * n, 30) for n in range(30)]


def test_row_2_flipped_bits_are_counted_and_the_rest_is_looked_at(verdict, tmp_path):
    told = verdict(flipped(write(tmp_path / "a.mp4", times=[Fraction(n, 10) for n in range(120)], g="10"), 60))
    video = told["provenance"]["video"]
    assert video["damaged_packets"] > 5
    assert video["frames"] > 60
    (said,) = [warning for warning in told["warnings"] if "damaged packets" in warning]
    assert said.startswith(f"{video['damaged_packets']} damaged packets ({video['damaged_share']:.1%})")
    assert video["damaged"]


def test_row_2_a_stretch_without_a_picture_is_said_and_lowers_confidence(verdict, tmp_path):
    whole = verdict(write(tmp_path / "whole.mkv"))
    half = verdict(cut(write(tmp_path / "half.mkv")))
    assert any(warning.startswith("No picture 0:0") for warning in half["warnings"])
    assert half["label"] == "inconclusive" or half["confidence"] < whole["confidence"]


def test_row_3_half_a_transport_stream_is_said_to_be_cut_off(verdict, tmp_path):
    told = verdict(cut(write(tmp_path / "a.ts")))
    assert 10 < told["provenance"]["video"]["frames"] < 35
    assert any("cut off" in warning for warning in told["warnings"])


@pytest.mark.parametrize(("row", "name", "codec"), [(4, "a.webm", "libvpx-vp9"), (5, "a.mp4", "libx264")])
def test_rows_4_and_5_time_is_that_of_the_pictures(verdict, tmp_path, row, name, codec):
    told = verdict(write(tmp_path / name, times=VFR, codec=codec))
    last = float(VFR[-1])
    assert told["provenance"]["video"]["frames"] == 60
    assert last <= told["provenance"]["video"]["duration"] <= last + 5 / 30 + 0.01
    assert told["score_timeline"][-1]["t"] == pytest.approx(last, abs=5 / 30)


@pytest.mark.parametrize(
    ("name", "edit", "told"),
    [
        ("stray.mkv", moved(20, 3600, 1, dts=False), "stray: 1"),
        ("jump.mkv", moved(20, 3600), "jumped by +3600.1 s at 0:01.9"),
        ("wrap.ts", moved(0, 2**33 / 90_000 - 1), None),
        ("before zero.mkv", moved(0, -1), None),
    ],
)
def test_row_6_a_clock_that_jumps_is_put_right(verdict, tmp_path, name, edit, told):
    path = write(tmp_path / name, edit=edit, mux={"avoid_negative_ts": "disabled"}, bf="0")
    found = verdict(path)
    assert found["provenance"]["video"]["duration"] == pytest.approx(4.0, abs=0.15)
    assert told is None or any(told in warning for warning in found["warnings"])


@pytest.fixture
def tracks(home):
    """The tracks that were filed in a case."""

    def find(told: dict[str, Any]) -> list[Evidence]:
        with CaseStore.open(home / "cases" / told["case_id"]) as store:
            return store.evidence(kind="track")

    return find


def test_row_7_what_walks_across_a_turned_video_walks_up_the_picture(verdict, tracks, tmp_path):
    def extent(told: dict[str, Any]) -> tuple[float, float]:
        region = tracks(told)[0].region
        return region.x1 - region.x0, region.y1 - region.y0

    across, up = verdict(write(tmp_path / "a.mp4")), verdict(write(tmp_path / "b.mp4", turn=90))
    assert extent(across)[0] > extent(across)[1]
    assert extent(up)[0] < extent(up)[1]


@pytest.mark.parametrize(
    ("row", "codec", "pix_fmt"),
    [(8, "libsvtav1", "yuv420p"), (9, "libx265", "yuv420p10le"), (9, "libx264", "yuv420p10le")],
)
def test_rows_8_and_9_new_and_deep_codecs_are_decoded_whole(verdict, tracks, tmp_path, row, codec, pix_fmt):
    told = verdict(write(tmp_path / "a.mp4", codec=codec, pix_fmt=pix_fmt))
    video = told["provenance"]["video"]
    assert (video["frames"], video["damaged_packets"]) == (40, 0)
    assert tracks(told)


@pytest.mark.parametrize("name", ["café 视频/видео #1.mp4", "two\nlines.mp4", "-rf.mp4", "x" * 251 + ".mp4"])
def test_row_11_any_name_will_do(verdict, tmp_path, monkeypatch, name):
    write(tmp_path / name, times=EVEN[:12])
    told = verdict(Path(name))
    assert all(Path(file).is_file() for file in told["files"].values())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_row_12_an_8k_video_is_looked_at_in_bounded_memory(script, tmp_path):
    """One picture has 95 MiB; the libraries alone take 0.6 GiB. Not getrusage: a child inherits its parent's peak."""
    path = write(tmp_path / "a.mkv", times=EVEN[:8], size=(7680, 4320), preset="ultrafast")
    done = script(
        "import re, sys\n"
        "from panda_agent.cli import process\n"
        f"code = process.run(['investigate', {str(path)!r}])\n"
        "print(code, re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])"
    )
    code, peak = map(int, done.out.splitlines()[-1].split())
    assert code == 0, done.err
    assert peak < 1.5 * (1 << 20)


@pytest.fixture
def no_libgl(tmp_path, monkeypatch):
    """OpenCV as on a server without libGL: a real library in its place, which needs one that is not there."""
    source = next(Path(av.__file__).parent.glob("_core*.so"))
    needed = re.compile(rb"libavutil-[0-9a-f]+\.so\.[\d.]+")
    broken = needed.sub(lambda name: b"libGL.so.0".ljust(len(name[0]), b"\0"), source.read_bytes())
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / f"cv2{sysconfig.get_config_var('EXT_SUFFIX')}").write_bytes(broken)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))


def test_row_17_a_missing_system_library_comes_with_its_mend(panda, no_libgl, film):
    done = panda("investigate", film)
    assert (done.code, done.out) == (5, "")
    mend = "Run `apt-get install libgl1` (or its like)."
    assert done.err == f"panda: cv2 can't be loaded, the system library libGL.so is missing. {mend}\n"
    done = panda("doctor", "--json")
    assert (done.code, done.err) == (5, "")
    found = {finding["name"]: finding for finding in json.loads(done.out)["findings"]}
    assert found["pictures"]["state"] == "broken"
    assert "apt-get install libgl1" in found["pictures"]["mend"]
    assert found["decoding"]["state"] == "ok"


def test_the_page_names_tests_that_are_there():
    tests = Path(__file__).resolve().parents[1]
    page = (tests.parent / "docs/breakage.md").read_text()
    named = re.findall(r"`(?:([\w/]+\.py)::)?(test_\w+)`", page)
    assert len(named) > 40
    for file, test in named:
        assert f"def {test}(" in (tests / (file or "cli/test_breakage.py")).read_text(), (file, test)
