"""Scores of other systems: by frame, snippet, second and span, at the video's own times."""

from __future__ import annotations

import json
from fractions import Fraction

import av
import numpy as np
import pytest

from panda_agent import Investigator
from panda_agent.errors import ToolError, UserError
from panda_agent.settings import Settings
from panda_agent.tools import Toolbox
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_tool
from panda_agent.tools.import_scores import LONGEST_NAME, ImportScores, profile_of
from panda_agent.types import Region
from panda_agent.video import VideoReader

FRAMES, RATE = 60, 10
"""Of the fixture `film`."""
HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
"""Head of an array that promises eight terabytes."""


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


def test_frames_lie_at_the_videos_own_times_however_uneven(tmp_path):
    pictures = [*np.arange(0, 1, 0.04), *np.arange(1, 9, 0.4)]
    path = tmp_path / "uneven.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for second in pictures:
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(1000 * second), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    values = np.zeros(len(pictures))
    values[30] = 0.9  # at 3.0 s, where number / rate says 5.7 s
    np.save(tmp_path / "s.npy", values)
    points = profile(ImportScores(tmp_path / "s.npy"), path, tmp_path)
    assert [time for time, value in points.items() if value == 0.9] == [3.0, 3.399]


def test_a_system_with_a_rate_of_its_own(film, tmp_path):
    np.save(tmp_path / "s.npy", [0, 0, 0, 0, 0.7, 0, 0, 0, 0, 0, 0, 0])
    points = profile(ImportScores(tmp_path / "s.npy", fps=2), film, tmp_path)
    assert [time for time, value in points.items() if value == 0.7] == [2.0, 2.499]
    snippets = ImportScores(tmp_path / "s.npy", "snippet", stride=8, fps=16, n_frames=95)
    assert [time for time, value in profile(snippets, film, tmp_path).items() if value == 0.7] == [2.0, 2.499]
    with pytest.raises(
        ToolError, match=r"holds 12 scores \(frame\) for 12\.0 s, but the video has 60 frames in 6\.0 s"
    ):
        profile(ImportScores(tmp_path / "s.npy", fps=1), film, tmp_path)


@pytest.mark.parametrize(("count", "n_frames"), [(200, 60), (60, 200), (57, 60)])
def test_scores_must_be_as_many_as_the_frames_that_were_seen(count, n_frames, film, tmp_path):
    np.save(tmp_path / "s.npy", np.zeros(count))
    with pytest.raises(ToolError, match="the video has 60 frames"):
        profile(ImportScores(tmp_path / "s.npy", n_frames=n_frames), film, tmp_path)


def test_one_frame_more_or_less_is_no_other_video(film, tmp_path):
    for count in (FRAMES - 1, FRAMES, FRAMES + 1):
        np.save(tmp_path / "s.npy", np.linspace(0, 1, count))
        points = profile(ImportScores(tmp_path / "s.npy"), film, tmp_path)
        assert max(points) == pytest.approx(6.0)


def test_other_ranges_are_scaled_and_narrow_ones_kept_to(film, tmp_path):
    np.save(tmp_path / "s.npy", np.linspace(-1, 3, FRAMES).astype(np.float32))
    (row,) = ImportScores(tmp_path / "s.npy", between=(-1, 3)).run(
        Scope(VideoReader(film), Settings(home=tmp_path), tmp_path)
    )
    assert (row.data["peak"], row.data["mean"]) == (1.0, pytest.approx(0.5, abs=0.01))
    with pytest.raises(UserError, match="from -1 to 3, not from 0 to 3"):
        profile(ImportScores(tmp_path / "s.npy", between=(0, 3)), film, tmp_path)
    endless = {"between": (float("-inf"), 1.0)}
    for wrong in ({"between": (1, 1)}, endless, {"stride": 0}, {"fps": 0}, {"n_frames": -1}, {"unit": "frames"}):
        with pytest.raises(UserError):
            ImportScores(tmp_path / "s.npy", **wrong)


