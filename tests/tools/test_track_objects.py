"""Objects by name, by Ultralytics' own code and real weights; skipped where those are not at hand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from panda_agent import Investigator
from panda_agent.errors import UserError
from panda_agent.perception.ultralytics_home import settled_ultralytics
from panda_agent.settings import ObjectSettings, Settings
from panda_agent.tools.base import Scope
from panda_agent.tools.contract import check_tool
from panda_agent.tools.track_objects import TrackObjects
from panda_agent.video import VideoReader

SHARED = Path(__file__).resolve().parents[3] / "shared"
WEIGHTS = SHARED / "weights" / "yolo11n_int8_320.onnx"
VTEST = SHARED / "data" / "clips" / "opencv_vtest.mp4"
CART = SHARED / "data" / "ped2" / "test" / "04.mp4"
VEHICLES = {"car", "truck", "bus", "motorcycle", "train", "boat"}

real = pytest.mark.skipif(not WEIGHTS.is_file(), reason="needs the weights and videos of ../shared")


def scope(video: Path, home: Path, **wish) -> Scope:
    return Scope(VideoReader(video), Settings(objects=ObjectSettings(**wish)), home)


def seen(video: Path, home: Path, **wish) -> list:
    return list(TrackObjects(WEIGHTS).run(scope(video, home, **wish)))


@pytest.fixture(scope="module")
def cart(tmp_path_factory) -> list:
    if not WEIGHTS.is_file():
        pytest.skip("needs the weights and videos of ../shared")
    return seen(CART, tmp_path_factory.mktemp("home"))


def test_the_cart_among_walkers_is_a_vehicle_that_is_like_nobody(cart):
    """The truth of Ped2's fourth test video: a cart from frame 31 on, of 180 at 10 a second."""
    carts = [one for one in cart if one.kind == "object" and one.data["class"] in VEHICLES and one.span.duration > 5]
    assert len(carts) == 1
    assert carts[0].span.start < 10
    assert carts[0].span.end > 15
    assert (carts[0].data["alike"], carts[0].data["peers"] >= 5) == (0.0, True)
    assert "none of" in carts[0].statement
    people = [one for one in cart if one.data["class"] == "person"]
    assert len(people) > 8
    assert all(one.data["alike"] > 0.5 for one in people if one.data["peers"])


def test_every_object_is_told_as_a_track_is(cart):
    for one in cart:
        made = TrackObjects.spec.makes[one.kind]
        assert set(one.data) <= set(made)
        assert one.family == "detector"
        assert one.region is not None
        assert 0 < one.data["confidence"] <= 1


@real
@pytest.mark.parametrize("tracker", ["bytetrack", "botsort"])
def test_people_keep_their_ids(tmp_path, tracker):
    found = seen(VTEST, tmp_path, tracker=tracker, max_fps=5)
    people = [one for one in found if one.kind == "object" and one.data["class"] == "person"]
    assert sum(one.span.duration >= 2 for one in people) >= 5
    ids = [track for one in people for track in one.data["tracks"]]
    assert len(ids) == len(set(ids))


@real
def test_two_cases_at_once_see_what_each_sees_alone(tmp_path):
    """Ids start at 1 in each, and no state of one leaks into the other."""
    alone = seen(CART, tmp_path / "alone", max_fps=3)
    one, other = (TrackObjects(WEIGHTS).run(scope(CART, tmp_path / name, max_fps=3)) for name in "ab")
    rows: tuple[list, list] = [], []
    running = {0: one, 1: other}
    while running:
        for i in list(running):
            row = next(running[i], None)
            if row is None:
                del running[i]
            else:
                rows[i].append(row)
    assert len(alone) > 3
    assert rows[0] == rows[1] == alone


