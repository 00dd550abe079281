"""Takes docs/images/verdict.png, the picture in the README: the head of the report that `make demo` leaves.

    make demo && python docs/take_verdict.py

It needs a Chromium (`chromium`, `chromium-browser` or `google-chrome`).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "out" / "demo" / "report.html"
PICTURE = ROOT / "docs" / "images" / "verdict.png"
SIZE = "1100,950"
"""The head of the page down to the end of the timeline, pixels."""


def take() -> None:
    """Open the report in a browser without a window and keep what it shows."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    PICTURE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={SIZE}"]
        flags += [f"--user-data-dir={profile}", f"--screenshot={PICTURE}"]
        subprocess.run([browser, *flags, REPORT.as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    take()
