"""The page of an evaluation and its plots: well-formed, harmless, and loading nothing."""

import re
from xml.etree import ElementTree

from panda_agent.reporting.evaluation import Figure, Page, Table, VideoRow, render_evaluation
from panda_agent.reporting.plots import Whisker, forest, square

BAD = '<script>alert(1)</script>"\u202e'


def page():
    return Page(
        title=BAD,
        headline=BAD,
        facts=[("micro", "84.89", BAD)],
        tables=[Table("Figures", BAD, ("measure", "all"), [(BAD, "1"), ("panda", "2")])],
        figures=[Figure(forest([Whisker(BAD, 1.0, -1.0, 2.0)], BAD), BAD)],
        videos=[
            VideoRow(BAD, "failed", False, BAD, 0.0),
            VideoRow("a", "normal", True, "", 10.0, [(0.0, 0.1), (10.0, 0.9)], [(2.0, 3.0)]),
        ],
        provenance={"settings": {BAD: BAD}},
    )


def test_plots_are_well_formed_whatever_they_are_called():
    for svg in (
        forest([Whisker(BAD, 3.0, 1.0, 5.0), Whisker("b", -2.0, None, None)], BAD),
        forest([], "nothing"),
        square({BAD: [(0.0, 0.0), (0.5, 0.9), (1.0, 1.0)], "b": [(0.0, 0.0), (1.0, 1.0)]}, "x", "y", dots=True),
    ):
        tree = ElementTree.fromstring(svg)
        assert tree.tag.endswith("svg")
        assert "<script" not in svg
        assert "\u202e" not in svg


def test_whiskers_that_hold_nought_are_pale():
    assert 'class="weak"' in forest([Whisker("a", 1.0, -1.0, 2.0)], "t")
    assert 'class="weak"' not in forest([Whisker("a", 1.0, 0.5, 2.0)], "t")


def test_the_page_escapes_all_that_it_quotes_and_loads_nothing():
    html = render_evaluation(page())
    assert "<script" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", html)
    assert "default-src 'none'" in html


def test_each_video_is_drawn_with_what_is_true_of_it():
    html = render_evaluation(page())
    assert html.count('class="true"') == 1
    assert html.count('class="clip') == 2
