"""The report in a real browser: it opens from the disk, and its own policy has nothing to refuse."""

import re
import subprocess
from pathlib import Path

import pytest

from panda_agent.reporting import write_case_files
from panda_agent.reporting.summary import Entry, write_summary
from panda_agent.types import Verdict

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--dump-dom",
)


def visit(browser: str, page: Path, scratch: Path, *flags: str) -> tuple[str, list[str]]:
    """Open a page and return its document as the browser built it, and what it wrote to the console."""
    done = subprocess.run(
        [browser, *FLAGS, *flags, f"--user-data-dir={scratch}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_the_report_opens_without_a_complaint(browser: str, cart: Verdict, square: Path, tmp_path: Path) -> None:
    row = cart.evidence_rows[0].model_copy(update={"statement": "<img src=http://evil.example/x><script>1</script>"})
    hostile = cart.model_copy(update={"evidence_rows": (row, *cart.evidence_rows[1:]), "headline": row.statement})
    files = write_case_files(hostile, square, tmp_path / "out", run={"video": "a.mp4"})
    document, console = visit(browser, files["report"], tmp_path / "profile")
    assert console == []
    assert "&lt;img src=http://evil.example/x&gt;" in document
    assert not re.search(r"<script|<img[^>]+src=\"http", document)
    assert document.count('src="data:image/jpeg') >= 5


def test_the_policy_does_refuse(browser: str, calm: Verdict, tmp_path: Path) -> None:
    """The test above would see a violation: here is one."""
    page = write_case_files(calm, None, tmp_path / "out", run={})["report"]
    page.write_text(page.read_text("utf-8").replace("</main>", "<script>1</script></main>"), "utf-8")
    _, console = visit(browser, page, tmp_path / "profile")
    assert "Content Security Policy" in "".join(console)


@pytest.mark.parametrize("width", [1200, 390])
def test_nothing_is_wider_than_the_screen(
    browser: str, cart: Verdict, square: Path, tmp_path: Path, width: int
) -> None:
    """The report is shown in a frame of the given width, whose script-free content is measured from outside."""
    write_case_files(cart, square, tmp_path / "out", run={"video": "a" * 200 + ".mp4"})
    outer = tmp_path / "out" / "outer.html"
    outer.write_text(
        f"<iframe id=f src=report.html style='width:{width}px;height:900px;border:0'></iframe><script>"
        "f.onload=()=>{let d=f.contentDocument.documentElement;"
        "document.title=d.scrollWidth+' '+d.clientWidth}</script>"
    )
    document, _ = visit(browser, outer, tmp_path / "profile", "--allow-file-access-from-files")
    found = re.search(r"<title>(\d+) (\d+)</title>", document)
    assert found is not None
    assert int(found[1]) <= int(found[2])


def test_the_summary_opens_without_a_complaint(browser: str, cart: Verdict, calm: Verdict, tmp_path: Path) -> None:
    files = write_summary([Entry("<b>.mp4", cart), Entry("b.mp4", calm), Entry("c.mp4", error="cut off")], tmp_path)
    document, console = visit(browser, files["summary"], tmp_path / "profile")
    assert console == []
    assert "&lt;b&gt;.mp4" in document
