import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from panda_agent.errors import UserError
from panda_agent.reporting import write_case_files
from panda_agent.types import Verdict


def test_everything_is_written(fight: Verdict, fight_clip: Path, run: dict[str, object], tmp_path: Path) -> None:
    files = write_case_files(fight, fight_clip, tmp_path / "out", run=run, annotated=True, clips=True)
    assert set(files) == {"verdict", "run", "timeline", "report", "annotated", "clips"}
    assert all(path.exists() for path in files.values())
    assert Verdict.from_json(files["verdict"]).label == "anomalous"
    assert json.loads(files["run"].read_bytes())["case_id"] == run["case_id"]
    assert files["report"].read_text("utf-8").count("data:image/jpeg;base64,") >= 8
    assert [path.name for path in files["clips"].iterdir()] == ["01_0.0-9.0.mp4"]


def test_writing_again_gives_the_same_bytes(cart: Verdict, ped2: Path, run: dict[str, object], tmp_path: Path) -> None:
    first = write_case_files(cart, ped2, tmp_path / "a", run=run)
    again = write_case_files(cart, ped2, tmp_path / "b", run=run)
    for name, path in first.items():
        assert path.read_bytes() == again[name].read_bytes(), name


def test_the_verdict_file_does_not_know_the_run(calm: Verdict, run: dict[str, object], tmp_path: Path) -> None:
    files = write_case_files(calm, None, tmp_path, run=run)
    assert not [value for value in ("kiosk-2", "7f3a", "yard camera") if value in files["verdict"].read_text("utf-8")]


def test_without_a_video_there_are_no_pictures(calm: Verdict, run: dict[str, object], tmp_path: Path) -> None:
    files = write_case_files(calm, None, tmp_path, run=run)
    assert "<img" not in files["report"].read_text("utf-8")
    with pytest.raises(UserError, match="no video"):
        write_case_files(calm, None, tmp_path, run=run, clips=True)


def test_a_blurred_report_says_so(calm: Verdict, square: Path, tmp_path: Path) -> None:
    plain = write_case_files(calm, square, tmp_path / "plain", run={})["report"].read_text("utf-8")
    blurred = write_case_files(calm, square, tmp_path / "blurred", run={}, blur=True)["report"].read_text("utf-8")
    assert "Blurred: whatever moves" in blurred
    assert "Blurred: whatever moves" not in plain


def test_a_name_that_is_no_utf8_can_be_reported(calm: Verdict, tmp_path: Path) -> None:
    files = write_case_files(calm, None, tmp_path, run={"video": os.fsdecode(b"caf\xe9.mp4")})
    assert "caf[U+DCE9].mp4" in files["report"].read_text("utf-8")


def test_writing_json_needs_no_opencv() -> None:
    code = "import sys, panda_agent.reporting; print([m for m in ('cv2', 'av', 'jinja2', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
