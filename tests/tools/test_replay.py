"""Recordings: what was seen once is worked again without the video, and what was not seen is a miss."""

from __future__ import annotations

import gzip
import json

import pytest

from panda_agent import Investigator
from panda_agent.errors import NotRecorded, StoreError, UserError
from panda_agent.importers import as_recording, read_captions
from panda_agent.memory.recording import read_recording, write_recording
from panda_agent.recorder import Recorder
from panda_agent.settings import Settings
from panda_agent.tools.base import Scope, ToolInput
from panda_agent.tools.replay import Replayed
from panda_agent.types import TimeSpan

RATE = 10


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, film):
    """A case that was recorded: its verdict, and the file."""
    home = tmp_path_factory.mktemp("recorded")
    recorder = Recorder()
    investigator = Investigator(Settings(home=home), keep=recorder.keep)
    verdict = investigator.investigate(film, case_id="live")
    path = home / "case.rec"
    recorder.write(investigator.desk.case("live"), path)
    return verdict, path


def test_a_replay_gives_the_same_verdict_to_the_byte(recorded, tmp_path):
    verdict, path = recorded
    again = Investigator(Settings(home=tmp_path)).investigate(recording=path)
    assert again.model_dump_json() == verdict.model_dump_json()


def test_other_rules_are_tried_on_the_same_observations(recorded, tmp_path):
    _, path = recorded
    settings = Settings(home=tmp_path, rules="home", loop={"threshold": 0.6})
    verdict = Investigator(settings).investigate(recording=path)
    assert verdict.provenance["rules"]["pack"] == "home"
    assert not any("not in the recording" in warning for warning in verdict.warnings)


def test_what_was_not_recorded_is_a_miss_and_counted(recorded, tmp_path):
    _, path = recorded
    settings = Settings(home=tmp_path, perception={"max_side": 200})
    verdict = Investigator(settings).investigate(recording=path)
    assert verdict.label == "inconclusive"
    assert any("The recording holds no look of observe_motion@1 at the whole video" in w for w in verdict.warnings)
    with pytest.raises(UserError, match="holds no look of observe_motion@1"):
        Investigator(settings).investigate(recording=path, on_miss="fail")


def test_a_miss_can_be_looked_at_live(recorded, tmp_path, film):
    verdict, path = recorded
    settings = Settings(home=tmp_path, perception={"max_side": 200})
    live = Investigator(settings).investigate(film, recording=path, on_miss="live")
    assert live.label == verdict.label


def test_the_recording_of_another_video_is_refused(recorded, tmp_path, other_film):
    with pytest.raises(UserError, match="made of another video"):
        Investigator(Settings(home=tmp_path)).investigate(other_film, recording=recorded[1], on_miss="live")


def test_a_case_goes_on_only_with_its_own_recording(recorded, tmp_path):
    path = tmp_path / "mine.rec"
    path.write_bytes(recorded[1].read_bytes())
    inv = Investigator(Settings(home=tmp_path))
    case_id = inv.open(recording=path)
    inv.desk.close(case_id)
    found = read_recording(path)
    write_recording(path, found.header.model_copy(update={"video": "other"}), found.probes.values())
    with pytest.raises(UserError, match="The recording changed since case"):
        inv.desk.case(case_id)


def test_a_look_at_a_place_that_was_not_looked_at(recorded, tmp_path):
    recording = read_recording(recorded[1])
    tool = Replayed(recording.header.tools[0], recording, "undecided")
    scope = Scope(None, Settings(), tmp_path, span=TimeSpan(start=1, end=2), input=ToolInput())
    with pytest.raises(NotRecorded, match=r"at 0:01\.0–0:02\.0"):
        list(tool.run(scope))


@pytest.mark.parametrize("harm", ["cut", "flip", "text", "newer", "empty", "row"])
def test_a_damaged_recording_is_one_sentence(recorded, tmp_path, harm):
    whole = recorded[1].read_bytes()
    lines = gzip.decompress(whole).decode().splitlines()
    row = json.loads(lines[1]) | {"rows": [{"kind": "x", "span": [2, 1], "statement": "s", "data": {}}]}
    broken = {
        "cut": whole[: len(whole) // 2],
        "flip": whole[:200] + bytes([whole[200] ^ 255]) + whole[201:],
        "text": b"no recording",
        "newer": gzip.compress(lines[0].replace('"version":1,"video"', '"version":9,"video"').encode()),
        "empty": b"",
        "row": gzip.compress(f"{lines[0]}\n{json.dumps(row)}\n".encode()),
    }[harm]
    path = tmp_path / "broken.rec"
    path.write_bytes(broken)
    with pytest.raises((UserError, StoreError), match=r"damaged|no recording|newer"):
        read_recording(path)


def test_captions_of_others_become_evidence(tmp_path):
    file = tmp_path / "captions.jsonl"
    told = ["People walk."] * 20 + ["Two men are fighting."] * 50 + ["People walk."] * 20
    rows = [{"video": "v 1", "frame": i, "label": 1, "description": text} for i, text in enumerate(told)]
    file.write_text("\n".join(map(json.dumps, rows)))
    (captioned,) = read_captions(file, RATE)
    path = tmp_path / "v.rec"
    write_recording(path, *as_recording(captioned, RATE, file.name))
    verdict = Investigator(Settings(home=tmp_path)).investigate(recording=path)
    assert (verdict.label, verdict.event_type) == ("anomalous", "fight")
    assert verdict.spans[0].start == pytest.approx(2.0, abs=0.2)
    assert {row.family.partition("/")[0] for row in verdict.evidence_rows} == {"caption"}
    assert verdict.confidence <= Settings().loop.one_source_cap
    assert not any("label" in row.data for row in verdict.evidence_rows)


def test_answers_by_the_second_keep_the_models_own_flags(tmp_path):
    file = tmp_path / "answers.jsonl"
    rows = [{"video": "v", "second": i, "flag": i % 2, "text": "A street."} for i in range(4)]
    file.write_text("\n".join(map(json.dumps, rows)))
    (captioned,) = read_captions(file, None)
    _, (probe, as_it_comes) = as_recording(captioned, None, file.name)
    score = probe.rows[-1]
    assert [row.get("known_at") for row in as_it_comes.rows if row["kind"] == "score"] == [1.0, 2.0, 3.0, 4.0]
    assert all(row.get("known_at") is None for row in probe.rows)
    assert score["kind"] == "score"
    assert score["data"]["profile"][:4] == [[0.0, 0.0], [0.999, 0.0], [1.0, 1.0], [1.999, 1.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "Line 1 of c.jsonl is no caption"),
        ('{"video": "v", "frame": 0, "description": "x"}\nnonsense', "Line 2 of c.jsonl is no caption"),
        ("", "holds no captions"),
    ],
)
def test_a_file_that_is_no_captions_is_refused(tmp_path, text, message):
    file = tmp_path / "c.jsonl"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        read_captions(file, RATE)


def test_frames_need_a_rate(tmp_path):
    file = tmp_path / "c.jsonl"
    file.write_text('{"video": "v", "frame": 0, "description": "x"}')
    with pytest.raises(UserError, match="needs --fps"):
        read_captions(file, None)
