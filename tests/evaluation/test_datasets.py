"""Data sets: those on hand are read whole and counted; of the others, files written from their description are read."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat

from panda_agent.errors import UserError
from panda_agent.evaluation.datasets import ALL, DATASETS, Counts
from panda_agent.evaluation.datasets.ucf_crime import read_original
from panda_agent.evaluation.truth import VideoTruth, intervals_of, joined
from panda_agent.evaluation.versions import code_hash


@pytest.mark.parametrize(
    ("name", "videos", "anomalous", "frames", "anomalous_frames"),
    [
        ("ucf-crime", 290, 140, 1_111_808, 88_094),
        ("shanghaitech", 107, 107, 40_791, 17_326),
        ("ped2", 12, 12, 2010, 1648),
    ],
)
def test_sets_on_hand_add_up(shared, name, videos, anomalous, frames, anomalous_frames):
    truths = DATASETS[name].load(shared / "data")
    assert len(truths) == videos
    assert sum(one.anomalous for one in truths) == anomalous
    assert sum(one.frames for one in truths) == frames
    assert sum(int(one.labels.sum()) for one in truths) == anomalous_frames


def test_pixels_of_ped2_are_anomalous_only_where_frames_are(shared):
    for one in DATASETS["ped2"].load(shared / "data"):
        marked = np.array([one.masks.picture(frame).any() for frame in range(one.frames)])
        assert (marked <= one.labels).all()
        assert {box.frame for box in one.boxes} <= set(np.flatnonzero(one.labels))


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_set_that_is_not_there_says_what_to_put_where(one, tmp_path):
    with pytest.raises(UserError, match="is not there") as error:
        one.load(tmp_path)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(UserError, match="PANDA_DATA"):
        one.load(None)


def test_another_copy_is_found_out_by_its_counts(tmp_path):
    folder = tmp_path / "ucf_crime"
    folder.mkdir()
    row = {"video": "Abuse028_x264", "n_frames": 1412, "fps": 30, "anomalous_intervals": [[165, 240]]}
    (folder / "ground_truth.json").write_text(json.dumps([row]))
    with pytest.raises(UserError, match="1 videos instead of 290, 1 anomalous videos instead of 140"):
        DATASETS["ucf-crime"].load(tmp_path)


def small(name, **counts):
    """A set of which the counts are those of a small file."""
    return replace(DATASETS[name], counts=Counts(**counts))


# Written from the description of each format (no file of these sets is on hand).


def test_ucf_crime_as_its_authors_list_it(tmp_path):
    lines = "Abuse028_x264.mp4  Abuse  165  240  -1  -1\nArson011_x264.mp4  Arson  150  420  680  1267\n"
    (tmp_path / "Temporal_Anomaly_Annotation.txt").write_text(
        lines + "Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1\n"
    )
    (tmp_path / "frames.csv").write_text(
        "name,frames\nAbuse028_x264,1412\nArson011_x264,1267\nNormal_Videos_003_x264,90\n"
    )
    path = tmp_path / "Temporal_Anomaly_Annotation.txt"
    truths = read_original(path)
    assert [(one.name, one.kind, one.intervals) for one in truths] == [
        ("Abuse028_x264", "Abuse", ((165, 240),)),
        ("Arson011_x264", "Arson", ((150, 420), (680, 1267))),
        ("Normal_Videos_003_x264", None, ()),
    ]
    assert read_original(path, end_inclusive=True)[0].intervals == ((165, 241),)


def test_shanghaitech_of_weak_supervision(tmp_path):
    folder = tmp_path / "shanghaitech"
    (folder / "testing" / "test_frame_mask").mkdir(parents=True)
    np.save(folder / "testing" / "test_frame_mask" / "01_0014.npy", np.array([0, 1, 1, 0]))
    (folder / "weak_test.txt").write_text("01_0014,1\n01_001.avi\n")
    (folder / "frames.csv").write_text("01_001,7,24\n")
    truths = small("shanghaitech-weak", videos=2).load(tmp_path)
    assert [(one.name, one.frames, one.intervals) for one in truths] == [("01_0014", 4, ((1, 3),)), ("01_001", 7, ())]


def test_avenue_reads_a_row_of_masks(tmp_path):
    folder = tmp_path / "avenue" / "testing_label_mask"
    folder.mkdir(parents=True)
    for number in (10, 2):
        cells = np.empty((1, 4), object)
        for i in range(4):
            cells[0, i] = np.zeros((6, 8), np.uint8)
        cells[0, 2][1:3, 2:4] = 1
        savemat(folder / f"{number}_label.mat", {"volLabel": cells})
    truths = small("avenue", videos=2).load(tmp_path)
    assert [one.name for one in truths] == ["02", "10"]
    assert truths[0].intervals == ((2, 3),)
    assert truths[0].masks.picture(2)[1:3, 2:4].all()
    assert truths[0].masks.picture(2).sum() == 4


def test_a_file_that_is_no_mat_is_a_clear_error(tmp_path):
    folder = tmp_path / "avenue" / "testing_label_mask"
    folder.mkdir(parents=True)
    (folder / "1_label.mat").write_bytes(b"no matlab file at all" * 20)
    with pytest.raises(UserError, match="volLabel"):
        DATASETS["avenue"].load(tmp_path)


def test_ubnormal_joins_tracks_and_counts_their_last_frame_in(tmp_path):
    folder = tmp_path / "ubnormal"
    abnormal = "abnormal_scene_1_scenario_2"
    (folder / "Scene1" / f"{abnormal}_annotations").mkdir(parents=True)
    (folder / "Scene1" / f"{abnormal}_annotations" / f"{abnormal}_tracks.txt").write_text("3,10,19\n5,15,29\n")
    (folder / "abnormal_test_video_names.txt").write_text(f"{abnormal}\n")
    (folder / "normal_test_video_names.txt").write_text("normal_scene_1_scenario_1\n")
    (folder / "frames.csv").write_text(f"{abnormal},25\nnormal_scene_1_scenario_1,40\n")
    truths = small("ubnormal", videos=2, anomalous=1).load(tmp_path)
    assert [(one.name, one.intervals) for one in truths] == [("normal_scene_1_scenario_1", ()), (abnormal, ((10, 25),))]


def test_xd_violence_knows_normal_videos_by_their_absence(tmp_path):
    folder = tmp_path / "xd_violence"
    folder.mkdir()
    (folder / "annotations.txt").write_text("v=a__#1_label_B1-G-0 10 20 30 40 -1 -1\nBad.Boys__#0_label_B2-0-0 5 9\n")
    rows = "v=a__#1_label_B1-G-0,100\nBad.Boys__#0_label_B2-0-0,50\ncalm_label_A,70\n"
    (folder / "frames.csv").write_text(rows)
    truths = small("xd-violence", videos=3).load(tmp_path)
    assert [(one.kind, one.intervals) for one in truths] == [
        ("fighting, explosion", ((10, 20), (30, 40))),
        ("shooting", ((5, 9),)),
        (None, ()),
    ]


def test_lagovad_spans_are_shares_of_the_length(tmp_path):
    folder = tmp_path / "msad"
    folder.mkdir()
    rows = [
        {"path": "x", "video_path": "MSAD/Assault_1.mp4", "class_name": "Assault", "anomaly_span": [[0.25, 0.5]]},
        {
            "path": "y",
            "video_path": "MSAD/MSAD_normal_1.mp4",
            "class_name": "Normal",
            "descriptions": [],
            "anomaly_span": [],
        },
    ]
    (folder / "msad_test.json").write_text(json.dumps(rows))
    (folder / "frames.csv").write_text("name,frames,fps\nAssault_1,200,25\nMSAD_normal_1,100,30\n")
    truths = small("msad", videos=2).load(tmp_path)
    assert [(one.kind, one.fps, one.intervals) for one in truths] == [("Assault", 25.0, ((50, 100),)), (None, 30.0, ())]


def test_truth_is_checked():
    with pytest.raises(UserError, match="frames 5 to 12 of 10"):
        VideoTruth("a", 10, 1.0, ((5, 12),))
    with pytest.raises(UserError, match="frames 2 to 4"):
        VideoTruth("a", 10, 1.0, ((0, 3), (2, 4)))


def test_intervals_and_labels_are_each_other():
    labels = [1, 1, 0, 0, 1, 0, 1]
    assert intervals_of(labels) == ((0, 2), (4, 5), (6, 7))
    assert VideoTruth("a", 7, 1.0, intervals_of(labels)).labels.astype(int).tolist() == labels
    assert joined([(3, 5), (0, 2), (1, 3), (8, 99)], 10) == ((0, 5), (8, 10))


def test_the_code_has_one_hash():
    assert code_hash() == code_hash()
