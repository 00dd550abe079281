"""Frames by CLIP: the real loader, weights that know nothing. Where a random model finds something is no claim."""

from __future__ import annotations

import json
import logging
import shutil
from functools import cache

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from panda_agent.errors import CasePaused, ToolError, UserError
from panda_agent.settings import Settings
from panda_agent.tools import Scope, file_observation
from panda_agent.tools.clip_model import Clip
from panda_agent.tools.clip_weights import find_clip
from panda_agent.tools.contract import check_tool
from panda_agent.tools.frame_index import FrameIndex
from panda_agent.tools.retrieve_frames import RetrieveFrames, RetrieveInput
from panda_agent.types import TimeSpan
from panda_agent.video import VideoReader

TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 8, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 1, "layers": 1},
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Two checkpoints of one tiny architecture, made by open_clip itself with random numbers."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("weights")
    (folder / "tiny-clip.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder / "tiny-clip.json")
    for seed, name in enumerate(["tiny-clip.pt", "other.pt"]):
        torch.manual_seed(seed)
        state = open_clip.create_model("tiny-clip", pretrained=None).state_dict()
        torch.save(state, folder / name)
    save_file({name: value.contiguous() for name, value in state.items()}, folder / "other.safetensors")
    return folder


@pytest.fixture
def scope(film, tmp_path, weights):
    """A call on the yard of six seconds, two frames a second."""

    def make(home=tmp_path, span=None, fps=2.0, model="tiny-clip", pretrained=None, **wish):
        settings = Settings(
            home=home, weights=weights, clip={"model": model, "fps": fps, "pretrained": pretrained}, tier="weights"
        )
        return Scope(VideoReader(film), settings, home, RetrieveInput(**wish), span, media=home)

    return make


@cache
def clip_at(path):
    """Loaded once: what is kept between calls lies on disk."""
    return Clip("tiny-clip", path)


def index_of(scope):
    clip = clip_at(scope.settings.weights / (scope.settings.clip.pretrained or "tiny-clip.pt"))
    return FrameIndex(scope.home / "frames", scope.reader, clip, scope.check)


def frames(index, span=None, fps=2.0):
    return index.frames(span, fps, lambda done, total: None)


def files(home):
    return sorted((home / "frames").rglob("*.index"))


def test_the_contract_is_kept_by_text_and_by_moment(film, tmp_path, scope):
    for asked in ({"text": "somebody in red"}, {"like": 3.0}):
        settings = scope().settings
        rows = check_tool(RetrieveFrames(), film, tmp_path, asked=RetrieveInput(**asked), settings=settings)
        assert rows
        assert {row.data["index"] for row in rows} == {"clip"}
        assert all(row.data["found"] == (row.data["margin"] >= row.data["needed"]) for row in rows)


def test_a_frame_is_embedded_once(scope):
    first = index_of(scope())
    assert len(frames(first).times) == first.embedded == 13
    again = index_of(scope())
    assert frames(again).vectors.tolist() == frames(first).vectors.tolist()
    assert again.embedded == 0


def test_only_what_is_missing_is_added(scope):
    part = index_of(scope())
    assert frames(part, TimeSpan(start=0, end=2.0)).times.tolist() == [0.0, 0.4, 0.9, 1.4, 1.9]
    whole = index_of(scope())
    assert (len(frames(whole).times), whole.embedded) == (13, 8)
    denser = index_of(scope())
    assert len(frames(denser, fps=5.0).times) == 30
    assert denser.embedded < 30
    assert len(frames(denser).times) == 13  # what is searched does not depend on what else is held


def test_a_pass_that_is_paused_keeps_what_it_has(scope):
    asked = scope(text="a dog")
    calls = iter(range(100))

    def pause_late():
        if next(calls) > 6:
            raise CasePaused("Stop.")

    clip = clip_at(asked.settings.weights / "tiny-clip.pt")
    stopped = FrameIndex(asked.home / "frames", asked.reader, clip, pause_late)
    with pytest.raises(CasePaused):
        frames(stopped)
    rest = index_of(asked)
    assert len(frames(rest).times) == stopped.embedded + rest.embedded == 13
    assert stopped.embedded > 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda raw: b"",
        lambda raw: raw[:-5],
        lambda raw: raw[:40],
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw.replace(b'"count": 13', b'"count": 11'),
        lambda raw: raw.replace(b"[0.0, ", b"[0.1, "),
        lambda raw: b"[1]\n" + raw,
        lambda raw: b"\x80\x04." + raw,
    ],
)
def test_a_damaged_index_is_made_anew(scope, harm):
    first = frames(index_of(scope()))
    (file,) = files(scope().home)
    whole = file.read_bytes()
    assert harm(whole) != whole
    file.write_bytes(harm(whole))
    again = index_of(scope())
    assert frames(again).vectors.tolist() == first.vectors.tolist()
    assert again.embedded == 13
    assert file.read_bytes() == whole


