"""A suite from its YAML to its findings: cells resume, fail apart, and say plainly when nothing came of them."""

import json
from dataclasses import replace

import pytest

from panda_agent.errors import UserError
from panda_agent.evaluation import ablating
from panda_agent.evaluation.ablating import ablate
from panda_agent.evaluation.cells import ablation_of
from panda_agent.evaluation.findings import finding_of
from panda_agent.evaluation.folder import RunFolder
from panda_agent.evaluation.matrix import facts_of, matrix_of
from panda_agent.evaluation.suite import load_suite
from tests.evaluation.told_suite import write_suite

CELLS = ["all", "strict", "unheard", "told", "nothing", "without imported_captions", "without listen"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    path = write_suite(tmp_path_factory.mktemp("suite"))
    return ablation_of(load_suite(path), path.parent, None)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def done(suite, out):
    """The suite, worked once."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PANDA_HOME", str(out / "home"))
    yield ablate(suite, out, data=None, workers=1, counted=False)
    patch.undo()


@pytest.fixture
def told(done):
    matrix = matrix_of(done, "all")
    return {line.cell.name: finding_of(line, matrix) for line in matrix.lines}


@pytest.fixture
def facts(done, told):
    return facts_of(matrix_of(done, "all"), told)


def test_every_cell_is_a_run_folder_and_the_reference_is_worked_first(done, out):
    assert [one.name for one in done] == CELLS
    for one in done:
        if one.metrics is not None:
            assert len((out / "cells" / one.name / "scores.jsonl").read_text().splitlines()) == 3


def test_a_cell_that_fails_is_listed_and_the_others_go_on(done, told, facts):
    nothing = next(one for one in done if one.name == "nothing")
    assert nothing.metrics is None
    assert "No tool is left of the recording" in told["nothing"]
    assert facts["nothing"]["failed"]
    assert facts["nothing"]["against"] is None
    assert facts["told"]["failed"] is None


def test_a_tool_that_changes_nothing_is_said_to(told, facts):
    assert told["without listen"].startswith("The tool listen changed no verdict. Not distinguishable: the same evid")
    assert facts["without listen"]["against"]["not_distinguishable"] is True
    assert facts["without listen"]["against"]["verdicts_changed"] == 0


def test_what_changes_verdicts_is_counted_and_not_called_the_same(told, facts):
    against = facts["strict"]["against"]
    assert against["verdicts_changed"] == 2
    assert "Changed 2 of 3 verdicts." in told["strict"]
    assert told["without imported_captions"].startswith("The tool imported_captions changed 2 of 3 verdicts.")
    assert facts["without imported_captions"]["against"]["not_distinguishable"] is False


def test_three_videos_tell_nothing_apart(facts):
    gap = facts["without imported_captions"]["against"]["micro_auc"]
    assert gap["difference"] < 0
    assert gap["p"] >= 0.25
    assert gap["told_apart"] is False


def test_looks_that_no_recording_holds_are_counted(done, told):
    misses = {one.name: one.misses for one in done if one.metrics is not None}
    assert misses["unheard"] == 3
    assert misses["all"] == 0
    assert "3 looks not recorded." in told["unheard"]


def test_finished_cells_are_not_worked_again_and_say_the_same(suite, out, done, facts):
    seen, measured = [], []
    again = ablate(
        suite,
        out,
        data=None,
        workers=1,
        counted=False,
        watch=lambda cell, n, total, last: seen.append((cell, last and last.name)),
        finish=lambda cell, ran: measured.append(cell),
    )
    assert {cell for cell, name in seen if name} == {"nothing"}  # what failed is tried once more
    assert measured == ["nothing"]
    assert [one.skipped for one in again] == [one.name != "nothing" for one in again]
    matrix = matrix_of(again, "all")
    findings = {line.cell.name: finding_of(line, matrix) for line in matrix.lines}
    assert json.dumps(facts_of(matrix, findings)) == json.dumps(facts)


def test_figures_of_other_code_are_measured_again_once_and_nothing_is_worked(suite, out, done):
    few = replace(suite, cells={"all": suite.cells["all"]})
    kept = RunFolder(out / "cells" / "all")
    kept.measured({"measured_by": "code of yesterday"})
    seen, measured = [], []
    for _ in range(2):
        ablate(
            few,
            out,
            data=None,
            workers=1,
            counted=False,
            watch=lambda cell, n, total, last: seen.append(last),
            finish=lambda cell, ran: measured.append(cell),
        )
    assert not any(seen)
    assert measured == ["all"]


def test_a_cell_that_was_changed_is_refused_before_anything_is_worked(suite, out, done):
    row = suite.cells["strict"]
    changed = replace(row, settings={**row.settings, "budget": {"looks": 1}})
    other = replace(suite, cells={**suite.cells, "strict": changed})
    with pytest.raises(UserError, match=r"cells/strict holds a run of own with other settings"):
        ablate(other, out, data=None, workers=1, counted=False)


def test_a_cell_with_wrong_settings_is_named_before_anything_is_worked(suite, tmp_path):
    row = suite.cells["strict"]
    other = replace(suite, cells={**suite.cells, "strict": replace(row, settings={"loop": {"thresold": 1}})})
    with pytest.raises(UserError, match=r"Cell 'strict': Setting 'loop.thresold' is wrong"):
        ablate(other, tmp_path, data=None, workers=1, counted=False)
    assert not (tmp_path / "cells").exists()


def test_cells_of_two_versions_of_the_code_are_never_put_side_by_side(suite, tmp_path, monkeypatch):
    monkeypatch.setattr(ablating, "code_hash", lambda: "of tomorrow")
    few = replace(suite, cells={"all": suite.cells["all"]})
    with pytest.raises(UserError, match="was changed while cell 'all' was worked"):
        ablate(few, tmp_path, data=None, workers=1, counted=False)
