"""The doctor looks at what is really there."""

from __future__ import annotations

import json

import pytest

from panda_agent.backends import FakeServer, Script
from panda_agent.backends.profile import _choice
from panda_agent.cli import checks
from panda_agent.settings import load_settings

WORD, COLOUR = _choice("scripted")
SEES = {"when": {"purpose": "probe"}, "json": {"word": WORD, "colour": COLOUR}}


def test_this_machine_is_healthy_and_the_weights_are_listed(panda, home, tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/small.onnx").write_bytes(b"0" * 1_500_000)
    monkeypatch.setenv("PANDA_WEIGHTS", str(tmp_path / "weights"))
    done = panda("doctor", "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    found = {finding["name"]: finding for finding in told["findings"]}
    assert told["healthy"]
    assert set(found) == set(checks.CHECKS)
    assert "small.onnx (1.5 MB, sha256 " in found["weights"]["detail"]
    assert found["tier"]["detail"].startswith("tier bare (auto")
    assert all(codec in found["decoding"]["detail"] for codec in ("h264", "hevc", "av1", "vp9"))


def test_what_is_broken_comes_with_its_mend(inside, monkeypatch, tmp_path):
    def no_window_library(name, settings):
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory", name="cv2")

    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PANDA_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("PANDA_WEIGHTS", str(tmp_path / "gone"))
    few = {"pictures": no_window_library, "home": checks.CHECKS["home"], "weights": checks.CHECKS["weights"]}
    monkeypatch.setattr(checks, "CHECKS", few)
    pictures, home, weights = checks.examine(load_settings())
    assert (pictures.state, home.state, weights.state) == ("broken", "broken", "note")
    assert "apt-get install libgl1" in str(pictures.mend)
    assert home.mend == "Set PANDA_HOME to a folder of your own."
    done = inside("doctor")
    assert done.code == 5
    assert "✗" in done.out
    assert "→ Set PANDA_HOME to a folder of your own." in done.out


@pytest.mark.parametrize(
    ("script", "state", "told"),
    [
        ({"rules": [SEES]}, "ok", "reads the test card, keeps to JSON schemas, tells probabilities of tokens"),
        ({"rules": [SEES], "refuses": ["logprobs"]}, "note", "tells no probabilities of tokens"),
        ({"personality": "text_only"}, "note", "does not read the test card"),
    ],
)
def test_the_endpoint_is_shown_a_test_card(script, state, told, monkeypatch):
    with FakeServer(Script.model_validate(script)) as server:
        monkeypatch.setenv("PANDA_MODEL__BASE_URL", server.base_url)
        finding = checks.CHECKS["model"]("model", load_settings())
    assert (finding.state, finding.mend is None) == (state, state == "ok")
    assert told in finding.detail


def test_an_endpoint_that_is_away_is_a_note(monkeypatch):
    monkeypatch.setattr("panda_agent.backends.retry.ATTEMPTS", 1)
    monkeypatch.setenv("PANDA_MODEL__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PANDA_MODEL__NAME", "m")
    (finding,) = [one for one in checks.examine(load_settings()) if one.name == "model"]
    assert finding.state == "note"
    assert "can't be reached" in finding.detail
