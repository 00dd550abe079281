"""Baselines on real observations print the figures that are known of them; none of them looks where it may not."""

import numpy as np
import pytest

from panda_agent.evaluation.baselines import baselines, position_prior
from panda_agent.evaluation.metrics.frames import frame_metrics
from panda_agent.evaluation.observed import WORDS, of_captions, of_recording
from panda_agent.evaluation.result import Observed
from panda_agent.evaluation.rows import row_of
from panda_agent.evaluation.smoothing import ema, gaussian, held, late
from panda_agent.importers import Captioned, SecondRow, as_recording
from panda_agent.memory.recording import read_recording, write_recording
from tests.evaluation.made import truth

TEXTS = ("A man rides a bicycle.", "People walk.", "Two men are fighting.", "A scarf hangs there.")


@pytest.fixture(scope="module")
def ucf(shared):
    row = row_of("ucf-crime")
    data = shared / "data"
    told = {task.name: of_captions(task.captioned, task.fps) for task in row.source.tasks(data)}
    truths = row.dataset.load(data)
    return truths, [told[one.name] for one in truths]


def figures(ucf, online, *names):
    truths, raws = ucf
    made = {one.name: one for one in baselines(truths, raws, sigma=5.0, online=online)}
    found = [frame_metrics(made[name].scored) for name in names]
    return [(round(100 * one["micro_auc"], 2), round(100 * one["within_video_auc"], 1)) for one in found]


def test_known_figures_of_ucf_crime(ucf):
    assert figures(ucf, False, "raw", "ema", "gaussian", "every_3rd") == [
        (74.38, 63.0),
        (83.29, 65.3),
        (83.60, 67.4),
        (83.41, 66.4),
    ]


def test_known_figures_one_second_late(ucf):
    assert figures(ucf, True, "ema") == [(82.84, 64.1)]


def test_constants_and_the_oracle_say_nothing_of_when(ucf):
    assert figures(ucf, False, "constant", "oracle") == [(80.10, 50.0), (81.69, 50.0)]


def test_online_baselines_do_not_change_when_the_future_does():
    one = truth("a", 20)
    values = np.random.default_rng(3).random(20)
    changed = np.concatenate([values[:10], 1 - values[10:]])
    for name in ("raw", "ema", "every_3rd"):
        before, after = (
            next(
                b
                for b in baselines([one], [Observed(rate=1.0, values=tuple(v))], sigma=5.0, online=True)
                if b.name == name
            )
            for v in (values, changed)
        )
        assert np.array_equal(before.scored[0].scores[:11], after.scored[0].scores[:11])
        assert not np.array_equal(before.scored[0].scores[11:], after.scored[0].scores[11:])


def test_the_position_prior_of_a_video_does_not_know_its_own_label():
    others = [truth("b", 100, intervals=[(50, 60)]), truth("c", 100, intervals=[(50, 60)])]
    with_one = position_prior([truth("a", 100, intervals=[(0, 10)]), *others])[0].scores
    without = position_prior([truth("a", 100), *others])[0].scores
    assert np.array_equal(with_one, without)
    assert with_one[55] == 1.0
    assert with_one[5] == 0.0


def test_without_answers_only_what_needs_none_is_made():
    assert [one.name for one in baselines([truth("a")], [None], sigma=5.0, online=False)] == ["position", "oracle"]


def test_smoothing_by_hand():
    values = np.array([1.0, 0.0, 0.0, 1.0])
    assert ema(values, 0.5).tolist() == [1.0, 0.5, 0.25, 0.625]
    assert held(values, 3).tolist() == [1.0, 1.0, 1.0, 1.0]
    assert late(values, 1).tolist() == [0.0, 1.0, 0.0, 0.0]
    assert gaussian(np.full(3, 0.7), 5.0) == pytest.approx(np.full(3, 0.7))
    assert len(gaussian(values, 5.0)) == 4


def test_answers_are_held_to_the_middle_of_frames():
    raw = Observed(rate=1.0, values=(0.0, 1.0))
    assert raw.at(truth("a", 5, fps=2.0)).tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]


def test_a_recording_of_captions_has_the_same_raw_answers_as_the_captions(tmp_path):
    rows = [SecondRow(video="a", second=i, text="A car.", flag=float(i == 2)) for i in range(4)]
    plain = [row.model_copy(update={"flag": None, "text": text}) for row, text in zip(rows, TEXTS, strict=True)]
    for told, values in ((rows, (0, 0, 1, 0)), (plain, (1, 0, 1, 0))):
        captioned = Captioned(video="a", rows=tuple(told))
        write_recording(tmp_path / "a.rec", *as_recording(captioned, None, "made"))
        again = of_recording(read_recording(tmp_path / "a.rec"))
        assert again.values == of_captions(captioned, None).values == values


def test_the_short_list_reads_words_not_letters():
    assert [bool(WORDS.search(text)) for text in TEXTS] == [True, False, True, False]
    assert not WORDS.search("a carpet, a brunch, a person walking")
