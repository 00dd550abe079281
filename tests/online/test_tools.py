"""Each tool online: of a prefix it says what it said of the whole by then."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panda_agent.embedders import HashEmbedder
from panda_agent.tools.caption_clip import TellFacts
from panda_agent.tools.compare_clips import CompareClips
from panda_agent.tools.enhance import Enhance, EnhanceInput
from panda_agent.tools.listen import Listen
from panda_agent.tools.look_again import SECOND_LOOKS
from panda_agent.tools.observe_motion import ObserveMotion
from panda_agent.tools.read_text import ReadText
from panda_agent.tools.retrieve_frames import RetrieveFrames, RetrieveInput
from panda_agent.tools.search_knowledge import KnowledgeInput, SearchKnowledge
from panda_agent.tools.track_objects import TrackObjects
from panda_agent.video import VideoReader
from tests.online.cases import PREFIXES, last
from tests.online.conftest import Runs, by, prefix, settings
from tests.tools.test_listen import write
from tests.tools.test_retrieve_frames import weights  # noqa: F401

PACK = """
id: lights
version: 1
title: Lights
scenes: [street]
event_types:
  - {id: light, title: A light, statement: A light flashes., benign: It is a lamp., severity: low, prior: 0.05}
rules:
  - id: light.flash
    event_type: light
    when: [{kind: flash}]
    weight: 3.0
    question: Does a light flash?
    explanation: A light flashes.
    fires: [{kind: flash, at: [0, 1]}]
    must_not: [{kind: track, at: [0, 1]}]
"""


@pytest.fixture(scope="module")
def motion(film, tmp_path_factory):
    """What is seen of the whole film as it comes in."""
    return Runs(tmp_path_factory.mktemp("motion")).overview(ObserveMotion(), film)


CLIP_TOOLS = (
    (TellFacts(), {}),
    (CompareClips(), {}),
    (Enhance(), {"input": EnhanceInput(operation="brighten", frames=2)}),
    *((look, {}) for look in SECOND_LOOKS),
)


@pytest.mark.parametrize(("tool", "how"), CLIP_TOOLS, ids=[tool.spec.name for tool, _ in CLIP_TOOLS])
def test_a_look_at_a_clip_knows_nothing_of_later_clips(film, motion, runs, tool, how):
    whole = runs.clips(tool, film, motion, **how)
    assert whole
    for end in PREFIXES:
        part = prefix(film, end)
        assert by(runs.clips(tool, part, motion, **how), last(part)) == by(whole, last(part))


def test_what_the_house_knows_is_no_part_of_the_video(film, runs):
    """Few clips and a small pack: each call reads the rules."""
    (runs.home / "pack.yaml").write_text(PACK)
    own = settings(runs.home, rules=str(runs.home / "pack.yaml"))
    asked = {"input": KnowledgeInput(text="a flash", top=2), "length": 6.0, "settings": own}
    whole = runs.clips(SearchKnowledge(HashEmbedder()), film, **asked)
    for end in (2.7, 6.1, 7.0, 12.0, 12.5):
        part = prefix(film, end)
        assert by(runs.clips(SearchKnowledge(HashEmbedder()), part, **asked), last(part)) == by(whole, last(part))
    assert by(whole, 12.0)


@pytest.mark.parametrize("end", PREFIXES)
def test_motion(film, motion, runs, end):
    part = prefix(film, end)
    rows = by(runs.overview(ObserveMotion(), part), last(part))
    assert rows == by(motion, last(part))
    assert rows


def test_objects_by_name(shared, runs):
    """A cart among people: Ped2's fourth test video."""
    reader = VideoReader(shared / "data" / "ped2" / "test" / "04.mp4")
    frames = [(frame.time, frame.image) for frame in reader.frames(max_fps=5)]
    tool = TrackObjects(shared / "weights" / "yolo11n_int8_320.onnx")
    whole = runs.overview(tool, frames)
    for share in (0.2, 0.4, 0.5, 0.7, 0.9):
        part = prefix(frames, share * last(frames))
        assert by(runs.overview(tool, part), last(part)) == by(whole, last(part))
    assert len(by(whole, 0.7 * last(frames))) > 3


def test_text_in_the_picture(runs):
    """A sign all along, and another from 1 s to 3 s."""
    pytest.importorskip("rapidocr_onnxruntime")
    frames = [(float(i), sign("NO PARKING", *(["KEEP OUT"] if 1 <= i < 3 else []))) for i in range(7)]
    whole = runs.overview(ReadText(), frames)
    for end in (1.0, 2.0, 3.0, 4.0, 6.0):
        assert by(runs.overview(ReadText(), prefix(frames, end)), end) == by(whole, end)
    assert by(whole, 6.0)


def sign(*lines: str) -> np.ndarray:
    """Lines of white text."""
    image = np.full((120, 300, 3), 70, np.uint8)
    for i, line in enumerate(lines):
        cv2.putText(image, line, (15, 45 + 50 * i), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (245, 245, 245), 2, cv2.LINE_AA)
    return image


def test_sound_of_a_clip_ends_with_the_clip(runs, tmp_path):
    """Sound comes with files only, here of packets that are the same in each."""
    whole = runs.clips(Listen(), (), reader=VideoReader(write(tmp_path / "whole.mkv", seconds=8.0)))
    assert {row.kind for row in whole} >= {"sound", "sound_onset"}
    for seconds in (2.2, 3.1, 4.5, 6.2, 7.9):
        part = VideoReader(write(tmp_path / f"{seconds}.mkv", seconds=seconds))
        assert by(runs.clips(Listen(), (), reader=part), seconds - 0.1) == by(whole, seconds - 0.1)


@pytest.mark.parametrize("asked", [{"text": "a man"}, {"like": 1.0}], ids=["text", "like"])
def test_frames_by_clip(film, runs, weights, asked):  # noqa: F811
    how = {
        "input": RetrieveInput(**asked),
        "settings": settings(runs.home, weights=weights, tier="weights", clip={"model": "tiny-clip", "fps": 2.0}),
    }
    whole = runs.clips(RetrieveFrames(), film, **how)
    assert whole
    for end in PREFIXES:
        part = prefix(film, end)
        assert by(runs.clips(RetrieveFrames(), part, **how), last(part)) == by(whole, last(part))
