"""What a suite can say, what its cells become, and what is taken out of a recording for them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from panda_agent.errors import UserError
from panda_agent.evaluation.ablating import _in_a_line
from panda_agent.evaluation.bootstrap import chance
from panda_agent.evaluation.cells import ablation_of, cells_of
from panda_agent.evaluation.matrix import holm
from panda_agent.evaluation.strategies import narrowed
from panda_agent.evaluation.suite import load_suite
from panda_agent.memory.recording import Probe, RecordedTool, read_recording
from panda_agent.prompts import load_pack
from tests.evaluation.told_suite import SUITE, write_suite

EXAMPLES = Path(__file__).parents[2] / "examples" / "ablations"
HEAD = "title: T\non: ucf-crime\nreference: all\n"


def suite_of(folder, text):
    path = folder / "s.yaml"
    path.write_text(text)
    return load_suite(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a list", "wrong at the top"),
        ("title: [", "is not YAML"),
        ("title: T\nreference: all\n", "needs either `on`, or `recordings` and `truth`"),
        ("title: T\nreference: all\nrecordings: here\n", "needs either `on`"),
        (HEAD + "cells: {all: {rule: x}}\n", "wrong at cells.all.rule"),
        (HEAD + "cells: {all: {strategy: guess}}\n", "wrong at cells.all.strategy"),
        (HEAD + "cells: {all: {settings: {camera: yard}}}\n", "`camera` can't be set here"),
        (HEAD + "cells: {all: {settings: {rules: campus}}}\n", "a cell has `rules:` for it"),
        (HEAD + "first: 0\n", "wrong at first"),
        (HEAD + "cells:\n  all:\n  all:\n", "'all' comes twice"),
    ],
)
def test_what_is_wrong_with_a_suite_is_said_where_it_is(tmp_path, text, words):
    with pytest.raises(UserError) as error:
        suite_of(tmp_path, text)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cells: {other: }\n", "There is no cell 'all' to refer to"),
        ("cells: {all: , ../up: }\n", "can't be called '../up'"),
        ("cells: {all: , m3: }\nladder: true\n", "two cells 'm3'"),
    ],
)
def test_names_of_cells_are_checked(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        cells_of(suite_of(tmp_path, HEAD + text), [])


def test_axes_make_a_cell_of_each_choice(tmp_path):
    text = (
        "cells: {all: }\naxes:\n  rules: {crime: {rules: crime}, road: {rules: road}}\n"
        "  smoothing: {off: , 10s: {settings: {loop: {smooth_seconds: 10}}}}\n"
    )
    cells = cells_of(suite_of(tmp_path, HEAD + text), [])
    assert list(cells) == [
        "all",
        "rules=crime, smoothing=off",
        "rules=crime, smoothing=10s",
        "rules=road, smoothing=off",
        "rules=road, smoothing=10s",
    ]
    last = cells["rules=road, smoothing=10s"]
    assert (last.rules, last.settings) == ("road", {"loop": {"smooth_seconds": 10}})


def test_the_ladder_and_the_tools_that_ran_are_cells(tmp_path):
    suite = suite_of(tmp_path, HEAD + "cells: {all: }\nladder: true\nleave_one_tool_out: true\n")
    cells = cells_of(suite, ["observe_motion", "zoom"])
    assert list(cells) == ["all", *(f"m{i}" for i in range(7)), "without observe_motion", "without zoom"]
    assert cells["m4"].settings == {"agent": {"rung": "m4"}}
    assert cells["without zoom"].without == ("zoom",)


def test_cells_become_rows_over_the_chosen_videos(tmp_path):
    path = write_suite(tmp_path, SUITE + "first: 2\n")
    ablation = ablation_of(load_suite(path), tmp_path, None)
    assert [one.name for one in ablation.truths] == ["calm", "fight"]
    row = ablation.cells["told"]
    assert row.settings["rules"] == str(tmp_path / "stories.yaml")
    assert row.settings["agent"] == {"reflection": False, "short_memory": 0, "long_memory": 0}
    assert [task.name for task in row.source.tasks(tmp_path)] == ["calm", "fight"]


def test_a_tool_that_no_recording_holds_is_not_taken_out_in_silence(tmp_path):
    path = write_suite(tmp_path, SUITE.replace("[imported_captions, listen]", "[lisen]"))
    with pytest.raises(UserError, match="'nothing' is to do without 'lisen', which no recording holds"):
        ablation_of(load_suite(path), tmp_path, None)


@pytest.mark.parametrize("change", ["cell", "common"])
def test_recordings_are_never_said_to_be_used_in_part(tmp_path, change):
    told = {
        "cell": SUITE.replace("strict: {", "strict: {looks: 0.5, "),
        "common": SUITE.replace("common: {", "common: {looks: 0.5, "),
    }
    with pytest.raises(UserError, match="recordings are replayed whole"):
        ablation_of(load_suite(write_suite(tmp_path, told[change])), tmp_path, None)


def test_a_recording_that_was_made_anew_is_another_run(tmp_path):
    path = write_suite(tmp_path)
    before = ablation_of(load_suite(path), tmp_path, None).cells["all"].source
    recording = tmp_path / "recordings" / "calm.rec"
    recording.write_bytes((tmp_path / "recordings" / "late.rec").read_bytes())
    assert repr(ablation_of(load_suite(path), tmp_path, None).cells["all"].source) != repr(before)


def test_a_tool_that_is_taken_out_leaves_no_trace_in_the_recording(tmp_path):
    write_suite(tmp_path)
    held = read_recording(tmp_path / "recordings" / "fight.rec")
    header, probes = narrowed(held.header, held.probes.values(), ("listen",), "panda")
    assert [tool.name for tool in header.tools] == ["imported_captions"]
    assert header.without == ("listen",)
    assert {probe.tool for probe in probes} == {"imported_captions@1"}


def test_caption_only_keeps_descriptions_and_flags_and_nothing_else(tmp_path):
    write_suite(tmp_path)
    held = read_recording(tmp_path / "recordings" / "fight.rec")
    asked = RecordedTool(
        name="question_clip", version=1, about="", family="caption", stage="second look", makes={"answer": ("p",)}
    )
    header = held.header.model_copy(update={"tools": (*held.header.tools, asked)})
    odd = {"kind": "unanswered", "span": [0, 1], "statement": "No.", "data": {}}
    rest = [probe.model_copy(update={"rows": [*probe.rows, odd]}) for probe in held.probes.values()]
    header, probes = narrowed(header, [*rest, Probe(tool="question_clip@1", key="k")], (), "caption_only")
    assert [tool.name for tool in header.tools] == ["imported_captions"]
    assert {row["kind"] for probe in probes for row in probe.rows} == {"caption", "score"}
    assert "liken_told" in header.without


def test_of_a_traceback_the_last_error_is_told():
    assert _in_a_line("Traceback:\n  File x\nKeyError: 1\n\nValueError: zip\nDuring task y") == "ValueError: zip"
    assert _in_a_line("No tool is left.") == "No tool is left."


def test_the_correction_is_holms():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_draws_that_all_agree_are_no_surer_than_the_number_of_videos_allows():
    agreed = np.full(2000, 0.1)
    assert chance(agreed, 3) == 0.25
    assert chance(agreed, 100) == pytest.approx(2 / 2001)
    assert chance(np.zeros(2000), 100) == 1.0
    assert chance(np.full(2000, np.nan), 100) is None


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_suites_that_ship_can_be_worked_where_their_data_are(path):
    suite = load_suite(path)
    cells = cells_of(suite, ["observe_motion"])
    assert len(cells) > 1
    for cell in cells.values():
        if cell.rules is not None:
            assert load_pack(str(path.parent / cell.rules) if "/" in cell.rules else cell.rules).rules
    if suite.truth is not None and suite.truth.endswith(".csv"):
        with (path.parent / suite.truth).open(newline="") as file:
            assert all(set(row) == {"video", "start", "end", "class"} for row in csv.DictReader(file))
