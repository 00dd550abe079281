"""The doctor looks at what is really there."""

from __future__ import annotations

import json

from panda_agent.cli import checks
from panda_agent.settings import load_settings


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