def test_vectors_of_other_weights_are_never_searched(scope):
    mine = frames(index_of(scope()))
    (file,) = files(scope().home)
    other = index_of(scope(pretrained="other.pt"))
    assert frames(other).vectors.tolist() != mine.vectors.tolist()
    assert other.embedded == 13
    (moved,) = set(files(scope().home)) - {file}
    shutil.copy(file, moved)  # even in the place of the other's
    misled = index_of(scope(pretrained="other.pt"))
    assert frames(misled).vectors.tolist() == frames(other).vectors.tolist()
    assert misled.embedded == 13


def test_an_index_of_another_video_is_never_searched(scope, other_film):
    frames(index_of(scope()))
    (file,) = files(scope().home)
    clip = clip_at(scope().settings.weights / "tiny-clip.pt")
    folder = scope().home / "frames"
    other = FrameIndex(folder, VideoReader(other_film), clip, lambda: None)
    frames(other)
    (moved,) = set(files(scope().home)) - {file}
    shutil.copy(file, moved)
    misled = FrameIndex(folder, VideoReader(other_film), clip, lambda: None)
    assert (len(frames(misled).times), misled.embedded) == (7, 7)


def test_a_folder_that_can_not_be_written_costs_time_only(scope):
    (scope().home / "frames").write_text("no folder")
    assert len(frames(index_of(scope())).times) == 13


def test_safetensors_give_the_same_vectors_and_another_hash(weights, scope):
    picture = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    pickled, safe = (Clip("tiny-clip", weights / f"other.{kind}") for kind in ("pt", "safetensors"))
    assert pickled.picture(picture).tolist() == safe.picture(picture).tolist()
    assert pickled.version != safe.version


def test_vectors_have_length_one_whatever_the_text_and_picture(weights):
    clip = Clip("tiny-clip", weights / "tiny-clip.pt")
    texts = clip.texts(["", "a dog " * 500, "狗 🐕", "\ud800 broken"])
    assert np.allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
    assert clip.texts(["a dog"]).tolist() == clip.texts(["a cat", "a dog"])[1:].tolist()
    for shape in ((1, 1, 3), (2000, 3, 3)):
        assert np.isclose(np.linalg.norm(clip.picture(np.zeros(shape, np.uint8))), 1, atol=1e-5)


class Planted:
    """What a pickle may hold that runs code."""

    def __reduce__(self):
        return open, ("planted", "w")


def test_weights_that_can_not_be_used_are_one_sentence(weights, tmp_path, scope):
    import torch

    state = torch.load(weights / "tiny-clip.pt", weights_only=True)
    (tmp_path / "text.pt").write_text("no weights")
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "cut.pt").write_bytes((weights / "tiny-clip.pt").read_bytes()[:5000])
    (tmp_path / "cut.safetensors").write_bytes((weights / "other.safetensors").read_bytes()[:5000])
    torch.save({"visual.conv1.weight": torch.zeros(3)}, tmp_path / "strange.pt")
    torch.save(Planted(), tmp_path / "planted.pt")
    torch.save({name: value * float("nan") for name, value in state.items()}, tmp_path / "nan.pt")
    for name in ("text.pt", "empty.pt", "cut.pt", "cut.safetensors", "strange.pt", "planted.pt", "nan.pt"):
        asked = scope(pretrained=str(tmp_path / name), text="a dog")
        with pytest.raises(UserError, match=name) as caught:
            list(RetrieveFrames().run(asked))
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize(
    ("model", "pretrained", "says"),
    [
        ("tiny-clip", "gone.pt", "There are no CLIP weights 'gone.pt'"),
        ("tiny-clip", "laion2b_s34b_b79k", "There are no CLIP weights 'laion2b_s34b_b79k'"),
        ("No-Such-Model", "other.pt", "knows no model 'No-Such-Model'"),
        ("hf-hub:some/thing", "other.pt", "knows no model 'hf-hub:some/thing'"),
        ("RN50", "other.pt", "no RN50 that open_clip can load"),
        ("ViT-B-16-SigLIP", "other.pt", "fetches its tokenizer"),
        ("roberta-ViT-B-32", "other.pt", "fetches its tokenizer"),
    ],
)
def test_what_is_named_and_not_to_be_had_is_said(scope, model, pretrained, says):
    with pytest.raises(UserError, match=says):
        list(RetrieveFrames().run(scope(model=model, pretrained=pretrained, text="a dog")))


