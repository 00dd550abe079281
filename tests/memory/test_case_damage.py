import hashlib
import pickle
import random
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from panda_agent.errors import CaseNotFound, SchemaTooNew, StoreError
from panda_agent.memory.case_store import CaseStore, list_cases
from panda_agent.types import Evidence, TimeSpan


def tamper(folder: Path, query: str, *values: object) -> None:
    db = sqlite3.connect(folder / "case.db")
    with db:
        db.execute(query, values)
    db.close()


def content(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture
def folder(store, row) -> Path:
    """A closed case with 400 rows."""
    store.commit_pass("perceive", [row(f"e{i}", f"object {i} moves", start=i, track=i) for i in range(400)], {"n": 400})
    store.log("perceive", {"n": 400})
    store.close()
    return store.folder


def test_an_unknown_case_names_the_nearest(folder):
    with pytest.raises(CaseNotFound) as caught:
        CaseStore.open(folder.with_name("on"))
    assert str(caught.value) == "There is no case 'on'. Nearest: one."
    assert not folder.with_name("on").exists()


def test_a_newer_case_is_left_untouched(folder):
    tamper(folder, "UPDATE meta SET value = '3' WHERE key = 'schema_version'")
    before = content(folder)
    with pytest.raises(SchemaTooNew) as caught:
        CaseStore.open(folder)
    assert str(caught.value) == (
        "Case 'one' was written by a newer panda_agent (schema 3, this one reads 1): "
        "upgrade panda_agent; the file was left untouched."
    )
    assert content(folder) == before


@pytest.mark.parametrize("version", ["", "one", "-1", "9" * 5000])
def test_a_senseless_schema_version_is_damage(folder, version):
    tamper(folder, "UPDATE meta SET value = ? WHERE key = 'schema_version'", version)
    with pytest.raises(StoreError, match="no schema version"):
        CaseStore.open(folder)


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\x00" + b"\x00" * 5000])
def test_a_file_that_is_no_case_is_one_sentence(folder, content):
    (folder / "case.db").write_bytes(content)
    with pytest.raises(StoreError):
        CaseStore.open(folder)


def test_a_case_cut_off_before_its_first_commit_is_none(folder):
    (folder / "case.db").write_bytes(b"")
    with pytest.raises(CaseNotFound, match="was cut off before it was opened"):
        CaseStore.open(folder)
    assert [record.status for record in list_cases(folder.parents[1])] == ["unreadable"]


def test_flipped_and_cut_bytes_end_in_rows_or_in_one_sentence(folder):
    """200 seeded mutations of the file: no error of SQLite's or pydantic's comes through."""
    whole = (folder / "case.db").read_bytes()
    dice = random.Random(3)
    errors: list[str] = []
    for turn in range(200):
        blob = bytearray(whole)
        if turn % 4 == 0:
            del blob[dice.randrange(len(blob)) :]
        for _ in range(dice.randrange(1, 20)):
            blob[dice.randrange(len(blob))] ^= 1 << dice.randrange(8)
        (folder / "case.db").write_bytes(blob)
        try:
            with CaseStore.open(folder) as store:
                rows = [*store.evidence(), *store.evidence(track=7)]
                assert all(isinstance(one, Evidence) for one in rows)
                store.pass_facts("perceive")
                store.log_rows()
                store.add(rows[0])
        except StoreError as error:
            errors.append(str(error))
    assert 50 < len(errors) < 200
    assert not any("\n" in error for error in errors)


class Bomb:
    def __reduce__(self):
        return (__import__, ("antigravity_bomb",))


@pytest.mark.parametrize(
    "planted",
    [
        pickle.dumps(Bomb()),
        b"\xff\xfe\x00",
        '{"lc": 2, "type": "constructor", "id": ["antigravity_bomb", "Bomb"], "kwargs": {}}',
        '{"__class__": "antigravity_bomb.Bomb", "id": "e7"}',
        '{"py/object": "antigravity_bomb.Bomb"}',
        "[" * 100_000,
        "null",
        '"e7"',
        '{"id": "e7", "kind": "track", "span": {"start": 5, "end": 1}, "statement": "", "tool": "t@1"}',
        '{"id": "e8", "kind": "track", "span": {"start": 1, "end": 5}, "statement": "another", "tool": "t@1"}',
    ],
)
def test_a_tampered_row_is_refused_and_runs_nothing(folder, tmp_path, monkeypatch, planted):
    (tmp_path / "antigravity_bomb.py").write_text(f"open({str(tmp_path / 'went off')!r}, 'w')\nBomb = object\n")
    monkeypatch.syspath_prepend(tmp_path)
    tamper(folder, "UPDATE evidence SET body = ? WHERE id = 'e7'", planted)
    tamper(folder, "UPDATE log SET body = ?", planted)
    tamper(folder, "UPDATE passes SET facts = ?", planted if not isinstance(planted, str) else "[" * 100_000)
    tamper(folder, "INSERT INTO notes VALUES ('plan', ?)", pickle.dumps(Bomb()))
    with CaseStore.open(folder) as store:
        for read in (
            store.evidence,
            lambda: store.evidence(span=TimeSpan(start=7, end=7.5)),
            lambda: store.get("e7"),
            store.log_rows,
            lambda: store.pass_facts("perceive"),
            lambda: store.note("plan"),
        ):
            with pytest.raises(StoreError, match=r"can't be (read|used)"):
                read()
        assert store.get("e9").statement == "object 9 moves"
    assert "antigravity_bomb" not in sys.modules
    assert not (tmp_path / "went off").exists()


def test_a_copied_folder_opens_elsewhere(folder, tmp_path):
    elsewhere = tmp_path / "USB stick #2 %41?" / "copy"
    shutil.copytree(folder, elsewhere)
    shutil.rmtree(folder)
    with CaseStore.open(elsewhere) as store:
        assert store.record.case_id == "one"
        assert len(store.evidence()) == 400
        store.set_status("finished")