def where_of(tool, film, home):
    (row,) = tool.run(Scope(VideoReader(film), Settings(home=home), home))
    return row.region, row.data.get("path")


def test_boxes_and_masks_say_where(film, tmp_path):
    values = np.zeros(FRAMES)
    values[20:30] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    box = [0.25, 0.5, 0.5, 1.0]
    spot = Region(x0=0.25, y0=0.5, x1=0.5, y1=1.0)
    mask = np.zeros((4, 8))
    mask[2:, 2:4] = 1
    rows = [{"score": v, "box": box} if v else {"score": v} for v in values]
    (tmp_path / "box.json").write_text(json.dumps(rows))
    rows = [{"score": v, "mask": mask.tolist()} if v else {"score": v} for v in values]
    (tmp_path / "mask.jsonl").write_text("\n".join(map(json.dumps, rows)))
    lines = [f"{v},{','.join(map(str, box)) if v else ',,,'}" for v in values]
    (tmp_path / "box.csv").write_text("score,x0,y0,x1,y1\n" + "\n".join(lines))
    np.save(tmp_path / "s.npy", values)
    np.save(tmp_path / "masks.npy", (values > 0)[:, None, None] * mask)
    np.save(tmp_path / "yes_or_no.npy", (values > 0)[:, None, None] & (mask > 0))
    np.save(tmp_path / "boxes.npy", np.where(values[:, None] > 0, box, np.nan))
    tools = [ImportScores(tmp_path / name) for name in ("box.json", "mask.jsonl", "box.csv")]
    tools += [
        ImportScores(tmp_path / "s.npy", where=tmp_path / f"{name}.npy") for name in ("masks", "boxes", "yes_or_no")
    ]
    for tool in tools:
        region, path = where_of(tool, film, tmp_path)
        assert region == spot
        assert [place[0] for place in path] == [pytest.approx(2 + i / 10, abs=1e-3) for i in range(10)]
        assert {tuple(place[1:]) for place in path} == {(0.25, 0.5, 0.5, 1.0)}
    assert where_of(ImportScores(tmp_path / "s.npy"), film, tmp_path) == (None, None)
    with pytest.raises(UserError, match="does not say where 60 scores lie"):
        where_of(ImportScores(tmp_path / "s.npy", where=tmp_path / "s.npy"), film, tmp_path)
    with pytest.raises(UserError, match=r"gone\.npy can't be read"):
        where_of(ImportScores(tmp_path / "s.npy", where=tmp_path / "gone.npy"), film, tmp_path)


def test_spans_as_numbers_and_with_boxes(film, tmp_path):
    np.save(tmp_path / "spans.npy", [[2.0, 4.0, 0.9], [1.5, 2.25, 0.6], [5.0, 5.0, 0.3]])
    points = profile(ImportScores(tmp_path / "spans.npy", "span"), film, tmp_path)
    assert list(points.items()) == [
        *[(0.0, 0.0), (1.499, 0.0), (1.5, 0.6), (1.999, 0.6), (2.0, 0.9), (3.999, 0.9), (4.0, 0.0), (4.999, 0.0)],
        *[(5.0, 0.3), (5.099, 0.3), (5.1, 0.0), (6.0, 0.0)],
    ]
    spans = [{"start": 1, "end": 2, "score": 0.5, "box": [0, 0, 0.5, 0.5]}, {"start": 3, "end": 4, "score": 0.9}]
    (tmp_path / "spans.json").write_text(json.dumps(spans))
    assert where_of(ImportScores(tmp_path / "spans.json", "span"), film, tmp_path) == (
        Region(x0=0, y0=0, x1=0.5, y1=0.5),
        [[1.0, 0, 0, 0.5, 0.5]],
    )


def test_a_table_may_do_without_a_head(film, tmp_path):
    (tmp_path / "s.csv").write_text("\n".join(["0.25"] * FRAMES))
    assert set(profile(ImportScores(tmp_path / "s.csv"), film, tmp_path).values()) == {0.25}