def test_one_tool_asked_with_other_weights_searches_with_those(scope, weights):
    """Also where the same file is taken for another architecture."""
    import open_clip

    (weights / "tiny-gelu.json").write_text(json.dumps({**TINY, "quick_gelu": True}))
    open_clip.add_model_config(weights / "tiny-gelu.json")
    tool, seen = RetrieveFrames(), []
    for model, name in (("tiny-clip", "tiny-clip.pt"), ("tiny-clip", "other.pt"), ("tiny-gelu", "other.pt")):
        (row, *_) = tool.run(scope(model=model, pretrained=name, text="a dog"))
        seen.append((row.data["encoder"], row.data["similarity"]))
    assert len({encoder for encoder, _ in seen}) == len({similarity for _, similarity in seen}) == 3
    assert len(files(scope().home)) == 3


def test_another_moment_is_found_by_a_moment_and_by_a_row(film, tmp_path, weights):
    """A yard that is dark twice: even a random model sees that the two are alike."""
    asked = twice_dark(tmp_path, weights, like=2.5)
    rows = list(RetrieveFrames().run(asked))
    assert [(row.span.start, row.span.end) for row in rows if row.data["found"]] == [(7.0, 8.0)]
    assert (tmp_path / rows[0].media).is_file()
    seen = file_observation(RetrieveFrames.spec, asked, rows[0])
    by_row = twice_dark(tmp_path, weights, evidence=seen.cite)
    by_row = Scope(by_row.reader, by_row.settings, tmp_path, by_row.input, filed=lambda: [seen])
    (back,) = RetrieveFrames().run(by_row)
    assert (back.span.start, back.span.end, back.media) == (2.0, 3.0, None)


def twice_dark(folder, weights, **wish):
    """Twelve seconds, one frame a second, dark at 2 to 3 and at 7 to 8."""
    rng = np.random.default_rng(5)
    yard = cv2.GaussianBlur(rng.integers(100, 255, (64, 64, 3), np.uint8), (9, 9), 0)
    shot = [(float(t), yard // 8 if t in (2, 3, 7, 8) else yard + np.uint8(t % 3)) for t in range(12)]
    reader = VideoReader(iter(shot), spool=folder / f"{len(list(folder.iterdir()))}.mkv")
    settings = Settings(home=folder, weights=weights, clip={"model": "tiny-clip"})
    return Scope(reader, settings, folder, RetrieveInput(**wish), media=folder)


def test_a_still_picture_is_like_nothing_more_than_like_itself(tmp_path, weights):
    still = ((float(t), np.full((48, 64, 3), 90, np.uint8)) for t in range(8))
    settings = Settings(home=tmp_path, weights=weights, clip={"model": "tiny-clip"})
    reader = VideoReader(still, spool=tmp_path / "still.mkv")
    (row,) = RetrieveFrames().run(Scope(reader, settings, tmp_path, RetrieveInput(like=3)))
    assert row.data["found"] is False
    assert "Nothing looks like 0:03.0" in row.statement


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"like": 99.0}, "no picture there"),
        ({"evidence": "e00000000000"}, "holds no evidence 'e00000000000'"),
        ({"text": "a dog", "span": TimeSpan(start=50, end=60)}, "no picture there"),
        ({"like": 1.0, "span": TimeSpan(start=0.9, end=1.4)}, "no other picture"),
    ],
)
def test_where_there_is_nothing_to_compare_it_says_so(scope, wish, says):
    with pytest.raises(ToolError, match=says):
        list(RetrieveFrames().run(scope(**wish)))


@pytest.mark.parametrize(
    "wrong",
    [{"text": "a", "like": 1.0}, {"like": -1}, {"like": float("inf")}, {"text": " "}, {"top": 0}, {"path": "/etc"}],
)
def test_a_call_asks_for_one_thing_by_words_seconds_or_cite(wrong):
    with pytest.raises(ValidationError):
        RetrieveInput(**wrong)


def test_weights_that_were_only_found_are_done_without_where_they_break(film, tmp_path):
    (tmp_path / "ViT-B-32.pt").write_text("no weights")
    settings = Settings(home=tmp_path, weights=tmp_path)
    with pytest.raises(ToolError, match=r"Nothing was told .* ViT-B-32\.pt are no ViT-B-32"):
        list(RetrieveFrames().run(Scope(VideoReader(film), settings, tmp_path, RetrieveInput(text="a dog"))))
    bare = Settings(home=tmp_path, weights=tmp_path, tier="bare")
    assert find_clip(bare) is None


def test_the_log_of_the_host_stays_as_it_was(weights):
    """open_clip logs to the root logger; pytest's own handlers are taken off, as a host may have none."""
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers.clear()
    try:
        Clip("tiny-clip", weights / "other.pt").texts(["a dog"])
        with pytest.raises(UserError):
            Clip("RN50", weights / "other.pt").texts(["a dog"])
        assert root.handlers == []
    finally:
        root.handlers[:] = before
