"""Scores of other systems: by frame, snippet, second and span, at the video's own times."""

from __future__ import annotations

import json

import numpy as np
import pytest

from panda_agent import Investigator
from panda_agent.errors import ToolError, UserError
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_tool
from panda_agent.tools.import_scores import ImportScores
from panda_agent.video import VideoReader

FRAMES, RATE = 60, 10
"""Of the fixture `film`."""


def profile(tool, film, home) -> dict[float, float]:
    (row,) = tool.run(Scope(VideoReader(film), Settings(home=home), home))
    return {at: value for at, value in row.data["profile"]}


def at(points: dict[float, float], time: float) -> float:
    return float(np.interp(time, list(points), list(points.values())))


@pytest.fixture
def bump() -> np.ndarray:
    """A score for each frame: 0.9 from 2 to 3 s."""
    values = np.full(FRAMES, 0.1)
    values[20:30] = 0.9
    return values


@pytest.mark.parametrize("suffix", ["npy", "csv", "json", "jsonl"])
def test_every_format_tells_the_same(suffix, bump, film, tmp_path):
    path = tmp_path / f"s.{suffix}"
    match suffix:
        case "npy":
            np.save(path, bump.astype(np.float32))
        case "csv":
            path.write_text("frame,score\n" + "\n".join(f"{i},{v}" for i, v in enumerate(bump)))
        case "json":
            path.write_text(json.dumps({"scores": bump.tolist()}))
        case "jsonl":
            path.write_text("\n".join(json.dumps({"frame": i, "score": v}) for i, v in enumerate(bump)))
    points = profile(ImportScores(path), film, tmp_path)
    assert [round(at(points, t), 2) for t in (1.0, 2.05, 2.9, 3.05, 5.0)] == [0.1, 0.9, 0.9, 0.1, 0.1]


def test_snippets_seconds_and_spans_lie_where_they_belong(film, tmp_path):
    np.save(tmp_path / "snippets.npy", [0.1, 0.8, 0.1, 0.1])
    snippets = profile(ImportScores(tmp_path / "snippets.npy", "snippet", stride=16), film, tmp_path)
    assert [round(at(snippets, t), 2) for t in (1.0, 1.7, 3.0, 3.3)] == [0.1, 0.8, 0.8, 0.1]
    np.save(tmp_path / "seconds.npy", [0, 0, 0.7, 0, 0, 0])
    seconds = profile(ImportScores(tmp_path / "seconds.npy", "second"), film, tmp_path)
    assert [round(at(seconds, t), 2) for t in (1.5, 2.01, 2.99, 3.5)] == [0.0, 0.7, 0.7, 0.0]
    spans = [{"start": 1.5, "end": 2.25, "score": 0.6}, {"start": 2.0, "end": 4.0, "score": 0.9}]
    (tmp_path / "spans.json").write_text(json.dumps(spans))
    steps = profile(ImportScores(tmp_path / "spans.json", "span"), film, tmp_path)
    assert [round(at(steps, t), 2) for t in (1.0, 1.7, 2.1, 3.9, 4.5)] == [0.0, 0.6, 0.9, 0.9, 0.0]


def test_logits_and_probabilities_of_normal(film, tmp_path):
    np.save(tmp_path / "l.npy", np.full(FRAMES, 2.0))
    (tool,) = [ImportScores(tmp_path / "l.npy", logits=True, normal=True)]
    (row,) = tool.run(Scope(VideoReader(film), Settings(home=tmp_path), tmp_path))
    assert row.data["peak"] == pytest.approx(1 - 1 / (1 + np.exp(-2.0)), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "content", "unit", "error", "message"),
    [
        ("s.npy", np.full(200, 0.5), "frame", ToolError, "but the video has 60 frames"),
        ("s.npy", np.full(9, 0.5), "snippet", ToolError, "but the video has 60 frames"),
        ("s.npy", np.full(60, 0.5), "second", ToolError, r"but the video has 6\.0 s"),
        ("s.npy", np.full(60, np.nan), "frame", UserError, "no numbers"),
        ("s.npy", np.full(60, 3.0), "frame", UserError, "reach from 3 to 3, not from 0 to 1"),
        ("s.npy", np.zeros((60, 2)), "frame", UserError, "holds no scores"),
        ("s.npy", np.array([{"a": 1}], object), "frame", UserError, "can't be read"),
        ("s.json", "[", "frame", UserError, "can't be read"),
        ("s.json", "[]", "frame", UserError, "holds no scores"),
        ("s.json", '[{"start": 3, "end": 1, "score": 1}]', "span", UserError, "end before they start"),
        ("s.json", '[{"begin": 3}]', "span", UserError, "holds no spans"),
        ("s.txt", "0.5", "frame", UserError, "is no file of scores"),
        ("gone.csv", None, "frame", UserError, "can't be read"),
    ],
)
def test_what_is_no_score_of_this_video_is_refused(name, content, unit, error, message, film, tmp_path):
    path = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(path, content, allow_pickle=True)
    elif content is not None:
        path.write_text(content)
    with pytest.raises(error, match=message):
        profile(ImportScores(path, unit), film, tmp_path)


def test_it_keeps_the_contract_and_a_rule_believes_it_as_a_source_of_its_own(bump, film, tmp_path):
    np.save(tmp_path / "vadclip.npy", bump)
    tool = ImportScores(tmp_path / "vadclip.npy")
    check_tool(tool, film, tmp_path / "contract")
    verdict = Investigator(Settings(home=tmp_path), tools=[tool]).investigate(film)
    assert verdict.label == "anomalous"
    rows = verdict.evidence(kind="score")
    assert [row.family for row in rows] == ["vadclip"]
    assert any("vadclip scores the video by up to 0.90" in row.statement for row in rows)
