"""Every figure is told of: in the tables, and with its convention in docs/evaluation.md."""

from pathlib import Path

import pytest

from panda_agent.evaluation.catalogue import BASELINES, MEASURES, figures_table, interval, signed, written
from panda_agent.evaluation.datasets import DATASETS
from panda_agent.evaluation.measured import measured
from panda_agent.evaluation.rows import ROWS
from tests.evaluation.made import judged, truth

DOCS = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text()


def figures():
    some = [
        judged(truth(name, 20, intervals=spans), timeline=[(0, 0.1), (20, 0.9)], observed=[0.0, 1.0] * 10)
        for name, spans in (("a", [(10, 15)]), ("b", []), ("c", [(15, 20)]), ("d", []))
    ]
    return measured(some, sigma=2.0, online=False)


@pytest.mark.parametrize("name", [*(one.name for one in MEASURES), *BASELINES, *DATASETS, *(one.name for one in ROWS)])
def test_docs_name_it(name):
    assert f"`{name}`" in DOCS


def test_every_figure_that_is_measured_is_in_the_catalogue():
    known = {one.name for one in MEASURES} | {"n_videos", "n_frames", "n_anomalous_videos", "ci", "baselines", "gain"}
    known |= {"best_baseline", "dev", "held", "video_precision", "video_recall"}
    assert {name for name in figures() if not name.startswith("event_map_")} == known


def test_tables_leave_out_what_is_undefined_everywhere_and_dash_what_is_undefined_somewhere():
    titles = {row[0]: row for row in figures_table(figures())}
    assert "AUC, pixels" not in titles
    assert titles["AUC, micro"][1] != "–"
    assert written(None) == "–"
    assert written(0.84894) == "84.89"
    assert signed(-0.0123) == "-1.23"
    assert interval([0.5, 0.625]) == "50.00 … 62.50"
    assert interval(None) == ""


def test_the_best_trivial_baseline_is_never_the_oracle():
    told = figures()
    assert told["best_baseline"] != "oracle"
    assert told["gain"] == told["baselines"][told["best_baseline"]]["gain"]


def test_a_split_without_videos_has_figures_of_none():
    told = measured([], sigma=2.0, online=False)
    assert told["micro_auc"] is None
    assert told["ci"]["micro_auc"] is None
    assert told["gain"] is None
    one = measured([judged(truth("a", intervals=[(0, 5)]), observed=[1.0] * 10)], sigma=2.0, online=True)
    assert one["dev"]["n_videos"] + one["held"]["n_videos"] == 1
