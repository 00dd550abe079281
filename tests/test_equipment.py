"""Which tier it is: auto takes what is there and says so; what was named and is missing is an error."""

from __future__ import annotations

import hashlib

import pytest

from panda_agent.equipment import equip
from panda_agent.errors import UserError
from panda_agent.settings import Settings

OURS, FOREIGN = b"... Ultralytics ...", b"another maker's network"


@pytest.fixture
def folder(tmp_path):
    """Weights of two makers; by name the foreign ones come first."""
    place = tmp_path / "weights"
    place.mkdir()
    (place / "a_foreign.onnx").write_bytes(FOREIGN)
    (place / "b_ours.onnx").write_bytes(OURS)
    (place / "c_ours.pt").write_bytes(OURS)
    (place / "notes.txt").write_bytes(OURS)
    return place


def test_auto_without_anything_is_bare_and_says_why():
    found = equip(Settings())
    assert (found.tier, found.detector) == ("bare", None)
    assert "auto found nothing more: No folder of weights is set (PANDA_WEIGHTS)" in str(found)


def test_auto_takes_the_first_usable_weights_by_name(folder):
    found = equip(Settings(weights=folder))
    assert (found.tier, found.detector.name, found.strict) == ("weights", "b_ours.onnx", False)
    assert found.hashes == {"detector": hashlib.sha256(OURS).hexdigest()}
    assert (
        str(found)
        == "tier weights (auto found detector weights): motion, tracks, rules and named objects (b_ours.onnx)"
    )


def test_the_environment_names_the_folder(folder, monkeypatch):
    monkeypatch.setenv("PANDA_WEIGHTS", str(folder))
    assert equip(Settings()).tier == "weights"


def test_bare_on_request_looks_for_nothing(folder):
    assert equip(Settings(weights=folder, tier="bare")).detector is None


def test_named_weights_come_by_path_or_from_the_folder(folder):
    by_name = equip(Settings(weights=folder, objects={"weights": "c_ours.pt"}))
    by_path = equip(Settings(objects={"weights": str(folder / "c_ours.pt")}))
    assert by_name.detector == by_path.detector == folder / "c_ours.pt"
    assert by_name.strict
    assert by_path.strict


def test_an_endpoint_makes_it_the_model_tier(folder):
    found = equip(Settings(weights=folder, model={"base_url": "http://127.0.0.1:9/v1"}))
    assert (found.tier, found.detector.name) == ("model", "b_ours.onnx")
    assert set(found.hashes) == {"detector", "prompts"}
    assert (
        equip(Settings(tier="weights", weights=folder, model={"base_url": "http://127.0.0.1:9/v1"})).tier == "weights"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tier": "weights"}, "No folder of weights is set"),
        ({"tier": "weights", "weights": "gone"}, "The folder of weights gone is not there"),
        ({"tier": "weights", "weights": "."}, "holds no detector weights that Ultralytics wrote"),
        ({"objects": {"weights": "gone.pt"}}, "There are no detector weights 'gone.pt'"),
        ({"tier": "model"}, "needs a model endpoint, and none is set"),
        ({"tier": "model", "prompts": "nonsense", "model": {"base_url": "http://x/v1"}}, "no prompt pack 'nonsense'"),
    ],
)
def test_what_was_named_and_is_missing_is_an_error(settings, message):
    with pytest.raises(UserError, match=message):
        equip(Settings(**settings))
