import json
import subprocess
import sys
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_agent.database import from_json, to_json
from panda_agent.errors import StoreError, UserError
from panda_agent.memory.case_store import CaseRecord, CaseStore
from panda_agent.types import Judgement, Region, TimeSpan


def judgement(clip: int, round: int = 0, status: str = "normal", reason: str = "quiet") -> Judgement:
    return Judgement(
        clip=clip, span=TimeSpan(start=clip, end=clip + 5), status=status, score=0.1, reason=reason, round=round
    )


def test_a_created_case_is_committed_and_opens_again(tmp_path):
    record = CaseRecord(
        case_id="a-1", video="-weird\udcff né.mp4", path="/x/-weird\udcff né.mp4", settings={"k": [1, None]}
    )
    CaseStore.create(tmp_path / "a-1", record)  # not closed: as after a kill
    assert CaseStore.open(tmp_path / "a-1").record == record


def test_creating_a_case_loads_nothing_heavy():
    code = (
        "import sys, panda_agent.memory.case_store;"
        "print([m for m in ('numpy', 'torch', 'cv2', 'faiss', 'av', 'langgraph', 'openai') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_case_id_is_used_once(store):
    with pytest.raises(UserError, match="already") as caught:
        CaseStore.create(store.folder, CaseRecord(case_id="one", video="other.mp4"))
    assert "panda resume one" in str(caught.value)
    assert CaseStore.open(store.folder).record.video == "walk.mp4"


def test_a_case_cut_off_before_its_first_commit_can_be_created_again(tmp_path):
    folder = tmp_path / "cases" / "one"
    folder.mkdir(parents=True)
    (folder / "case.db").touch()
    CaseStore.create(folder, CaseRecord(case_id="one", video="walk.mp4")).close()
    assert CaseStore.open(folder).record.video == "walk.mp4"


def test_status_and_accepted_changes_outlive_the_process(store):
    store.set_status("paused")
    store.amend(hashes={"pack": "ab12"})
    again = CaseStore.open(store.folder).record
    assert (again.status, again.hashes, again.video) == ("paused", {"pack": "ab12"}, "walk.mp4")


def test_the_same_look_is_filed_once_and_another_answer_is_a_revision(store, row):
    first = store.add(row("e1", "a man walks", speed=1.0))
    assert store.add(row("e1", "a man walks", speed=1.0)) == first
    second = store.add(row("e1", "a man runs", speed=3.0))
    assert (first.revision, second.revision, second.cite) == (0, 1, "e1.1")
    assert store.add(row("e1", "a man runs", speed=3.0).model_copy(update={"revision": 7})) == second
    assert store.evidence() == [first, second]


def test_rows_come_back_as_they_went_in_and_in_one_order(store, row):
    rows = [
        row("e3", "b", start=1.0, kind="fall", region=Region(x0=0.1, y0=0.2, x1=0.3, y1=0.4), score=1 / 3),
        row("e2", "c\udcff 猫", start=1.0, kind="track", profile=[[0.1, 2.0], [0.2, -0.0]]),
        row("e1", "d", start=1.0, kind="track", deep={"z": 1, "a": {"list": [True, None, 2**70]}}),
        row("e0", "a", start=0.0, end=0.5),
        row("e9", "a", start=0.0, end=0.25),
    ]
    for one in rows:
        store.add(one)
    expected = sorted(rows, key=lambda r: (r.span.start, r.span.end, r.kind, r.id, r.revision))
    assert store.evidence() == expected
    assert CaseStore.open(store.folder).evidence() == expected


def test_filters_narrow_together(store, row):
    store.commit_pass(
        "perceive",
        [
            row("e1", start=0, end=2, track=7),
            row("e2", start=2, end=4, kind="merge", tracks=[7, 8]),
            row("e3", start=5, end=6, kind="fall", track=8, tool="motion@2"),
            row("e4", start=5, end=6, kind="flash", tool="motionless@1"),
        ],
        {},
    )

    def ids(**filters):
        return [one.id for one in store.evidence(**filters)]

    assert ids() == ["e1", "e2", "e3", "e4"]
    assert ids(kind="fall") == ["e3"]
    assert ids(kinds={"fall", "merge"}) == ["e2", "e3"]
    assert ids(kinds=[]) == []
    assert ids(span=TimeSpan(start=2, end=4.5)) == ["e1", "e2"]  # touching counts
    assert ids(track=7) == ["e1", "e2"]
    assert ids(track=8, kind="fall") == ["e3"]
    assert ids(tool="motion") == ["e1", "e2", "e3"]
    assert ids(tool="motion@2") == ["e3"]


def test_slices_give_the_same_rows_in_the_same_order_without_those_filed_later(store, row):
    store.commit_pass("perceive", [row(f"e{i}", start=(7 * i) % 600, kind="ab"[i % 2]) for i in range(600)], {})
    rows, some = store.evidence_slices(), store.evidence_slices({"b"})
    store.add(row("late", start=0))
    everything = [one for one in store.evidence() if one.id != "late"]
    assert list(rows) == everything
    assert list(rows) == everything, "they can be read again"
    assert list(some) == [one for one in everything if one.kind == "b"]
    assert (len(rows), len(some)) == (600, 300)
    assert (rows[3], rows[-1], rows[250:260]) == (everything[3], everything[-1], everything[250:260])
    assert rows[::-1][:2] == everything[:-3:-1]
    with pytest.raises(IndexError):
        rows[600]


def test_the_rows_of_a_long_pass_are_not_held(store, row):
    drawn = 0

    def seen():
        nonlocal drawn
        for i in range(200):
            one = row(f"e{i}")
            kept.append(ref(one))
            yield one
        drawn = sum(one() is not None for one in kept)

    kept = []
    store.commit_pass("perceive", seen(), {})
    assert drawn <= 2
    assert len(store.evidence()) == 200
    assert [path.name for path in store.folder.iterdir() if "case.db" not in path.name] == []


def test_get_finds_what_is_cited_and_nothing_else(store, row):
    store.add(row("e1", "a"))
    later = store.add(row("e1", "b"))
    dotted = store.add(row("mine.2", "an id with a dot"))
    assert store.get("e1").statement == "a"
    assert store.get("e1.1") == later
    assert store.get("mine.2") == dotted
    for made_up in (
        "",
        ".",
        "e1.",
        "e1.0",
        "e1.2",
        "e1.-1",
        "e1.9" + "9" * 40,
        "e1.²",
        "e\ud800",
        "e1\x00",
        "' OR 1 --",
        "e%",
    ):
        assert store.get(made_up) is None, made_up


def test_a_pass_is_all_there_or_not_at_all(store, row):
    def broken():
        yield row("e1")
        raise RuntimeError("the tool failed")

    with pytest.raises(RuntimeError):
        store.commit_pass("perceive", broken(), {"frames": 3})
    assert store.pass_facts("perceive") is None
    assert store.evidence() == []
    store.commit_pass("perceive", [row("e1"), row("e1"), row("e2")], {"frames": 3})
    assert store.pass_facts("perceive") == {"frames": 3}
    assert [one.id for one in store.evidence()] == ["e1", "e2"]


def test_rows_are_drawn_before_facts_are_read_and_hold_up_no_writer(store, row):
    facts = {}

    def seen():
        yield row("e1")
        with CaseStore.open(store.folder) as other:  # as another process would
            other.log("meanwhile", {})
        facts["frames"] = 3

    store.commit_pass("perceive", seen(), facts)
    assert store.pass_facts("perceive") == {"frames": 3}
    assert [line.step for line in store.log_rows()] == ["meanwhile"]


def test_a_pass_made_again_takes_the_place_of_its_own_rows_only(store, row):
    store.commit_pass("perceive", [row("e1", "old"), row("e2")], {})
    store.commit_pass("normality", [row("n1")], {"k": 5})
    looked = store.add(row("e5", "a second look"))
    before = store.generation()
    store.commit_pass("perceive", [row("e1", "new")], {"again": True})
    assert [one.statement for one in store.evidence() if one.id == "e1"] == ["new"]
    assert [one.id for one in store.evidence()] == ["e1", "e5", "n1"]
    assert store.get("e5") == looked
    assert store.generation() != before
    before = store.generation()
    store.commit_pass("perceive", [], {})
    assert store.generation() != before


def test_the_generation_stays_while_evidence_stays(store, row):
    store.add(row("e1"))
    before = store.generation()
    store.add(row("e1"))
    store.log("a", {})
    store.put_judgement(judgement(0))
    assert store.generation() == before


def test_the_latest_round_of_a_clip_stands_and_all_are_kept(store):
    rounds = [judgement(1), judgement(0), judgement(0, 1, "abnormal"), judgement(0, 0, "insufficient")]
    for one in rounds:
        store.put_judgement(one)
    assert store.judgements() == [rounds[2], rounds[0]]
    assert store.judgements(every_round=True) == [rounds[3], rounds[2], rounds[0]]


def test_notes_are_replaced_and_a_resumed_step_is_logged_once(store):
    store.put_note("plan", {"rules": ["a"]})
    store.put_note("plan", {"rules": ["b"], "n": 1.5})
    assert store.note("plan") == {"rules": ["b"], "n": 1.5}
    assert store.note("scene") is None
    store.log("perceive", {"rows": 3})
    store.log("examine:0:0", {"status": "normal"})
    store.log("perceive", {"rows": 4})
    assert [(line.step, line.data) for line in store.log_rows()] == [
        ("perceive", {"rows": 3}),
        ("examine:0:0", {"status": "normal"}),
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"score": np.float32(0.5)}, "score is a numpy.float32"),
        ({"a": {"b": [1, np.int64(2)]}}, "a.b.1 is a numpy.int64"),
        ({"boxes": np.zeros(3)}, "boxes is a numpy.ndarray"),
        ({"pair": (1, 2)}, "pair is a tuple"),
        ({"by track": {7: "x"}}, "the key 7 is no string"),
        ({"x": float("nan")}, "not JSON compliant"),
        ({"x": [float("inf")]}, "not JSON compliant"),
    ],
)
def test_what_is_no_json_is_refused_by_name_and_nothing_is_kept(store, row, value, words):
    writes = [
        lambda: store.put_note("n", value),
        lambda: store.log("s", value),
        lambda: store.commit_pass("p", [row("e1")], value),
    ]
    for write in writes:
        with pytest.raises(StoreError, match=words):
            write()
    assert (store.note("n"), store.log_rows(), store.pass_facts("p"), store.evidence()) == (None, [], None, [])


def test_numbers_slipped_past_validation_are_refused(store, row):
    for score in (np.float32(0.5), float("nan")):
        with pytest.raises(StoreError, match=r"Evidence 'e1' \(track\) can't be stored"):
            store.add(row("e1").model_copy(update={"score": score}))
    assert store.add(row("e1", x=np.float64(0.1))).data == {"x": 0.1}  # a float in all but name
    assert type(store.get("e1").data["x"]) is float


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_json_survives_storing(value):
    text = to_json(value, "it")
    assert from_json(text, "it") == value
    assert to_json(json.loads(text), "it") == text


def test_a_closed_store_says_so(tmp_path: Path):
    store = CaseStore.create(tmp_path / "a", CaseRecord(case_id="a", video="v"))
    store.close()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.evidence()
