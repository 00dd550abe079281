"""`panda ablate` as a command: tables, a page whose every link leads somewhere, exit codes, words for what is wrong."""

import json
import re
from urllib.parse import unquote

import pytest

from tests.evaluation.told_suite import write_suite

BAD = "<b>=1+1"
SUITE = """
title: "<script>alert(1)</script>"
recordings: recordings
truth: truth.csv
reference: all
common: {rules: ./stories.yaml}
cells:
  all:
  deaf: {without: [listen]}
  "nothing, at all": {without: [imported_captions, listen]}
"""
LINK = re.compile(r'href="(\.[^"#]+)"')


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """Two stories, one of a name that is markup to a browser and a formula to a spreadsheet."""
    folder = tmp_path_factory.mktemp("suite")
    path = write_suite(folder, SUITE)
    (folder / "recordings" / "late.rec").unlink()
    (folder / "recordings" / "calm.rec").rename(folder / "recordings" / f"{BAD}.rec")
    (folder / "truth.csv").write_text(f"{BAD},,\nfight,6,14\n")
    return path


def links(page):
    """The files that a page leads to."""
    return {(page.parent / unquote(href)).resolve() for href in LINK.findall(page.read_text("utf-8"))}


def test_a_suite_leaves_tables_and_pages_whose_links_lead_to_cells_and_their_cases(panda, suite, tmp_path):
    out = tmp_path / "out"
    done = panda("ablate", suite, "--out", out, "--workers", "1")
    assert done.code == 5, done.err  # a cell failed
    assert "The tool listen changed no verdict. Not distinguishable" in done.out
    assert "No tool is left of the recording" in done.out
    assert "cell 1 of 3: all: 2 videos" in done.err
    assert {"ablation.json", "ablation.md", "ablation.csv", "ablation.html"} <= {path.name for path in out.iterdir()}

    page = out / "ablation.html"
    cells = links(page)
    assert cells == {out / "cells" / name / "evaluation.html" for name in ("all", "deaf")}
    for cell in cells:
        cases = links(cell)
        assert len(cases) == 2
        assert all(path.is_file() and path.parent == cell.parent / "cases" for path in cases)
        for case in cases:
            assert links(case) == {cell, page}

    for path in (page, *cells, *(case for cell in cells for case in links(cell))):
        text = path.read_text("utf-8")
        assert "<script" not in text
        assert "<b>=1+1" not in text
        assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", text)
        assert "default-src 'none'" in text

    again = panda("ablate", suite, "--out", out, "--workers", "1", "--json")
    assert again.code == 5
    told = json.loads(again.out)
    assert told["cells"]["deaf"]["against"]["not_distinguishable"] is True
    assert "cell 1 of 3" not in again.err  # finished before
    assert told["cells"]["nothing, at all"]["failed"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: T\n", "wrong at reference"),
        ("title: T\non: ucf-krime\nreference: all\ncells: {all: }\n", "There is no row 'ucf-krime'"),
        ("title: T\non: ped2-video\nreference: all\ncells: {all: }\n", "panda record"),
        ("title: T\non: ucf-crime\nreference: all\ncells: {all: }\n", "PANDA_DATA"),
        ("title: T\nrecordings: none\ntruth: t.csv\nreference: all\ncells: {all: }\n", "holds no recordings"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(inside, tmp_path, text, words):
    suite = tmp_path / "suite.yaml"
    suite.write_text(text)
    done = inside("ablate", suite)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "ablations").exists()


def test_a_suite_that_is_not_there_is_said_to_be_missing(inside, tmp_path):
    done = inside("ablate", tmp_path / "none.yaml")
    assert done.code == 2
    assert "can't be read" in done.err