def test_weights_that_are_missing_or_broken_are_named(tmp_path):
    if not VTEST.is_file():
        pytest.skip("needs the videos of ../shared")
    with pytest.raises(UserError, match="There are no detector weights at"):
        list(TrackObjects(tmp_path / "gone.onnx").run(scope(VTEST, tmp_path)))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(UserError, match=r"Ultralytics can't use the weights broken\.onnx"):
        list(TrackObjects(broken).run(scope(VTEST, tmp_path)))


@real
def test_weights_of_another_make_are_refused(tmp_path):
    """YOLOX has no Ultralytics metadata, and its answers mean something else."""
    copy = tmp_path / "yolox.onnx"
    shutil.copy(SHARED / "weights" / "yolox_nano_416.onnx", copy)
    os.chmod(copy, 0o644)
    with pytest.raises(UserError, match=r"yolox\.onnx carry no class names"):
        list(TrackObjects(copy).run(scope(VTEST, tmp_path, max_side=416)))


def test_weights_that_only_auto_found_are_no_reason_to_stop(tmp_path, film):
    """What auto picked up and can't be used is absence of evidence; what was named is an error."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "broken.onnx").write_bytes(b"Ultralytics, but broken")
    auto = Investigator(Settings(home=tmp_path / "a", weights=folder)).investigate(film)
    assert any(
        "track_objects@1 could not work: Ultralytics can't use the weights broken.onnx" in w for w in auto.warnings
    )
    assert auto.label == "anomalous"
    with pytest.raises(UserError, match=r"Ultralytics can't use the weights broken\.onnx"):
        Investigator(Settings(home=tmp_path / "b", weights=folder, tier="weights")).investigate(film)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """A YOLO26 that learnt nothing, as Ultralytics builds and saves it."""
    home = tmp_path_factory.mktemp("fresh")
    with settled_ultralytics(home):
        from ultralytics import YOLO

    path = home / "yolo26n.pt"
    YOLO("yolo26n.yaml", task="detect").save(path)
    return path


def test_a_checkpoint_is_loaded_by_ultralytics(fresh, tmp_path, film):
    """The real loader of .pt files; a network that learnt nothing may see anything."""
    settings = Settings(home=tmp_path, objects={"weights": str(fresh), "max_side": 160})
    verdict = Investigator(settings).investigate(film)
    assert verdict.provenance["tier"] == "weights"
    assert set(verdict.provenance["weights"]) == {"detector"}
    assert not any("could not work" in warning for warning in verdict.warnings)


@real
def test_it_keeps_the_contract_of_tools(tmp_path, film):
    check_tool(TrackObjects(WEIGHTS), film, tmp_path)


@real
def test_the_cart_is_named_in_the_verdict_and_overlaps_the_truth(tmp_path):
    settings = Settings(home=tmp_path, weights=WEIGHTS.parent)
    verdict = Investigator(settings).investigate(CART)
    assert (verdict.label, verdict.event_type) == ("anomalous", "vehicle_among_people")
    cited = [verdict.evidence(kind="object", span=(c.span.start, c.span.end)) for c in verdict.explanation]
    assert any(row.data["class"] in VEHICLES for rows in cited for row in rows)
    assert any(span.start < 10 and span.end > 15 for span in verdict.spans)
    assert not any("One kind of source" in warning for warning in verdict.warnings)


@real
def test_a_case_goes_on_only_with_the_weights_it_was_opened_with(tmp_path, film):
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(WEIGHTS, folder / "a.onnx")
    investigator = Investigator(Settings(home=tmp_path, weights=folder))
    case_id = investigator.open(film)
    investigator.desk.close(case_id)
    os.chmod(folder / "a.onnx", 0o644)
    with (folder / "a.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(UserError, match="The detector's file of weights changed since case"):
        investigator.desk.case(case_id)


@real
def test_a_picture_without_anything_has_no_objects(tmp_path):
    """Ultralytics gives ids of None, or arrays of another shape, where nothing is found."""
    path = tmp_path / "black.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((120, 160, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode())
    assert seen(path, tmp_path) == []