def test_several_systems_can_be_heard_and_names_do_no_harm(film, tmp_path):
    np.save(tmp_path / "s.npy", np.zeros(FRAMES))
    tools = [ImportScores(tmp_path / "s.npy", name=name) for name in ("VadCLIP", "Holmes-VAU", "a\n\x1b[31mb")]
    assert [tool.spec.name for tool in tools[:2]] == ["import_scores_vadclip", "import_scores_holmes_vau"]
    assert tools[2].spec.family == "a [31mb"
    assert len(ImportScores(tmp_path / "s.npy", name="y" * 3000).spec.family) == LONGEST_NAME
    assert Toolbox(tools)["holmes vau"] is tools[1]


def test_hours_of_scores_take_a_moment():
    frames = 3 * 3600 * 30
    points = profile_of(np.arange(frames) / 30, np.random.default_rng(0).random(frames), 3 * 3600.0)
    assert 200_000 < len(points) <= 2 * 3 * 3600 * 10


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
        ("s.npy", np.full(60, 0.5), "second", ToolError, r"for 60 seconds, but the video has .* in 6\.0 s"),
        ("s.npy", np.full(60, np.nan), "frame", UserError, "no numbers"),
        ("s.npy", np.full(60, 3.0), "frame", UserError, "reach from 3 to 3, not from 0 to 1"),
        ("s.npy", np.zeros((60, 2)), "frame", UserError, "holds no scores"),
        ("s.npy", np.array([{"a": 1}], object), "frame", UserError, "can't be read"),
        ("s.json", "[", "frame", UserError, "can't be read"),
        ("s.json", "[]", "frame", UserError, "holds no scores"),
        ("s.json", '[{"start": 3, "end": 1, "score": 1}]', "span", UserError, "end before they start"),
        ("s.json", '[{"begin": 3, "score": 1}]', "span", UserError, "holds no spans"),
        ("s.json", '[{"start": 2, "end": 4, "score": true}]', "span", UserError, "holds no scores"),
        (
            "s.json",
            '[{"start": 5, "end": 9, "score": 1}]',
            "span",
            ToolError,
            r"tells of 9\.0 s, but the video has 6\.0",
        ),
        ("s.json", "[NaN, 1]", "frame", UserError, "no numbers"),
        ("s.json", "[1" + "0" * 400 + "]", "frame", UserError, "holds no scores"),
        ("s.json", '{"video": 1}', "frame", UserError, "holds no scores"),
        ("s.json", "[" * 100_000, "frame", UserError, "can't be read"),
        ("s.csv", "frame,level\n0,1\n", "frame", UserError, "holds no scores"),
        ("s.csv", 'score\n"' + "1" * 200_000, "frame", UserError, "can't be read"),
        ("s.jsonl", '{"score": "high"}', "frame", UserError, "holds no scores"),
        ("s.jsonl", '{"score": 1, "box": [0, 0, 2, 2]}', "frame", UserError, "boxes or masks that are none"),
        ("s.jsonl", '{"score": 1, "mask": [[0, 1], [1]]}', "frame", UserError, "boxes or masks that are none"),
        ("s.npy", b"\x93NUMPY\x01\x00v\x00" + HUGE, "frame", UserError, "can't be read"),
        ("s.npy", b"cos\nsystem\n(S'echo'\ntR.", "frame", UserError, "can't be read"),
        ("s.npy", b"PK\x03\x04", "frame", UserError, "can't be read"),
        ("s.txt", "0.5", "frame", UserError, "is no file of scores"),
        ("gone.csv", None, "frame", UserError, "can't be read"),
    ],
)
def test_what_is_no_score_of_this_video_is_refused(name, content, unit, error, message, film, tmp_path):
    path = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(path, content, allow_pickle=True)
    elif isinstance(content, bytes):
        path.write_bytes(content)
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
