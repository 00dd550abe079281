"""Pictures made better: a clean one is not, a spoilt one is, and the row says so in numbers."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from panda_agent.errors import CasePaused, ToolError
from panda_agent.perception import mending
from panda_agent.perception import picture_quality as quality
from panda_agent.perception.enlarging import MARGIN, TILE, Network, network_in
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_tool
from panda_agent.tools.enhance import Enhance, EnhanceInput
from panda_agent.types import Region, TimeSpan
from panda_agent.video import VideoReader

SIZE = (480, 320)
CLIP = TimeSpan(start=0.2, end=1.4)
CORNER = Region(x0=0.1, y0=0.1, x1=0.5, y1=0.5)


def scene() -> np.ndarray:
    """Walls, boxes and some fine texture, as a clean camera sees them."""
    rng = np.random.default_rng(5)
    width, height = SIZE
    image = np.zeros((height, width, 3), np.float32) + np.linspace(70, 170, width, dtype=np.float32)[None, :, None]
    for _ in range(45):
        x, y, w, h = (int(v) for v in rng.integers((0, 0, 15, 15), (width, height, 110, 80)))
        cv2.rectangle(image, (x, y), (x + w, y + h), tuple(float(v) for v in rng.uniform(60, 220, 3)), -1, cv2.LINE_AA)
    texture = cv2.GaussianBlur(rng.normal(0, 30, (height // 2, width // 3, 1)).astype(np.float32), (0, 0), 1.2)
    image[height // 2 :, : width // 3] += texture[: height - height // 2, :, None]
    return np.clip(cv2.GaussianBlur(image, (0, 0), 0.7), 0, 255).astype(np.uint8)


def noisy(image, sigma=14.0):
    return np.clip(image + np.random.default_rng(1).normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def blurred(image, sigma=2.5):
    return cv2.GaussianBlur(image, (0, 0), sigma)


def dark(image, light=0.15):
    return (image * light).astype(np.uint8)


def film(path: Path, image: np.ndarray) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
        for _ in range(16):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())
    return path


def row(path, home, operation, *, region=None, weights=None, frames=2, span=CLIP, check=lambda: None):
    settings = Settings(home=home, weights=weights)
    asked = EnhanceInput(operation=operation, frames=frames)
    (seen,) = Enhance().run(
        Scope(VideoReader(path), settings, home, asked, span, region, media=home / "case", check=check)
    )
    return seen


def picture(home, name):
    return cv2.imdecode(np.frombuffer((home / "case" / name).read_bytes(), np.uint8), cv2.IMREAD_COLOR)[
        ..., ::-1
    ].copy()


@pytest.mark.parametrize(
    ("operation", "spoilt"),
    [("denoise", noisy), ("deblur", blurred), ("brighten", dark)],
    ids=("noisy", "blurred", "dark"),
)
def test_a_spoilt_picture_is_helped_and_a_clean_one_is_not(operation, spoilt, tmp_path):
    clean = row(film(tmp_path / "clean.mp4", scene()), tmp_path, operation)
    assert clean.data["helped"] is False
    assert "did not help" in clean.statement
    bad = row(film(tmp_path / "spoilt.mp4", spoilt(scene())), tmp_path, operation)
    assert bad.data["helped"] is True, bad.statement
    assert " helped: " in bad.statement
    assert bad.data["before"] != bad.data["after"]
    was, now, best = map(quality.luma_of, (spoilt(scene()), picture(tmp_path, bad.media), scene()))
    assert ((now - best) ** 2).mean() < ((was - best) ** 2).mean()  # nearer to the truth, which the tool can't know


def test_the_right_cure_only(tmp_path):
    for spoilt, wrong in ((noisy, "deblur"), (blurred, "denoise"), (dark, "denoise"), (noisy, "brighten")):
        seen = row(film(tmp_path / "spoilt.mp4", spoilt(scene())), tmp_path, wrong)
        assert seen.data["helped"] is False, f"{spoilt.__name__}: {seen.statement}"


def test_sharpening_noise_is_no_help():
    image = noisy(blurred(scene()))
    gain = mending.deblurring_gain(image, mending.deblur(image))
    assert gain.after < gain.before
    assert not gain.helped


def test_light_on_nothing_is_no_help(tmp_path):
    for empty in (np.zeros((320, 480, 3), np.uint8), noisy(np.full((320, 480, 3), 8, np.uint8), 5.0)):
        assert not row(film(tmp_path / "night.mp4", empty), tmp_path, "brighten").data["helped"]


def test_measures_know_what_was_done():
    luma = quality.luma_of(scene())
    assert quality.noise(luma) < 1
    grain = np.random.default_rng(2).normal(0, 6, luma.shape).astype(np.float32)
    assert quality.noise(luma + grain) == pytest.approx(6, abs=0.8)
    for sigma in (1.5, 2.5, 4.0):
        soft = cv2.GaussianBlur(luma, (0, 0), sigma)
        assert quality.edge_blur(soft) == pytest.approx(sigma, abs=0.6)
    assert quality.edge_blur(np.full((50, 60), 90, np.float32)) is None
    assert quality.noise(np.full((3, 2), 90, np.float32)) == 0


def test_strips_leave_no_seams():
    image = noisy(scene())
    whole = np.ascontiguousarray(image[..., ::-1])
    strength = quality.noise(quality.luma_of(image))
    expected = cv2.fastNlMeansDenoisingColored(whole, None, strength, strength, 7, 21)[..., ::-1]
    np.testing.assert_array_equal(mending.denoise(image, lambda: None), expected)


def test_zoom_shows_what_the_first_look_left_out_and_no_more(tmp_path):
    rng = np.random.default_rng(3)
    fine = cv2.GaussianBlur(rng.integers(0, 255, (400, 800, 3), np.uint8), (0, 0), 0.8)
    large = row(film(tmp_path / "large.mp4", fine), tmp_path, "zoom", region=CORNER)
    assert large.data["helped"] is True
    assert large.data["after"] > 5
    assert picture(tmp_path, large.media).shape[1] == 800
    assert large.region == CORNER
    small = row(film(tmp_path / "small.mp4", fine[:200, :384]), tmp_path, "zoom", region=CORNER)
    assert (small.data["helped"], small.data["after"]) == (False, 0.0)
    assert "all that was recorded" in small.statement
    soft = row(film(tmp_path / "soft.mp4", blurred(fine, 6)), tmp_path, "zoom", region=CORNER)
    assert soft.data["helped"] is False  # many pixels, no detail


def test_zoom_needs_a_region_and_any_call_a_clip(tmp_path):
    path = film(tmp_path / "clean.mp4", scene())
    with pytest.raises(ToolError, match="zoom needs a part of the picture"):
        row(path, tmp_path, "zoom")
    with pytest.raises(ToolError, match="one clip, and none was given"):
        row(path, tmp_path, "denoise", span=None)


def test_tiny_regions_and_pictures_are_no_trouble(tmp_path):
    path = film(tmp_path / "clean.mp4", scene())
    for operation in ("denoise", "deblur", "brighten", "zoom", "super_resolve"):
        for spot in (Region(x0=1, y0=1, x1=1, y1=1), Region(x0=0.2, y0=0.2, x1=0.21, y1=0.9)):
            seen = row(path, tmp_path, operation, region=spot)
            assert min(picture(tmp_path, seen.media).shape[:2]) >= 2


def test_a_part_as_slim_as_a_pixel_can_be_zoomed_into(tmp_path):
    path = film(tmp_path / "wide.mp4", np.repeat(scene()[:32], 5, axis=1)[:, :2000])
    for spot in (Region(x0=0.5, y0=0.5, x1=0.5, y1=0.5), Region(x0=0, y0=0.3, x1=1, y1=0.31)):
        assert row(path, tmp_path, "zoom", region=spot).data["helped"] is False


def test_enlarging_without_weights_says_that_it_adds_nothing(tmp_path):
    seen = row(film(tmp_path / "clean.mp4", scene()), tmp_path, "super_resolve", frames=1)
    assert seen.data["helped"] is False
    assert seen.data["method"].startswith("bicubic ×4")
    assert picture(tmp_path, seen.media).shape == (1280, 1920, 3)


# An ONNX file is a protobuf message; these few lines write one, so that a real session loads and runs it.


def number(value):
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + number(rest) if rest else bytes([low])


def message(*pairs):
    out = b""
    for key, value in pairs:
        if isinstance(value, int):
            out += number(key << 3) + number(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += number(key << 3 | 2) + number(len(data)) + data
    return out


def network(channels=3, side=None, scale=2.0, light=1.0) -> bytes:
    """y = light · (x, every pixel repeated): a network of two nodes."""

    def word(name, text):
        return message((1, name), (4, text), (20, 3))

    def floats(name, values):
        data = struct.pack(f"<{len(values)}f", *values)
        return message((1, len(values)), (2, 1), (8, name), (9, data))

    def face(name, sides):
        dims = [message((1, one) if isinstance(one, int) else (2, one)) for one in (1, channels, *sides)]
        shape = message(*((1, dim) for dim in dims))
        return message((1, name), (2, message((1, message((1, 1), (2, shape))))))

    mode = [(5, word(*pair)) for pair in (("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"))]
    resize = message((1, "x"), (1, ""), (1, "s"), (2, "r"), (4, "Resize"), *mode, (5, word("nearest_mode", "floor")))
    dim = message((1, "r"), (1, "l"), (2, "y"), (4, "Mul"))
    constants = [(5, floats("s", [1.0, 1.0, scale, scale])), (5, floats("l", [light]))]
    sides = (side, side) if side else ("h", "w")
    ends = ((11, face("x", sides)), (12, face("y", ("H", "W"))))
    graph = message((1, resize), (1, dim), (2, "g"), *constants, *ends)
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))))


@pytest.mark.parametrize("side", [None, 32])
def test_a_network_in_the_folder_of_weights_is_used_piece_by_piece(side, tmp_path):
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "realesrgan_tiny.onnx").write_bytes(network(side=side))
    image = scene()[: TILE + 2 * MARGIN + 7, : 2 * TILE + 5]
    assert network_in(weights).name == "realesrgan_tiny.onnx"
    larger = Network(network_in(weights))(image, lambda: None)
    np.testing.assert_array_equal(larger, image.repeat(2, 0).repeat(2, 1))
    path = film(tmp_path / "clean.mp4", scene())
    seen = row(path, tmp_path, "super_resolve", weights=weights, frames=1, region=CORNER)
    assert seen.data["method"] == "realesrgan_tiny ×2"
    assert "a network's guess" in seen.statement


def test_a_network_that_contradicts_the_picture_is_no_help(tmp_path):
    (tmp_path / "sr_x2.onnx").write_bytes(network(light=0.5))
    path = film(tmp_path / "clean.mp4", scene())
    seen = row(path, tmp_path, "super_resolve", weights=tmp_path, frames=1, region=CORNER)
    assert seen.data["helped"] is False
    assert seen.data["after"] > 5


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not a network", "no network that onnxruntime loads"),
        (network(channels=1), "three colours"),
        (network(scale=1.0), "no larger picture"),
        (network(side=8), "8 × 8 only"),
    ],
)
def test_a_network_of_another_kind_is_a_sentence(content, why, tmp_path):
    (tmp_path / "super_resolution.onnx").write_bytes(content)
    path = film(tmp_path / "clean.mp4", scene())
    with pytest.raises(ToolError, match=f"super_resolution.onnx is of no use.*{why}"):
        row(path, tmp_path, "super_resolve", weights=tmp_path, frames=1)


def test_detectors_are_no_networks_for_this(tmp_path):
    for name in ("yolo11n_int8_320.onnx", "yolox_nano_416.onnx", "sr.pt", "israel.onnx"):
        (tmp_path / name).write_bytes(b"")
    assert network_in(tmp_path) is None
    assert network_in(tmp_path / "gone") is None
    for name in ("RealESRGAN_x4plus.onnx", "sr_x2.onnx", "my-SR.onnx", "SRx4.onnx", "super-resolution-10.onnx"):
        path = tmp_path / name
        path.write_bytes(b"")
        assert network_in(tmp_path) == path
        path.unlink()


@pytest.mark.parametrize("operation", ["denoise", "deblur", "brighten", "zoom", "super_resolve"])
def test_it_keeps_the_contract(operation, film, tmp_path):
    if operation == "zoom":
        with pytest.raises(ToolError, match="part of the picture"):
            check_tool(Enhance(), film, tmp_path, span=CLIP, asked=EnhanceInput(operation="zoom"))
        return
    rows = check_tool(Enhance(), film, tmp_path, span=CLIP, asked=EnhanceInput(operation=operation))
    (seen,) = rows
    assert seen.media is not None
    assert len(seen.data["frames"]) == 3
    assert CLIP.start <= seen.span.start < seen.span.end <= CLIP.end


def test_it_can_be_paused_between_pieces(tmp_path):
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 3:
            raise CasePaused("Stop.")

    with pytest.raises(CasePaused):
        row(film(tmp_path / "noisy.mp4", noisy(scene())), tmp_path, "denoise", check=check)


def test_no_real_clean_clip_is_helped(shared, tmp_path):
    names = ("SCFD_fi039.mp4", "UCF_RoadAccidents133_x264_270_451.mp4", "opencv_vtest.mp4", "GMDCSA24_S1_Fall_13.mp4")
    for name in names:
        for operation in ("denoise", "deblur", "brighten"):
            seen = row(shared / "data/clips" / name, tmp_path, operation, frames=1)
            assert seen.data["helped"] is False, f"{name}: {seen.statement}"
